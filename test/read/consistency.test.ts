import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type CacheAsideOptions,
  type CacheEvents,
  cacheAside,
  memory,
  StoreUnavailableError,
} from '../../src/index.js'
import type { Store } from '../../src/store/store.js'
import { createDatabase, type Database } from '../support/databases.js'
import { sharedMemory } from '../support/shared-memory.js'

let database: Database

beforeEach(async () => {
  database = await createDatabase('postgresql')
})

afterEach(async () => {
  vi.useRealTimers()
  await database.drop()
})

/** Makes a client with the cache. `seen` says how its last read was answered, `statements` lists its SQL. */
function connect(options: CacheAsideOptions) {
  const { client, statements } = database.connect()
  const prisma = client.$extends(cacheAside(options))
  const seen: { last: string } = { last: '' }
  const note = (name: 'hit' | 'miss' | 'bypass') =>
    prisma.$cache.on(name, (event: CacheEvents[typeof name]) => {
      seen.last = 'reason' in event && name === 'bypass' ? `bypass: ${event.reason}` : name
    })
  for (const name of ['hit', 'miss', 'bypass'] as const) note(name)
  return { prisma, seen, statements, team: () => prisma.team.findUnique({ where: { id: 1 } }) }
}

describe('consistency', () => {
  it.each([
    ['acknowledged', 'hit'],
    ['strict', 'bypass: blocked'],
  ] as const)(
    '%s: a read during a write of the same row is a %s',
    async (consistency, expected) => {
      const { prisma, seen, team } = connect({ store: memory(), consistency })
      await prisma.team.create({ data: { id: 1, name: 'red' } })
      await team()
      await prisma.$transaction(async (tx) => {
        await tx.team.update({ where: { id: 1 }, data: { name: 'blue' } })
        expect((await team())?.name).toBe('red')
        expect(seen.last).toBe(expected)
      })
      expect((await team())?.name).toBe('blue')
      expect(seen.last).toBe('miss')
    },
  )
})

describe('replicaLag', () => {
  it('keeps written rows out of the cache until the replicas have them', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { prisma, seen, team } = connect({ store: memory(), replicaLag: '5s' })
    await prisma.team.create({ data: { id: 1, name: 'red' } })
    for (const later of [0, 4_999]) {
      vi.setSystemTime(Date.now() + later)
      await team()
      expect(seen.last).toBe('bypass: blocked')
    }
    vi.setSystemTime(Date.now() + 2)
    await team()
    expect(seen.last).toBe('miss')
    await team()
    expect(seen.last).toBe('hit')
  })
})

describe('onStoreFailure', () => {
  const unreachable = (): Store => {
    const { board, ...store } = sharedMemory()
    const fail = () => Promise.reject(new Error('unreachable'))
    return { ...store, board: { ...board, intend: fail }, touch: fail }
  }

  it('bypass: a write goes on, and no entry is served until the store knows of it', async () => {
    const { prisma, seen, team } = connect({ store: unreachable() })
    await prisma.team.create({ data: { id: 1, name: 'red' } })
    expect((await team())?.name).toBe('red')
    expect(seen.last).toBe('bypass: store')
    expect((await prisma.$cache.health()).pendingInvalidations).toBe(true)
  })

  it('reject: a write fails before the database sees it', async () => {
    const { prisma, statements } = connect({ store: unreachable(), onStoreFailure: 'reject' })
    const create = () => prisma.team.create({ data: { id: 1, name: 'red' } })
    await expect(create()).rejects.toThrow(StoreUnavailableError)
    await expect(prisma.$executeRaw`DELETE FROM "Team"`).rejects.toThrow(StoreUnavailableError)
    expect(statements).toEqual([])
  })

  it('reject: a transaction fails as a whole if the store cannot be reached', async () => {
    const { prisma } = connect({ store: unreachable(), onStoreFailure: 'reject' })
    const create = (id: number) => prisma.team.create({ data: { id, name: 'red' } })
    await expect(prisma.$transaction([create(1), create(2)])).rejects.toThrow(StoreUnavailableError)
    const interactive = prisma.$transaction((tx) =>
      tx.team.create({ data: { id: 3, name: 'red' } }),
    )
    await expect(interactive).rejects.toThrow(StoreUnavailableError)
    expect(await prisma.team.count()).toBe(0)
  })
})

describe('two clients miss the same key at the same time:', () => {
  /** Makes two clients that share only the store, as processes do. Each of their queries waits for a gate. */
  function connectTwo(leaseWait: string): [Connected, Connected] {
    const store = sharedMemory()
    const connectOne = (): Connected => {
      const { prisma, statements } = connect({ store, leaseWait })
      const gate: { open: (error?: Error) => void; queries: number } = {
        open: () => undefined,
        queries: 0,
      }
      const passage = new Promise<void>((resolve, reject) => {
        gate.open = (error) => (error ? reject(error) : resolve())
      })
      const gated = prisma.$extends({
        query: {
          async $allOperations({ args, query }) {
            gate.queries += 1
            await passage
            return query(args)
          },
        },
      })
      // An async function begins the query at once, as Prisma's own promises do not.
      return { gate, statements, teams: async () => gated.team.findMany() }
    }
    return [connectOne(), connectOne()]
  }
  interface Connected {
    readonly gate: { open: (error?: Error) => void; queries: number }
    readonly statements: readonly string[]
    teams(): Promise<object[]>
  }

  it('one queries the database, and the other gets its entry', async () => {
    const [one, other] = connectTwo('10s')
    const first = one.teams()
    await vi.waitFor(() => expect(one.gate.queries).toBe(1))
    const second = other.teams()
    one.gate.open()
    expect(await first).toEqual([])
    expect(await second).toEqual([])
    expect(other.gate.queries).toBe(0)
  })

  it('the second queries the database at once if the query of the first fails', async () => {
    const [one, other] = connectTwo('10s')
    const first = one.teams()
    first.catch(() => undefined)
    await vi.waitFor(() => expect(one.gate.queries).toBe(1))
    const second = other.teams()
    one.gate.open(new Error('failed query'))
    other.gate.open()
    await expect(first).rejects.toThrow('failed query')
    expect(await second).toEqual([])
    expect(other.gate.queries).toBe(1)
  })

  it('the second waits no longer than leaseWait if the first never ends', async () => {
    const [one, other] = connectTwo('50ms')
    void one.teams()
    await vi.waitFor(() => expect(one.gate.queries).toBe(1))
    other.gate.open()
    expect(await other.teams()).toEqual([])
    expect(other.gate.queries).toBe(1)
    expect(one.statements).toEqual([])
  })
})
