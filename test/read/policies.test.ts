import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { aerospike, type CacheAsideOptions, memory } from '../../src/index.js'
import type { Store } from '../../src/store/store.js'
import { type Gate, gate, openShop, type Shop, unreachable } from '../support/shop.js'
import { startTestServer, type TestServer } from '../testing/server.js'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
})

afterAll(() => server.stop())

const stores: Record<string, () => Store> = {
  'memory()': () => memory(),
  'aerospike()': () =>
    aerospike({
      hosts: server.hosts,
      namespace: server.namespace,
      set: `p-${process.hrtime.bigint()}`,
      timeout: '2s',
    }),
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function pass(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1_000)
}

describe.each(Object.keys(stores))('with %s,', (name) => {
  interface GatedShop extends Shop {
    readonly gate: Gate
    /** Reads all teams, and says how the read was answered. */
    read(cache?: object): Promise<string>
    /** Reads a team that does not exist. */
    readNothing(cache?: object): Promise<string>
    /** Changes the database without the cache noticing. */
    change(to: string): Promise<unknown>
    /** Reads the first team, and returns its name. */
    names(cache?: object): Promise<string>
  }

  async function open(options: CacheAsideOptions): Promise<GatedShop> {
    const shop = await openShop({ ...options, store: stores[name]?.() })
    const between = gate()
    const gated = shop.prisma.$extends(between.extension) as unknown as typeof shop.prisma
    const last = async (run: () => PromiseLike<unknown>) => {
      await run()
      return shop.seen.at(-1) as string
    }
    const args = (cache?: object) => (cache ? { cache } : {})
    return {
      ...shop,
      gate: between,
      read: (cache) => last(() => gated.team.findMany(args(cache))),
      readNothing: (cache) =>
        last(() => gated.team.findUnique({ where: { id: 9 }, ...args(cache) })),
      change: (to) => shop.plain.team.updateMany({ data: { name: to } }),
      names: async (cache) => (await gated.team.findFirst(args(cache)))?.name ?? '',
    }
  }

  describe('ttl', () => {
    it.each<[string, CacheAsideOptions, object | undefined, number]>([
      ['the cache', { ttl: 30 }, undefined, 30],
      ['the model', { ttl: 30, models: { Team: { ttl: 90 } } }, undefined, 90],
      ['the query', { ttl: 30, models: { Team: { ttl: 90 } } }, { ttl: 5 }, 5],
    ])('of %s ends an answer', async (_, options, cache, ttl) => {
      const { read } = await open(options)
      expect(await read(cache)).toBe('miss: absent')
      pass(ttl)
      expect(await read(cache)).toBe('hit: store')
      pass(0.001)
      expect(await read(cache)).toBe('miss: expired')
      expect(await read(cache)).toBe('hit: store')
    })
  })

  describe('jitter', () => {
    it.each<[string, CacheAsideOptions, number, number]>([
      ['5 % by default', { jitter: undefined }, 0.5, 58.5],
      ['the share in the option', { jitter: 1 }, 0.25, 45],
      ['nothing with 0', { jitter: 0 }, 0.9, 60],
    ])('shortens a ttl by a random amount, at most %s', async (_, options, chance, life) => {
      vi.spyOn(Math, 'random').mockReturnValue(chance)
      const { read } = await open({ ttl: 60, ...options })
      await read()
      pass(life)
      expect(await read()).toBe('hit: store')
      pass(0.001)
      expect(await read()).toBe('miss: expired')
    })
  })

  describe('negativeTtl', () => {
    it.each<[string, CacheAsideOptions, object | undefined]>([
      ['the cache', { negativeTtl: 3 }, undefined],
      ['the model', { negativeTtl: 9, models: { Team: { negativeTtl: 3 } } }, undefined],
      ['the query', { negativeTtl: 9 }, { negativeTtl: 3 }],
    ])('of %s is the ttl of an empty answer only', async (_, options, cache) => {
      const { read, readNothing } = await open({ ttl: 60, ...options })
      await read(cache)
      await readNothing(cache)
      pass(3)
      expect(await readNothing(cache)).toBe('hit: store')
      pass(0.001)
      expect(await readNothing(cache)).toBe('miss: expired')
      expect(await read(cache)).toBe('hit: store')
    })

    it('is not longer than the ttl', async () => {
      const { readNothing } = await open({ ttl: 5, negativeTtl: 60 })
      await readNothing()
      pass(5.001)
      expect(await readNothing()).toBe('miss: expired')
    })

    it('is the ttl by default', async () => {
      const { readNothing } = await open({ ttl: 5 })
      await readNothing()
      pass(5)
      expect(await readNothing()).toBe('hit: store')
    })
  })

  describe('staleWhileRevalidate', () => {
    it.each<[string, CacheAsideOptions, object | undefined]>([
      ['the cache', { staleWhileRevalidate: 30 }, undefined],
      ['the model', { models: { Team: { staleWhileRevalidate: 30 } } }, undefined],
      ['the query', { staleWhileRevalidate: 5 }, { staleWhileRevalidate: 30 }],
      ['the query, by its short name', { staleWhileRevalidate: 5 }, { swr: 30 }],
    ])(
      'of %s serves an expired answer for this long, and refreshes it',
      async (_, options, cache) => {
        const { names, change, prisma, seen } = await open({ ttl: 10, ...options })
        const filled = () => new Promise((resolve) => prisma.$cache.on('fill', resolve))
        await names(cache)
        await change('green')
        pass(40)
        const fill = filled()
        expect(await names(cache)).toBe('red')
        expect(seen.at(-1)).toBe('stale: refreshing')
        await fill
        expect(await names(cache)).toBe('green')
        expect(seen.at(-1)).toBe('hit: store')
      },
    )

    it('does not serve an answer for longer', async () => {
      const { read } = await open({ ttl: 10, staleWhileRevalidate: 30 })
      await read()
      pass(40.001)
      expect(await read()).toBe('miss: expired')
    })

    it('0 in a query switches it off', async () => {
      const { read } = await open({ ttl: 10, staleWhileRevalidate: 30 })
      await read()
      pass(11)
      expect(await read({ swr: 0 })).toBe('miss: expired')
    })

    it('refreshes once, however many reads are served in the meantime', async () => {
      const { read, gate, prisma } = await open({ ttl: 10, staleWhileRevalidate: 30 })
      await read()
      pass(11)
      gate.close()
      gate.queries = 0
      const fill = new Promise((resolve) => prisma.$cache.on('fill', resolve))
      for (let n = 0; n < 5; n += 1) expect(await read()).toBe('stale: refreshing')
      await Promise.all(Array.from({ length: 20 }, () => read()))
      gate.open()
      await fill
      expect(gate.queries).toBe(1)
      expect(await read()).toBe('hit: store')
    })

    it('lets only one process refresh', async () => {
      const shop = await open({ ttl: 10, staleWhileRevalidate: 30 })
      const other = shop.connect({ ttl: 10, staleWhileRevalidate: 30, store: shop.store })
      await shop.read()
      pass(11)
      shop.gate.close()
      await shop.read()
      await vi.waitFor(() => expect(shop.gate.queries).toBe(2))
      const before = other.statements.length
      await other.prisma.team.findMany()
      expect(other.seen).toEqual(['stale: refreshing'])
      // Disconnecting waits for work in the background. The store stays open, because both clients use it.
      vi.spyOn(shop.store, 'close').mockResolvedValueOnce()
      await other.prisma.$disconnect()
      expect(other.statements.length).toBe(before)
      const fill = new Promise((resolve) => shop.prisma.$cache.on('fill', resolve))
      shop.gate.open()
      await fill
    })

    it('never serves an answer that a write has invalidated', async () => {
      const { read, prisma } = await open({ ttl: 10, staleWhileRevalidate: 30, staleIfError: 30 })
      await read()
      pass(11)
      await prisma.team.update({ where: { id: 1 }, data: { name: 'green' } })
      expect(await read()).toBe('miss: invalidated')
    })

    it('reports a failed refresh by the error event only', async () => {
      const { read, gate, errors, prisma } = await open({ ttl: 10, staleWhileRevalidate: 30 })
      await read()
      pass(11)
      gate.error = new Error('failed query')
      const reported = new Promise((resolve) => prisma.$cache.on('error', resolve))
      expect(await read()).toBe('stale: refreshing')
      await reported
      expect(errors).toEqual([{ during: 'refresh', error: gate.error }])
      gate.error = undefined
      const fill = new Promise((resolve) => prisma.$cache.on('fill', resolve))
      expect(await read()).toBe('stale: refreshing')
      await fill
      expect(await read()).toBe('hit: store')
    })
  })

  describe('staleIfError', () => {
    it.each<[string, CacheAsideOptions, object | undefined]>([
      ['the cache', { staleIfError: 30 }, undefined],
      ['the model', { models: { Team: { staleIfError: 30 } } }, undefined],
      ['the query', { staleIfError: 5 }, { staleIfError: 30 }],
    ])(
      'of %s serves an expired answer for this long where the database cannot be reached',
      async (_, options, cache) => {
        const { read, gate } = await open({ ttl: 10, ...options })
        await read(cache)
        gate.error = unreachable()
        pass(40)
        expect(await read(cache)).toBe('stale: error')
        pass(0.001)
        await expect(read(cache)).rejects.toBe(gate.error)
        gate.error = undefined
        expect(await read(cache)).toBe('miss: expired')
      },
    )

    it('is off by default', async () => {
      const { read, gate, seen } = await open({ ttl: 10, staleWhileRevalidate: 1 })
      await read()
      pass(12)
      gate.error = unreachable()
      await expect(read()).rejects.toBe(gate.error)
      expect(seen.at(-1)).toBe('miss: expired')
    })

    it('does not hide errors of the query itself', async () => {
      const { read, gate } = await open({ ttl: 10, staleIfError: 30 })
      await read()
      pass(11)
      gate.error = new Error('wrong query')
      await expect(read()).rejects.toBe(gate.error)
    })

    it('never serves an answer that was invalidated before or during the query', async () => {
      const { read, gate, prisma } = await open({ ttl: 10, staleIfError: 30 })
      await read()
      await prisma.team.update({ where: { id: 1 }, data: { name: 'green' } })
      gate.error = unreachable()
      await expect(read()).rejects.toBe(gate.error)

      gate.error = undefined
      await read()
      pass(11)
      gate.queries = 0
      gate.close()
      gate.error = unreachable()
      const failed = read()
      failed.catch(() => undefined)
      await vi.waitFor(() => expect(gate.queries).toBe(1))
      await prisma.team.update({ where: { id: 1 }, data: { name: 'grey' } })
      gate.open()
      await expect(failed).rejects.toBe(gate.error)
    })

    it('answers all reads that wait for the same query', async () => {
      const { read, gate, prisma } = await open({ ttl: 10, staleIfError: 30 })
      await read()
      pass(11)
      gate.error = unreachable()
      await Promise.all(Array.from({ length: 5 }, () => read()))
      expect(prisma.$cache.stats()).toMatchObject({ stale: 5, misses: 1, errors: 0 })
    })
  })

  describe('refresh', () => {
    it('queries the database, and replaces the entry', async () => {
      const { names, change, seen } = await open({})
      await names()
      await change('green')
      expect(await names()).toBe('red')
      expect(await names({ refresh: true })).toBe('green')
      expect(seen.at(-1)).toBe('miss: refresh')
      expect(await names()).toBe('green')
      expect(seen.at(-1)).toBe('hit: store')
    })

    it('does not join an earlier query, and replaces the entry that it stored', async () => {
      const { names, change, gate } = await open({})
      gate.close()
      const first = names()
      await vi.waitFor(() => expect(gate.queries).toBe(1))
      const { open: openFirst } = gate
      gate.close()
      pass(0.001)
      const second = names({ refresh: true })
      await vi.waitFor(() => expect(gate.queries).toBe(2))
      openFirst()
      expect(await first).toBe('red')
      await change('green')
      gate.open()
      expect(await second).toBe('green')
      expect(await names()).toBe('green')
    })

    it('may be answered by the old entry where the database cannot be reached', async () => {
      const { read, gate } = await open({ staleIfError: 30 })
      await read()
      gate.error = unreachable()
      expect(await read({ refresh: true })).toBe('stale: error')
    })
  })
})
