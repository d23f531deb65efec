import { expect, it, onTestFinished } from 'vitest'
import { cacheAside, memory, retryOptimistic } from '../../src/index.js'
import { bounds } from '../support/bounds.js'
import { createDatabase } from '../support/databases.js'

const CLIENTS = 8
const ROWS = 50

/** Clients of one database and one store, each of which adds to the edits of random rows, one by one. */
async function openRace() {
  const database = await createDatabase('postgresql')
  onTestFinished(() => database.drop())
  const plain = database.connect().client
  const titles = Array.from({ length: ROWS }, (_, index) => `${index}`)
  await plain.document.createMany({ data: titles.map((title) => ({ title })) })
  const store = memory()
  const clients = Array.from({ length: CLIENTS }, () =>
    database.connect().client.$extends(cacheAside({ store })),
  )
  type Client = (typeof clients)[number]

  /** @returns how many increments are in the database. */
  async function race(total: number, increment: (prisma: Client, id: number) => Promise<unknown>) {
    const worker = async (prisma: Client) => {
      for (let done = 0; done < total / CLIENTS; done += 1) {
        await increment(prisma, 1 + Math.floor(Math.random() * ROWS))
      }
    }
    await Promise.all(clients.map(worker))
    const { _sum } = await plain.document.aggregate({ _sum: { edits: true, version: true } })
    return { edits: _sum.edits ?? 0, updates: (_sum.version ?? 0) - ROWS }
  }

  function hitRatio(): number {
    const stats = clients.map(({ $cache }) => $cache.stats())
    const hits = stats.reduce((sum, one) => sum + one.hits, 0)
    return hits / stats.reduce((sum, one) => sum + one.misses + one.bypasses, hits)
  }
  return { race, hitRatio }
}

const TOTAL = bounds.increments
const FEWER = 400
/** A machine that does other things, too, may need this long. */
const LIMIT = 1_200_000

it(
  'of increments under contention none is lost with versions',
  async () => {
    const { race, hitRatio } = await openRace()
    let attempts = 0
    const { edits, updates } = await race(TOTAL, async (prisma, id) => {
      // An editor looks around first.
      const around = [0, 1, 2, 3].map((step) => ({ id: ((id + step) % ROWS) + 1 }))
      await Promise.all(around.map((where) => prisma.document.findUnique({ where })))
      await retryOptimistic(
        async () => {
          attempts += 1
          const { version, edits } = await prisma.document.findUniqueOrThrow({ where: { id } })
          await prisma.document.update({ where: { id, version }, data: { edits: edits + 1 } })
        },
        { attempts: 50 },
      )
    })
    const hits = (hitRatio() * 100).toFixed(1)
    console.log(`${TOTAL} increments in ${attempts} attempts; ${hits} % of the reads were hits`)
    expect({ edits, updates }).toEqual({ edits: TOTAL, updates: TOTAL })
    expect(hitRatio()).toBeGreaterThan(0)
  },
  LIMIT,
)

it(
  'and some are without',
  async () => {
    const { race } = await openRace()
    const { edits, updates } = await race(FEWER, async (prisma, id) => {
      const { edits } = await prisma.document.findUniqueOrThrow({ where: { id } })
      await prisma.document.update({ where: { id }, data: { edits: edits + 1 } })
    })
    console.log(`${FEWER - edits} of ${FEWER} increments were lost`)
    expect(updates).toBe(FEWER)
    expect(edits).toBeLessThan(FEWER)
  },
  LIMIT,
)
