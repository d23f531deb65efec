// Measures how costs grow with the rows of a result, the dependencies of an entry, the entries of a
// store, and the number of processes.
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { aerospike, cacheAside, memory } from 'prisma-extension-cache-aside'
import type { PrismaClient } from '../generated/postgresql/client/client.js'
import { type Call, latencies } from './measure.js'
import { rounded, type Table } from './report.js'
import type { Servers } from './servers.js'

const NO_CACHE = 'no cache, us'
const MEMORY = 'memory(), us'
const AEROSPIKE = 'aerospike(), us'

export async function growth(
  servers: Servers,
  connect: () => PrismaClient,
  url: string,
): Promise<Table[]> {
  const { hosts, namespace } = servers.aerospike
  const clients = new Map<string, PrismaClient>([[NO_CACHE, connect()]])
  const stores = {
    [MEMORY]: memory({ maxEntries: 1_000_000, maxBytes: 2 ** 31 }),
    [AEROSPIKE]: aerospike({ hosts, namespace, set: `growth-${randomUUID().slice(0, 8)}` }),
  }
  for (const [name, store] of Object.entries(stores)) {
    const cached = connect().$extends(cacheAside({ store, ttl: '1h' }))
    clients.set(name, cached as unknown as PrismaClient)
  }
  const byRows = await curve(clients, 'Rows of a result', [1, 10, 100, 1_000, 5_000], (rows) => {
    return (client) => client.everything.findMany({ take: rows, orderBy: { id: 'asc' } })
  })
  // Each of these posts has a different author, and the entry depends on the row of each author.
  const author = { select: { id: true } }
  const byTags = await curve(clients, 'Dependencies of an entry', [1, 5, 15, 30, 60], (count) => {
    return (client) =>
      client.post.findMany({ take: count, orderBy: { id: 'asc' }, select: { author } })
  })
  const tables = [byRows, byTags, await byEntries(connect), await byProcesses(servers, url)]
  for (const client of clients.values()) await client.$disconnect()
  return tables
}

async function curve(
  clients: ReadonlyMap<string, PrismaClient>,
  title: string,
  sizes: readonly number[],
  askFor: (size: number) => (client: PrismaClient) => PromiseLike<unknown>,
): Promise<Table> {
  const rows: string[][] = []
  for (const size of sizes) {
    const ask = askFor(size)
    const calls = new Map<string, Call>(
      Array.from(clients, ([name, client]) => [name, () => ask(client)] as const),
    )
    const times = await latencies(calls, { rounds: 3, duration: 300 })
    rows.push([
      size.toLocaleString('en-US'),
      ...Array.from(times.values(), ({ p50 }) => rounded(p50)),
    ])
  }
  return { title, columns: ['', ...clients.keys()], rows }
}

/** Measures what a hit costs with many entries in memory(), and how much memory an entry takes. */
async function byEntries(connect: () => PrismaClient): Promise<Table> {
  const rows: string[][] = []
  for (const count of [1_000, 10_000, 100_000, 1_000_000]) {
    const store = memory({ maxEntries: 1_100_000, maxBytes: 2 ** 32 })
    const cached = connect().$extends(cacheAside({ store, ttl: '1h' }))
    await cached.user.findUnique({ where: { id: 1 } })
    const before = await settledMemory()
    for (let n = 1; n < count; n += 1) {
      const key = `key-${n}-${'x'.repeat(34)}`.slice(0, 43)
      await store.fill(
        key as never,
        {
          value: Buffer.alloc(200),
          dependencies: new Map([[`tag-${n}`.padEnd(22, 'x'), 'v'.repeat(11)]]) as never,
          filledAt: Date.now(),
          freshUntil: Date.now() + 3_600_000,
        },
        0 as never,
        3_600_000,
      )
    }
    const taken = (await settledMemory()) - before
    const hit = () => cached.user.findUnique({ where: { id: 1 } })
    const times = await latencies(new Map([['hit', hit]]), { rounds: 3, duration: 300 })
    rows.push([
      count.toLocaleString('en-US'),
      rounded(times.get('hit')?.p50 ?? Number.NaN),
      globalThis.gc === undefined ? 'not measured' : rounded(taken / count),
    ])
    await cached.$disconnect()
  }
  return {
    title: 'Entries in memory() (values of 200 bytes)',
    columns: ['', 'a hit on findUnique, us', 'bytes of memory for an entry'],
    rows,
  }
}

/** Returns the memory in use after garbage collection, repeated so that finalizers have run too. */
async function settledMemory(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/**
 * Measures the hits per second of several processes. Each has its own client and 32 reads in
 * flight.
 */
async function byProcesses(servers: Servers, url: string): Promise<Table> {
  const { hosts, namespace } = servers.aerospike
  const rows: string[][] = []
  for (const count of [1, 2, 4]) {
    const children = Array.from({ length: count }, () =>
      fork(new URL('reader.ts', import.meta.url), [url, hosts, namespace], { stdio: 'inherit' }),
    )
    await Promise.all(children.map((child) => once(child, 'message')))
    for (const child of children) child.send('go')
    const rates = await Promise.all(
      children.map(async (child) => (await once(child, 'message'))[0]),
    )
    rows.push([String(count), rounded(rates.reduce((sum, rate) => sum + Number(rate), 0))])
  }
  return {
    title: 'Processes that read through one Aerospike, on this machine',
    columns: ['', 'hits on findUnique per second, all processes together'],
    rows,
  }
}
