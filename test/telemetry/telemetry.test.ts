import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type CacheEvents, cacheAside, memory } from '../../src/index.js'
import { createDatabase } from '../support/databases.js'

type Recorded = {
  [K in keyof CacheEvents]: readonly [name: K, event: CacheEvents[K]]
}[keyof CacheEvents]

const names = ['hit', 'miss', 'bypass', 'fill', 'touch', 'error'] as const

/** An empty shop, and all that its cache tells. */
async function openShop() {
  const database = await createDatabase('sqlite')
  onTestFinished(() => database.drop())
  const store = memory()
  const prisma = database.connect().client.$extends(cacheAside({ store }))
  const events: Recorded[] = []
  for (const name of names) {
    prisma.$cache.on(name, (event) => events.push([name, event] as Recorded))
  }
  /** What is told while a call runs. */
  const told = async (call: () => PromiseLike<unknown>) => {
    events.length = 0
    await call()
    return [...events]
  }
  return { store, prisma, told }
}

afterEach(() => {
  vi.useRealTimers()
})

const read = { model: 'User', operation: 'findMany' }
const keyed = { ...read, key: expect.any(String) }

describe('the events of', () => {
  it('a read that is not in the store are a miss and a fill', async () => {
    const { prisma, told } = await openShop()
    expect(await told(() => prisma.user.findMany())).toEqual([
      ['miss', { ...keyed, reason: 'absent' }],
      ['fill', { ...keyed, outcome: 'stored', bytes: expect.any(Number) }],
    ])
  })

  it('a read that is in the store are a hit, with the age of the answer', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { prisma, told } = await openShop()
    await prisma.user.findMany()
    vi.setSystemTime(Date.now() + 1_234)
    expect(await told(() => prisma.user.findMany())).toEqual([
      ['hit', { ...keyed, source: 'store', age: 1_234 }],
    ])
  })

  it('two reads at once are a miss, a fill, and a hit of the flight', async () => {
    const { prisma, told } = await openShop()
    const events = await told(() => Promise.all([prisma.user.findMany(), prisma.user.findMany()]))
    expect(events.map(([name]) => name).sort()).toEqual(['fill', 'hit', 'miss'])
    expect(events).toContainEqual(['hit', { ...keyed, source: 'flight', age: expect.any(Number) }])
  })

  it('a write are one touch, of all that it may have changed', async () => {
    const { prisma, told } = await openShop()
    const data = { email: 'ann', posts: { create: { title: 'one' } } }
    expect(await told(() => prisma.user.create({ data }))).toEqual([
      ['touch', { tags: expect.arrayContaining(['User', 'Post']) }],
    ])
  })

  it('a write that is refused are none', async () => {
    const { prisma, told } = await openShop()
    const refused = () => prisma.user.delete({ where: { id: 1 } }).catch(() => undefined)
    expect(await told(refused)).toEqual([])
  })

  it('a read that a write has invalidated are a miss for that', async () => {
    const { prisma, told } = await openShop()
    await prisma.user.findMany()
    await prisma.user.create({ data: { email: 'ann' } })
    expect(await told(() => prisma.user.findMany())).toContainEqual([
      'miss',
      { ...keyed, reason: 'invalidated' },
    ])
  })

  it('a read whose answer is too old are a miss for that', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { prisma, told } = await openShop()
    await prisma.user.findMany({ cache: { ttl: 1 } })
    vi.setSystemTime(Date.now() + 1_001)
    expect(await told(() => prisma.user.findMany())).toContainEqual([
      'miss',
      { ...keyed, reason: 'expired' },
    ])
  })

  it('a read whose bytes are damaged are an error and a miss, and the next is a hit', async () => {
    const { store, prisma, told } = await openShop()
    const fill = vi.spyOn(store, 'fill')
    await prisma.user.findMany()
    const entry = fill.mock.calls[0]?.[1]
    if (entry !== undefined) entry.value[10] = (entry.value[10] ?? 0) ^ 1
    expect((await told(() => prisma.user.findMany())).slice(0, 2)).toEqual([
      [
        'error',
        { during: 'decode', error: expect.objectContaining({ message: 'damaged or truncated' }) },
      ],
      ['miss', { ...keyed, reason: 'unreadable' }],
    ])
    expect(await told(() => prisma.user.findMany())).toEqual([['hit', expect.anything()]])
  })

  it.each<[string, CacheEvents['bypass']['reason']]>([
    ['cache: false', 'disabled'],
    ['a transaction', 'transaction'],
    ['a computed field that is not known', 'uncacheable'],
  ])('a read with %s are a bypass', async (what, reason) => {
    const { prisma, told } = await openShop()
    const events = await told(async () => {
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
  it('are of what was told, by model and in all', async () => {
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
      touches: 1,
      errors: 0,
      models: {
        User: { hits: 2, misses: 2, bypasses: 0 },
        Post: { hits: 0, misses: 0, bypasses: 1 },
      },
    })
  })

  it('that were given do not change afterwards', async () => {
    const { prisma } = await openShop()
    await prisma.user.findMany()
    const before = prisma.$cache.stats()
    await prisma.user.findMany()
    expect(before).toMatchObject({ hits: 0, models: { User: { hits: 0 } } })
  })
})

describe('a listener', () => {
  it('is called no more once it was stopped, and others are', async () => {
    const { prisma, told } = await openShop()
    const [one, other] = [vi.fn(), vi.fn()]
    const stop = prisma.$cache.on('miss', one)
    prisma.$cache.on('miss', other)
    stop()
    await told(() => prisma.user.findMany())
    expect(one).not.toHaveBeenCalled()
    expect(other).toHaveBeenCalledOnce()
  })

  it('that throws fails neither the query nor the other listeners, and is warned of', async () => {
    const { prisma, told } = await openShop()
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    onTestFinished(() => warn.mockRestore())
    prisma.$cache.on('miss', () => {
      throw new Error('of the listener')
    })
    const other = vi.fn()
    prisma.$cache.on('miss', other)
    await told(() => prisma.user.findMany())
    expect(other).toHaveBeenCalledOnce()
    expect(prisma.$cache.stats()).toMatchObject({ misses: 1, fills: 1, errors: 0 })
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/^a listener of 'miss' threw: Error: of the listener/),
      { type: 'CacheAsideWarning', code: 'CACHE_LISTENER' },
    )
  })
})
