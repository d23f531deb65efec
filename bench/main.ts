// Measures what a hit, a miss and a write cost, side by side with the alternatives. README.md in
// this folder says how to run it and how to read the results.
//   npm run bench                      measures everything, and writes results.md and results.svg
//   npm run bench -- update count      measures only the parts whose names contain these words
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import Aerospike from 'aerospike'
import type { PrismaClient } from '../generated/postgresql/client/client.js'
import { blogMix } from './blog-mix.js'
import { growth } from './growth.js'
import { type Call, latencies, type Rounds, throughputs } from './measure.js'
import { type Bars, chart, markdown, ratio, rounded, type Table } from './report.js'
import { startServers } from './servers.js'
import { CONSTANT, connectTo, NO_CACHE, REDIS, type Subject, subjectsOf } from './subjects.js'

const USERS = 200
/**
 * Columns of the tests' schema. They include the types that JSON lacks: bigint, decimal and date.
 */
const ELEVEN_COLUMNS = {
  id: true,
  string: true,
  boolean: true,
  int: true,
  bigint: true,
  float: true,
  decimal: true,
  date: true,
  json: true,
  role: true,
  uuid: true,
} as const

const oneAtATime: Rounds = { rounds: 5, duration: 400 }
const concurrent: Rounds = { rounds: 3, duration: 500 }
/** Used where each call consists of a thousand reads. */
const fewCalls: Rounds = { rounds: 3, duration: 0, least: 3 }

type Ask = (client: PrismaClient, n: number) => PromiseLike<unknown>

const userOf = (n: number) => (n % USERS) + 1

const reads: Readonly<Record<string, Ask>> = {
  'findUnique by id': (client, n) => client.user.findUnique({ where: { id: userOf(n) } }),
  'findUnique with include': (client, n) =>
    client.user.findUnique({
      where: { id: userOf(n) },
      include: { profile: true, posts: { include: { tags: true } } },
    }),
  'findMany, 50 rows of 11 columns': (client, n) =>
    client.everything.findMany({
      where: { int: n % 10 },
      select: ELEVEN_COLUMNS,
      orderBy: { id: 'asc' },
      take: 50,
    }),
  count: (client, n) => client.post.count({ where: { authorId: userOf(n) } }),
}

const write: Ask = (client, n) =>
  client.user.update({ where: { id: userOf(n) }, data: { score: { increment: 1 } } })

const servers = await startServers()
const url = await servers.database(join(import.meta.dirname, '../prisma/postgresql/migrations'))
const connect = connectTo(url)
const subjects = await subjectsOf(servers, connect)
const [plain] = subjects as [Subject]
await fill(plain.client)
const constant = plain.client.$extends({
  query: { $allOperations: async () => ({ id: 1, email: 'ada@example.org', name: 'Ada' }) },
})
const { hosts, namespace } = servers.aerospike
const raw = await Aerospike.connect({
  hosts,
  maxConnsPerNode: 300,
  log: { level: Aerospike.log.OFF },
})

const tables: Table[] = []
const charts: Bars[] = []
const parts: Readonly<Record<string, () => Promise<void>>> = {
  ...Object.fromEntries(
    Object.entries(reads).map(([name, ask]) => [name, () => compareReads(name, ask)]),
  ),
  'cold key': compareColdKey,
  update: compareWrites,
  blog: async () => add(await blogMix(servers)),
  growth: async () => (await growth(servers, connect, url)).forEach(add),
}
const wanted = process.argv.slice(2)
for (const [name, measure] of Object.entries(parts)) {
  if (wanted.length === 0 || wanted.some((word) => name.includes(word))) await measure()
}
if (wanted.length === 0) await report()

await Promise.all(subjects.map(({ close }) => close()))
raw.close()
await servers.stop()

async function compareReads(name: string, ask: Ask): Promise<void> {
  const calls = callsOf(ask)
  calls.set(CONSTANT, (n) => ask(constant as unknown as PrismaClient, n))
  calls.set('the raw batch read of entry and tags, JSON.parse', await rawRead(ask))
  const latency = await latencies(calls, oneAtATime)
  const at32 = await throughputs(calls, 32, concurrent)
  const at256 = await throughputs(calls, 256, concurrent)
  const base = latency.get(NO_CACHE)?.p50 as number
  add({
    title: name,
    columns: [
      '',
      'p50 us',
      'relative to no cache',
      'p99 us',
      'calls/s, 32 concurrent',
      'calls/s, 256 concurrent',
      'CPU us per call',
    ],
    rows: Array.from(calls.keys(), (subject) => {
      const [time, some, lots] = [latency.get(subject), at32.get(subject), at256.get(subject)]
      if (!time || !some || !lots) throw new Error(subject)
      return [
        subject,
        rounded(time.p50),
        ratio(time.p50, base),
        rounded(time.p99),
        rounded(some.rate),
        rounded(lots.rate),
        rounded(some.cpu),
      ]
    }),
  })
  charts.push({
    title: `${name}: calls per second, 32 concurrent`,
    bars: subjects.map(({ name }) => ({ name, value: at32.get(name)?.rate ?? 0 })),
  })
}

/**
 * The lower bound for a hit in Aerospike: reads the records of a hit with the client that the store
 * uses, and decodes the value with JSON.parse.
 */
