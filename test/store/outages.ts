import type { PrismaClient } from '../../generated/sqlite/client/client.js'
import { aerospike, cacheAside } from '../../src/index.js'
import type { startOwnServer } from '../testing/server.js'

/** The time-out of the store, in milliseconds. */
export const TIMEOUT = 100
const ROWS = 8
const WORKERS = 64
/** Hits that show that a process has all of the few rows in the cache. */
const MANY = 200
/** How long an event may take on a machine that does other things, too. */
const LIMIT = 120_000

export interface Figures {
  readonly reads: number
  readonly writes: number
  /** The errors of reads and writes. */
  readonly errors: readonly unknown[]
  /** The reads that answered with less than what had been acknowledged before they began. */
  readonly stale: number
  /** How long a read or write took at most, in milliseconds. */
  readonly slowest: number
  /** How long caching took to come back after each outage, in milliseconds. */
  readonly back: Readonly<Record<string, number>>
}

type Server = Awaited<ReturnType<typeof startOwnServer>>

/**
 * Has 64 readers and writers in what stands for two processes go through each kind of outage: every
 * row is in the cache before it, and is written during it.
 *
 * @throws if a worker waits until the outage is over, or caching does not come back.
 */
export async function goThroughOutages(
  server: Server,
  connect: () => PrismaClient,
): Promise<Figures> {
  const progress = createProgress()
  const processes = [createProcess(), createProcess()] as const
  const { prisma } = processes[0]
  await prisma.team.createMany({
    data: Array.from({ length: ROWS }, (_, n) => ({ id: n + 10, name: '0' })),
  })

  /** The newest value of each row whose write was acknowledged with the store reachable. */
  const acknowledged = new Map<number, number>()
  const written = new Map<number, number>()
  const locks = new Map<number, Promise<unknown>>()
  const figures = { reads: 0, writes: 0, stale: 0, slowest: 0, errors: [] as unknown[] }
  /** The reads and writes that each worker has ended. */
  const ended: number[] = Array.from({ length: WORKERS }, () => 0)
  let writing = 0
  let isOver = false
  let isWriting = true

  /** It shares nothing with another but the servers. */
  function createProcess() {
    const store = aerospike({ hosts: server.hosts, timeout: `${TIMEOUT}ms` })
    const prisma = connect().$extends(cacheAside({ store }))
    const seen = { hits: 0, settleErrors: 0 }
    prisma.$cache.on('hit', () => {
      seen.hits += 1
      progress.report()
    })
    prisma.$cache.on('error', ({ during }) => {
      if (during === 'invalidate' || during === 'announce') seen.settleErrors += 1
    })
    return { prisma, seen, own: new Map<number, number>() }
  }
  type Process = ReturnType<typeof createProcess>

  async function timed<T>(run: () => Promise<T>): Promise<T | undefined> {
    const started = performance.now()
    try {
      return await run()
    } catch (error) {
      figures.errors.push(error)
      return undefined
    } finally {
      figures.slowest = Math.max(figures.slowest, performance.now() - started)
    }
  }

  async function read({ prisma, own }: Process, id: number) {
    const atLeast = Math.max(acknowledged.get(id) ?? 0, own.get(id) ?? 0)
    const row = await timed(() => prisma.team.findUnique({ where: { id } }))
    figures.reads += 1
    if (Number(row?.name ?? 0) < atLeast) figures.stale += 1
  }

  /** Lets one writer of a row write at a time, so that its values only grow. */
  async function write({ prisma, seen, own }: Process, id: number) {
    const before = locks.get(id)
    const done = (async () => {
      await before
      const errors = seen.settleErrors
      const value = (written.get(id) ?? 0) + 1
      written.set(id, value)
      await timed(() => prisma.team.update({ where: { id }, data: { name: String(value) } }))
      figures.writes += 1
      own.set(id, value)
      if (seen.settleErrors === errors) acknowledged.set(id, value)
    })()
    locks.set(id, done)
    writing += 1
    await done
    writing -= 1
  }

  async function work(worker: number) {
    const process = processes[worker % 2 === 0 ? 0 : 1]
    for (let n = worker; !isOver; n += 7) {
      // Few enough writes for hits between them: each invalidates the whole model.
      if (n % 50 === 0 && isWriting) await write(process, 10 + ((n / 50) % ROWS))
      else await read(process, 10 + (n % ROWS))
      ended[worker] = (ended[worker] ?? 0) + 1
      progress.report()
    }
  }

  /** Waits until every process has had so many hits again. */
  async function untilHits(count: number): Promise<void> {
    const before = processes.map(({ seen }) => seen.hits)
    await progress.until(`${count} hits in every process`, () =>
      processes.every(({ seen }, index) => seen.hits >= (before[index] ?? 0) + count),
    )
  }

  /** Waits until every worker has ended what it had begun and more, and every row was written. */
  async function untilAllWentOn(): Promise<void> {
    const [endedBefore, writtenBefore] = [[...ended], new Map(written)]
    await progress.until('every worker goes on, and every row is written', () => {
      const rows = Array.from({ length: ROWS }, (_, n) => n + 10)
      return (
        ended.every((count, worker) => count >= (endedBefore[worker] ?? 0) + 2) &&
        rows.every((id) => (written.get(id) ?? 0) > (writtenBefore.get(id) ?? 0))
      )
    })
  }

  const { outage, emulator } = server
  const outages: Record<string, [begin: () => unknown, end: () => unknown]> = {
    killed: [() => outage.kill(), () => outage.comeBack()],
    frozen: [() => outage.freeze(), () => outage.thaw()],
    // A real server has forgotten everything already where it was killed.
    ...(emulator && {
      'restarted empty': [() => emulator.faults.restartEmpty(), () => undefined],
      slow: [() => emulator.faults.delay(50), () => emulator.faults.delay(0)],
    }),
  }
  const back: Record<string, number> = {}
  const workers = Array.from({ length: WORKERS }, (_, worker) => work(worker))
  try {
    await untilHits(1)
    for (const [name, [begin, end]] of Object.entries(outages)) {
      // No write after the outage touches what those during it did not.
      isWriting = false
      await progress.until('no write is under way', () => writing === 0)
      await untilHits(MANY)
      await begin()
      isWriting = true
      await untilAllWentOn()
      isWriting = false
      await progress.until('no write is under way', () => writing === 0)
      await end()
      const ending = performance.now()
      await untilHits(1)
      back[name] = Math.round(performance.now() - ending)
      await untilHits(MANY)
      isWriting = true
      await untilAllWentOn()
    }
  } finally {
    isOver = true
  }
  await Promise.all(workers)
  for (const { prisma } of processes) await prisma.$disconnect()
  return { ...figures, slowest: Math.round(figures.slowest), back }
}

/** Waits for conditions, which are looked at whenever something is reported. */
function createProgress() {
  let look = () => {}
  return {
    report: () => look(),
    /** @throws if it takes longer than the limit. */
    until(what: string, condition: () => boolean): Promise<void> {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`not in ${LIMIT / 1_000} s: ${what}`)),
          LIMIT,
        )
        look = () => {
          if (!condition()) return
          clearTimeout(timer)
          look = () => {}
          resolve()
        }
        look()
      })
    },
  }
}
