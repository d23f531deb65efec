import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aerospike, cacheAside } from '../../src/index.js'
import { createDatabase, type Database } from '../support/databases.js'
import { startOwnServer } from '../testing/server.js'

const TIMEOUT = 100
const ROWS = 8
const WORKERS = 64
/**
 * A read may wait for three commands (look-up, repair, fill); a write for two (announce, settle).
 */
const WAIT_FOR_STORE = 3 * TIMEOUT
/** How long the database may take on a machine with two cores, in milliseconds. */
const WAIT_FOR_DATABASE = 2_000

describe('an outage of Aerospike under 64 readers and writers', () => {
  let database: Database
  let server: Awaited<ReturnType<typeof startOwnServer>>

  beforeAll(async () => {
    database = await createDatabase('postgresql')
    server = await startOwnServer()
  })

  afterAll(async () => {
    await database.drop()
    await server.stop()
  })

  const pause = (milliseconds: number) =>
    new Promise((resolve) => setTimeout(resolve, milliseconds))

  /** Simulates a process: it shares only the servers with other processes. */
  function createProcess() {
    const store = aerospike({ hosts: server.hosts, timeout: `${TIMEOUT}ms` })
    const { client } = database.connect()
    const prisma = client.$extends(cacheAside({ store }))
    const seen = { hits: 0, settleErrors: 0 }
    prisma.$cache.on('hit', () => {
      seen.hits += 1
    })
    prisma.$cache.on('error', ({ during }) => {
      if (during === 'invalidate' || during === 'announce') seen.settleErrors += 1
    })
    return { prisma, seen, own: new Map<number, number>() }
  }

  it('no query fails, waits too long, or is stale; the cache works again within two seconds', {
    timeout: 120_000,
  }, async () => {
    const processes = [createProcess(), createProcess()] as const
    const { prisma } = processes[0]
    await prisma.team.createMany({
      data: Array.from({ length: ROWS }, (_, n) => ({ id: n + 10, name: '0' })),
    })

    /** The newest value of each row that was acknowledged while the store was reachable. */
    const acknowledged = new Map<number, number>()
    const locks = new Map<number, Promise<unknown>>()
    const figures = { reads: 0, writes: 0, stale: 0, slowest: 0, errors: [] as unknown[] }
    let isOver = false
    let isWriting = true

    const timed = async <T>(run: () => Promise<T>): Promise<T | undefined> => {
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

    const read = async ({ prisma, own }: ReturnType<typeof createProcess>, id: number) => {
      const atLeast = Math.max(acknowledged.get(id) ?? 0, own.get(id) ?? 0)
      const row = await timed(() => prisma.team.findUnique({ where: { id } }))
      figures.reads += 1
      if (Number(row?.name ?? 0) < atLeast) figures.stale += 1
    }

    /** Writes a row. Only one writer at a time writes a row, so that its values only grow. */
    const write = async ({ prisma, seen, own }: ReturnType<typeof createProcess>, id: number) => {
      const before = locks.get(id)
      const done = (async () => {
        await before
        const errors = seen.settleErrors
        const value =
          Math.max(own.get(id) ?? 0, acknowledged.get(id) ?? 0, written.get(id) ?? 0) + 1
        written.set(id, value)
        await timed(() => prisma.team.update({ where: { id }, data: { name: String(value) } }))
        figures.writes += 1
        own.set(id, value)
        if (seen.settleErrors === errors) acknowledged.set(id, value)
      })()
      locks.set(id, done)
      await done
    }
    const written = new Map<number, number>()

    const work = async (worker: number) => {
      const process = processes[worker % 2 === 0 ? 0 : 1]
      for (let n = worker; !isOver; n += 7) {
        // Each write invalidates the whole model, so there must be few of them to have hits in
        // between.
        if (n % 50 === 0 && isWriting) await write(process, 10 + ((n / 50) % ROWS))
        else await read(process, 10 + (n % ROWS))
      }
    }
    const workers = Array.from({ length: WORKERS }, (_, worker) => work(worker))

    const hitsAgain = async (): Promise<number> => {
      const started = performance.now()
      const before = processes.map(({ seen }) => seen.hits)
      while (processes.some(({ seen }, index) => seen.hits === before[index])) {
        await pause(10)
        if (performance.now() - started > 20_000) break
      }
      return Math.round(performance.now() - started)
    }

    const { outage, emulator } = server
    const outages: Record<string, [begin: () => unknown, end: () => unknown]> = {
      killed: [() => outage.kill(), () => outage.comeBack()],
      frozen: [() => outage.freeze(), () => outage.thaw()],
      // A real server in memory has already lost everything when it was killed.
      ...(emulator && {
        'restarted empty': [() => emulator.faults.restartEmpty(), () => undefined],
        slow: [() => emulator.faults.delay(50), () => emulator.faults.delay(0)],
      }),
    }
    const back: Record<string, number> = {}
    await hitsAgain()
    for (const [name, [begin, end]] of Object.entries(outages)) {
      // Every row is cached before the outage and written during it. There are no writes until
      // reads hit again, because such a write would invalidate the same rows, and so hide it if the
      // touches of the outage were lost.
      isWriting = false
      await pause(300)
      await begin()
      isWriting = true
      await pause(800)
      isWriting = false
      await pause(200)
      await end()
      back[name] = await hitsAgain()
      await pause(300)
      isWriting = true
      await pause(300)
    }
    isOver = true
    await Promise.all(workers)
    const { reads, writes, stale, slowest, errors } = figures
    console.log('outages:', { reads, writes, stale, slowest: Math.round(slowest), back })

    expect(errors).toEqual([])
    expect(stale).toBe(0)
    expect(slowest).toBeLessThan(WAIT_FOR_STORE + WAIT_FOR_DATABASE)
    for (const took of Object.values(back)) expect(took).toBeLessThan(2_000)
    for (const { prisma } of processes) await prisma.$disconnect()
  })
})
