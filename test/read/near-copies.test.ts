import { deepStrictEqual } from 'node:assert'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { aerospike, type CacheAsideOptions, memory } from '../../src/index.js'
import type { TagId } from '../../src/plan/tag.js'
import type { Store } from '../../src/store/store.js'
import { LocalTouches } from '../../src/touch/local-touches.js'
import { openShop } from '../support/shop.js'
import { startTestServer, type TestServer } from '../testing/server.js'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
})

afterAll(() => server.stop())

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

function pass(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1_000)
}

/** Opens a shop that records the calls of its store, with a second client that behaves as another process. */
async function openNear(near: CacheAsideOptions['near'], options: CacheAsideOptions = {}) {
  const { store = memory() } = options
  const calls: string[] = []
  const [lookup, states] = [store.lookup.bind(store), store.states.bind(store)]
  vi.spyOn(store, 'lookup').mockImplementation((key, tags) => {
    calls.push('lookup')
    return lookup(key, tags)
  })
  vi.spyOn(store, 'states').mockImplementation((tags) => {
    calls.push('states')
    return states(tags)
  })
  const shop = await openShop({ ttl: 60, ...options, store, near })
  // Another process has its own object for the same store, so that this process does not notice its writes.
  const elsewhere: Store = new Proxy(store, {
    get: (target, name) => {
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const other = shop.connect({ store: elsewhere })
  /** Reads, and returns how the read was answered and which calls it made to the store. */
  const read = async () => {
    calls.length = 0
    await shop.prisma.team.findMany()
    return [shop.seen.at(-1), ...calls]
  }
  return { ...shop, other, read }
}

const rename = { where: { id: 1 }, data: { name: 'new' } }

describe('a near copy', () => {
  it('is served after a check of its tags, without reading the value again', async () => {
    const { read } = await openNear({})
    expect(await read()).toEqual(['miss: absent', 'lookup'])
    expect(await read()).toEqual(['hit: near', 'states'])
  })

  it('is also made of an entry that another process has stored', async () => {
    const { read, other } = await openNear({})
    await other.prisma.team.findMany()
    expect(await read()).toEqual(['hit: store', 'lookup'])
    expect(await read()).toEqual(['hit: near', 'states'])
  })

  it.each(['of this process', 'of another process'])(
    'is not served after a write %s',
    async (whose) => {
      const { read, prisma, other } = await openNear({})
      await read()
      await (whose === 'of this process' ? prisma : other.prisma).team.update(rename)
      expect(await read()).toEqual(['miss: invalidated', 'states', 'lookup'])
      expect((await prisma.team.findFirst({ where: { id: 1 } }))?.name).toBe('new')
    },
  )

  it('is not served after its ttl', async () => {
    const { read } = await openNear({})
    await read()
    pass(60)
    expect((await read())[0]).toBe('hit: near')
    pass(0.001)
    expect((await read())[0]).toBe('miss: expired')
  })

  it('gives each reader an object of its own', async () => {
    const { prisma, plain } = await openNear({})
    await plain.everything.create({ data: { bytes: new Uint8Array([1]), date: new Date(5) } })
    for (let n = 0; n < 3; n += 1) {
      const row = await prisma.everything.findFirstOrThrow()
      row.bytes?.fill(9)
      row.date?.setTime(n)
    }
    deepStrictEqual(
      await prisma.everything.findFirstOrThrow(),
      await plain.everything.findFirstOrThrow(),
    )
  })

  it('is not used by a refresh, and is replaced by it', async () => {
    const { prisma, plain, read } = await openNear({ maxStaleness: 30 })
    await read()
    await plain.team.update(rename)
    const rows = await prisma.team.findMany({ cache: { refresh: true } })
    expect(rows[0]?.name).toBe('new')
    expect((await prisma.team.findMany())[0]?.name).toBe('new')
  })

  it('is dropped where there are more than maxEntries', async () => {
    const { prisma, seen } = await openNear({ maxEntries: 1 })
    await prisma.team.findMany()
    await prisma.team.count()
    await prisma.team.findMany()
    await prisma.team.findMany()
    expect(seen.slice(-2)).toEqual(['hit: store', 'hit: near'])
  })

  it('is not made of a value with more than maxBytes', async () => {
    const { read } = await openNear({ maxBytes: 10 })
    await read()
    expect((await read())[0]).toBe('hit: store')
  })
})

describe('within maxStaleness a near copy', () => {
  it('is served without a call to the store, and afterwards with one', async () => {
    const { read } = await openNear({ maxStaleness: '5s' })
    await read()
    pass(4.999)
    expect(await read()).toEqual(['hit: near'])
    pass(0.001)
    expect(await read()).toEqual(['hit: near', 'states'])
    pass(4.999)
    expect(await read()).toEqual(['hit: near'])
  })

  it('may be older than a write of another process, but no longer', async () => {
    const { prisma, read, other } = await openNear({ maxStaleness: 5 })
    await read()
    await other.prisma.team.update(rename)
    expect(await read()).toEqual(['hit: near'])
    pass(5)
    expect((await prisma.team.findMany()).map(({ name }) => name)).toContain('new')
  })

  it.each<
    [string, (prisma: Awaited<ReturnType<typeof openShop>>['prisma']) => PromiseLike<unknown>]
  >([
    ['a write', (prisma) => prisma.team.update(rename)],
    ['a transaction', (prisma) => prisma.$transaction((tx) => tx.team.update(rename))],
    ['a batch', (prisma) => prisma.$transaction([prisma.team.update(rename)])],
    ['raw SQL', (prisma) => prisma.$executeRaw`UPDATE "Team" SET name = 'new' WHERE id = 1`],
    ['invalidate', (prisma) => prisma.$cache.invalidate('Team')],
    ['clear', (prisma) => prisma.$cache.clear()],
  ])('is not older than %s of this process', async (_, write) => {
    const { read, prisma } = await openNear({ maxStaleness: 30 })
    await read()
    await write(prisma)
    expect((await read())[0]).toMatch(/^miss/)
  })

  it('is not older than a write of another client of this process', async () => {
    const { read, connect, store } = await openNear({ maxStaleness: 30 })
    await read()
    await connect({ store }).prisma.team.update(rename)
    expect((await read())[0]).toBe('miss: invalidated')
  })

  it('is not older than a write that ended during a call to the store', async () => {
    const { prisma, store, read } = await openNear({ maxStaleness: 30 })
    await read()
    pass(30)
    // The store answers with the state from before the write, and the answer arrives after it.
    const states = vi.mocked(store.states)
    const original = states.getMockImplementation() as typeof store.states
    states.mockImplementationOnce(async (tags) => {
      const found = await original(tags)
      await prisma.team.update(rename)
      return found
    })
    await read()
    expect((await read())[0]).toBe('miss: invalidated')
  })

  it('is still served after a write of other models', async () => {
    const { prisma, read } = await openNear({ maxStaleness: 30 })
    await read()
    await prisma.org.create({ data: { name: 'o' } })
    expect(await read()).toEqual(['hit: near'])
  })

  it('is checked if the clock was set back', async () => {
    const { read } = await openNear({ maxStaleness: 5 })
    await read()
    pass(-3_600)
    expect(await read()).toEqual(['hit: near', 'states'])
  })
})

it('a near copy of an entry in Aerospike is served without reading the value again', async () => {
  vi.useRealTimers()
  const store = aerospike({
    hosts: server.hosts,
    namespace: server.namespace,
    set: `n-${process.hrtime.bigint()}`,
    timeout: '2s',
  })
  const { read, other } = await openNear({}, { store })
  await read()
  expect(await read()).toEqual(['hit: near', 'states'])
  await other.prisma.team.update(rename)
  expect(await read()).toEqual(['miss: invalidated', 'states', 'lookup'])
})

it('touches of too many tags to remember count as touches of every tag', () => {
  const touches = new LocalTouches()
  const before = touches.count
  touches.note(Array.from({ length: 10_001 }, (_, n) => `t${n}` as TagId))
  expect(touches.noneSince(before, ['x' as TagId])).toBe(false)
  expect(touches.noneSince(touches.count, ['t1' as TagId])).toBe(true)
})

it('invalid near options are refused', async () => {
  const cases: [unknown, string][] = [
    [true, 'near: expected an object, got true'],
    [{ max: 1 }, "unknown option 'max' in near; did you mean 'maxBytes'?"],
    [{ maxEntries: 0 }, 'near.maxEntries: expected a whole number above zero, got 0'],
    [{ maxBytes: 1.5 }, 'near.maxBytes: expected a whole number above zero, got 1.5'],
    [
      { maxStaleness: '-1s' },
      "near.maxStaleness: expected seconds, 0 or a string such as '5m', got '-1s'",
    ],
  ]
  for (const [near, message] of cases) {
    await expect(openShop({ near } as CacheAsideOptions)).rejects.toThrow(message)
  }
})