async function rawRead(ask: Ask): Promise<Call> {
  const answer = JSON.stringify(await ask(plain.client, 0), (_, value) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  const keys = ['entry', 'one', 'other'].map(
    (key) => new Aerospike.Key(namespace, 'bench-raw', key),
  )
  const patient = new Aerospike.BatchPolicy({ totalTimeout: 30_000, socketTimeout: 30_000 })
  const [entry, ...tags] = keys as [Aerospike.Key, Aerospike.Key, Aerospike.Key]
  await raw.put(entry as never, {
    v: Buffer.from(answer),
    d: 'x'.repeat(66),
    f: Date.now(),
    u: Date.now(),
  })
  for (const tag of tags) await raw.put(tag as never, { v: { v: 'x'.repeat(11) }, p: {} })
  return async () => {
    const [record] = await raw.batchRead(
      keys.map((key) => ({ key, readAllBins: true })),
      patient,
    )
    return JSON.parse(String(record?.record.bins.v))
  }
}

/** Starts many equal reads at once, of a key that is not in the cache. */
async function compareColdKey(): Promise<void> {
  const READERS = 1_000
  const calls = new Map(
    Array.from(
      callsOf((client, n) => client.post.findMany({ where: { authorId: 1, views: { gt: -n } } })),
    ).map(
      ([name, call]) =>
        [name, (n: number) => Promise.all(Array.from({ length: READERS }, () => call(n)))] as const,
    ),
  )
  const times = await latencies(calls, fewCalls)
  const base = times.get(NO_CACHE)?.p50 as number
  add({
    title: `A cold key under ${READERS.toLocaleString('en-US')} concurrent readers`,
    columns: ['', 'ms until all are answered', 'relative to no cache'],
    rows: Array.from(times, ([name, { p50 }]) => [name, rounded(p50 / 1000), ratio(p50, base)]),
  })
}

async function compareWrites(): Promise<void> {
  const calls = callsOf(write)
  const latency = await latencies(calls, oneAtATime)
  const rates = await throughputs(calls, 32, concurrent)
  const base = latency.get(NO_CACHE)?.p50 as number
  add({
    title: 'An update by id',
    columns: [
      '',
      'p50 us',
      'relative to no cache',
      'p99 us',
      'calls/s, 32 concurrent',
      'CPU us per call',
    ],
    rows: Array.from(latency, ([name, { p50, p99 }]) => {
      const { rate = 0, cpu = 0 } = rates.get(name) ?? {}
      return [name, rounded(p50), ratio(p50, base), rounded(p99), rounded(rate), rounded(cpu)]
    }),
  })
}

function callsOf(ask: Ask): Map<string, Call> {
  return new Map(subjects.map(({ name, client }) => [name, (n: number) => ask(client, n)] as const))
}

function add(table: Table): void {
  const isOfSubjects = table.rows[0]?.[0] === NO_CACHE
  const lacksRedis = isOfSubjects && !table.rows.some(([name]) => name === REDIS)
  const rows = lacksRedis ? [...table.rows, [REDIS, 'not run']] : table.rows
  tables.push({ ...table, rows })
  console.log(markdown({ ...table, rows }))
}

async function fill(client: PrismaClient): Promise<void> {
  const rows = <T>(count: number, row: (n: number) => T) =>
    Array.from({ length: count }, (_, n) => row(n + 1))
  await client.user.createMany({
    data: rows(USERS, (n) => ({ email: `u${n}@example.org`, name: `User ${n}`, handle: `u${n}` })),
  })
  await client.profile.createMany({ data: rows(USERS, (n) => ({ bio: 'About me', userId: n })) })
  await client.tag.createMany({ data: rows(20, (n) => ({ name: `tag${n}` })) })
  await client.post.createMany({
    data: rows(USERS * 5, (n) => ({ title: `Post ${n}`, views: n, authorId: userOf(n) })),
  })
  for (const n of rows(20, (n) => n)) {
    const posts = rows(50, (at) => ({ id: ((n * 50 + at) % (USERS * 5)) + 1 }))
    await client.tag.update({ where: { id: n }, data: { posts: { connect: posts } } })
  }
  await client.everything.createMany({
    data: rows(5_000, (n) => ({
      string: `A text of some length, number ${n}`,
      boolean: n % 2 === 0,
      int: n % 10,
      bigint: 10n ** 15n + BigInt(n),
      float: n / 7,
      decimal: `${n}.25`,
      date: new Date(1_700_000_000_000 + n * 1000),
      json: { tags: ['one', 'two'], n },
      role: 'MEMBER' as const,
      uuid: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    })),
  })
}

async function report(): Promise<void> {
  const { kind, build } = servers.aerospike
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const about = [
    '# Benchmark results',
    '',
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}, Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), all servers on the same machine.`,
    `Aerospike: ${kind === 'emulator' ? 'the emulator of this package, so the figures say nothing about a real server' : `a real server, ${build}`}.`,
    'Each figure is the median of several rounds in alternating order. Ratios say more than absolute figures, because the machine is small and the client shares it with the servers. [README.md](README.md) explains the columns.',
    '',
  ]
  const text = [...about, ...tables.map(markdown)].join('\n')
  await writeFile(new URL('results.md', import.meta.url), text)
  await writeFile(
    new URL('results.svg', import.meta.url),
    chart('Reads per second, 32 concurrent, one process (more is better)', charts),
  )
}
