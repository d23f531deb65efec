import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type CacheEvents, cacheAside, memory } from '../../src/index.js'
import { createDatabase } from '../support/databases.js'

type Recorded = {
  [K in keyof CacheEvents]: readonly [name: K, event: CacheEvents[K]]
}[keyof CacheEvents]

const names = ['hit', 'miss', 'bypass', 'fill', 'invalidate', 'error'] as const

/** Opens an empty shop and records the events of its cache. */
async function openShop() {
  const database = await createDatabase('sqlite')
  onTestFinished(() => database.drop())
  const store = memory()
  const prisma = database.connect().client.$extends(cacheAside({ store }))
  const events: Recorded[] = []
  for (const name of names) {
    prisma.$cache.on(name, (event) => events.push([name, event] as Recorded))
  }
  /** Returns the events that are emitted while a call runs. */
  const eventsOf = async (call: () => PromiseLike<unknown>) => {
    events.length = 0
    await call()
    return [...events]
  }
  return { store, prisma, eventsOf }
}

afterEach(() => {
  vi.useRealTimers()
})

const read = { model: 'User', operation: 'findMany' }
const keyed = { ...read, key: expect.any(String) }

describe('the events of', () => {
  it('a read whose answer is not in the store are a miss and a fill', async () => {
    const { prisma, eventsOf } = await openShop()
    expect(await eventsOf(() => prisma.user.findMany())).toEqual([
      ['miss', { ...keyed, reason: 'absent' }],
      ['fill', { ...keyed, outcome: 'stored', bytes: expect.any(Number) }],
    ])
  })

  it('a read whose answer is in the store are a hit, with the age of the answer', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { prisma, eventsOf } = await openShop()
    await prisma.user.findMany()
    vi.setSystemTime(Date.now() + 1_234)
    expect(await eventsOf(() => prisma.user.findMany())).toEqual([
      ['hit', { ...keyed, source: 'store', ageMs: 1_234 }],
    ])
  })

  it('two reads at once are a miss, a fill, and a hit of the flight', async () => {
    const { prisma, eventsOf } = await openShop()
    const events = await eventsOf(() =>
      Promise.all([prisma.user.findMany(), prisma.user.findMany()]),
    )
    expect(events.map(([name]) => name).sort()).toEqual(['fill', 'hit', 'miss'])
    expect(events).toContainEqual([
      'hit',
      { ...keyed, source: 'flight', ageMs: expect.any(Number) },
    ])
  })

  it('a write are one invalidation, with the tags of everything that it may have changed', async () => {
    const { prisma, eventsOf } = await openShop()
    const data = { email: 'ann', posts: { create: { title: 'one' } } }
    expect(await eventsOf(() => prisma.user.create({ data }))).toEqual([
      ['invalidate', { tags: expect.arrayContaining(['User', 'Post']) }],
    ])
  })

  it('a write that the database refuses are none', async () => {
    const { prisma, eventsOf } = await openShop()
    const refused = () => prisma.user.delete({ where: { id: 1 } }).catch(() => undefined)
    expect(await eventsOf(refused)).toEqual([])
  })

  it('a read whose answer a write has invalidated are a miss with that reason', async () => {
    const { prisma, eventsOf } = await openShop()
    await prisma.user.findMany()
    await prisma.user.create({ data: { email: 'ann' } })
    expect(await eventsOf(() => prisma.user.findMany())).toContainEqual([
      'miss',
      { ...keyed, reason: 'invalidated' },
    ])
  })

  it('a read whose answer is too old are a miss with that reason', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { prisma, eventsOf } = await openShop()
    await prisma.user.findMany({ cache: { ttl: 1 } })
    vi.setSystemTime(Date.now() + 1_001)
    expect(await eventsOf(() => prisma.user.findMany())).toContainEqual([
      'miss',
      { ...keyed, reason: 'expired' },
    ])
  })

  it('a read whose bytes are damaged are an error and a miss, and the next is a hit', async () => {
    const { store, prisma, eventsOf } = await openShop()
    const fill = vi.spyOn(store, 'fill')
    await prisma.user.findMany()
    const entry = fill.mock.calls[0]?.[1]
    if (entry !== undefined) entry.value[10] = (entry.value[10] ?? 0) ^ 1
    expect((await eventsOf(() => prisma.user.findMany())).slice(0, 2)).toEqual([
      [
        'error',
        { during: 'decode', error: expect.objectContaining({ message: 'damaged or truncated' }) },
      ],
      ['miss', { ...keyed, reason: 'unreadable' }],
    ])
    expect(await eventsOf(() => prisma.user.findMany())).toEqual([['hit', expect.anything()]])
  })

  it.each<[string, CacheEvents['bypass']['reason']]>([
    ['cache: false', 'disabled'],
    ['a transaction', 'transaction'],
    ['an unknown computed field', 'uncacheable'],
  ])('a read with %s are a bypass', async (what, reason) => {
    const { prisma, eventsOf } = await openShop()
    const events = await eventsOf(async () => {
      if (reason === 'disabled') await prisma.user.findMany({ cache: false })
      if (reason === 'transaction') await prisma.$transaction([prisma.user.findMany()])
      if (reason === 'uncacheable') {
        const select = { id: true, ...({ label: true } as object) }
        await prisma.user.findMany({ select }).catch(() => undefined)
      }
    })
    expect(events, what).toEqual([['bypass', { ...read, reason }]])
  })
})

describe('the counts', () => {
  it('are the numbers of events, by model and in total', async () => {
    const { prisma } = await openShop()
    expect(prisma.$cache.stats()).toMatchObject({ hits: 0, misses: 0, bypasses: 0, models: {} })
    for (const _ of [1, 2, 3]) await prisma.user.findMany()
    await prisma.post.count({ cache: false })
    await prisma.user.create({ data: { email: 'ann' } })
    await prisma.user.findMany()
    expect(prisma.$cache.stats()).toMatchObject({
      hits: 2,
      misses: 2,
      bypasses: 1,
      fills: 2,
      invalidations: 1,
      errors: 0,
      models: {
        User: { hits: 2, misses: 2, bypasses: 0 },
        Post: { hits: 0, misses: 0, bypasses: 1 },
      },
    })
  })

  it('that were returned do not change afterwards', async () => {
    const { prisma } = await openShop()
    await prisma.user.findMany()
    const before = prisma.$cache.stats()
    await prisma.user.findMany()
    expect(before).toMatchObject({ hits: 0, models: { User: { hits: 0 } } })
  })
})

describe('a listener', () => {
  it('is not called after it was removed, and other listeners are', async () => {
    const { prisma, eventsOf } = await openShop()
    const [one, other] = [vi.fn(), vi.fn()]
    const stop = prisma.$cache.on('miss', one)
    prisma.$cache.on('miss', other)
    stop()
    await eventsOf(() => prisma.user.findMany())
    expect(one).not.toHaveBeenCalled()
    expect(other).toHaveBeenCalledOnce()
  })

  it('that throws fails neither the query nor other listeners, and causes a warning', async () => {
    const { prisma, eventsOf } = await openShop()
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    onTestFinished(() => warn.mockRestore())
    prisma.$cache.on('miss', () => {
      throw new Error('of the listener')
    })
    const other = vi.fn()
    prisma.$cache.on('miss', other)
    await eventsOf(() => prisma.user.findMany())
    expect(other).toHaveBeenCalledOnce()
    expect(prisma.$cache.stats()).toMatchObject({ misses: 1, fills: 1, errors: 0 })
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/^a listener of 'miss' threw: Error: of the listener/),
      { type: 'CacheAsideWarning', code: 'CACHE_LISTENER' },
    )
  })
})
