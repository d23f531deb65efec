import { deepStrictEqual } from 'node:assert'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { PrismaClient } from '../../generated/sqlite/client/client.js'
import { cacheAside, memory } from '../../src/index.js'
import { openShop } from '../support/shop.js'

afterEach(() => {
  vi.useRealTimers()
})

const where = { id: 1 }

async function openStaffed() {
  const shop = await openShop({ ttl: 60, negativeTtl: 5 })
  await shop.plain.user.create({
    data: { email: 'ann', posts: { create: [{ title: 'one' }, { title: 'two' }] } },
  })
  return shop
}

type Cached = Awaited<ReturnType<typeof openShop>>['prisma']

const reads = {
  findUnique: (prisma: Cached) => prisma.user.findUnique({ where }),
  findUniqueOrThrow: (prisma: Cached) => prisma.user.findUniqueOrThrow({ where }),
  findFirst: (prisma: Cached) => prisma.user.findFirst(),
  findFirstOrThrow: (prisma: Cached) => prisma.user.findFirstOrThrow({ include: { posts: true } }),
  findMany: (prisma: Cached) => prisma.post.findMany({ orderBy: { id: 'asc' } }),
  count: (prisma: Cached) => prisma.post.count(),
  aggregate: (prisma: Cached) => prisma.post.aggregate({ _max: { id: true } }),
  groupBy: (prisma: Cached) => prisma.post.groupBy({ by: 'authorId', _count: true }),
  'the fluent API': (prisma: Cached) => prisma.user.findUnique({ where }).posts(),
  'the fluent API, chained': (prisma: Cached) =>
    prisma.post
      .findUnique({ where })
      .author()
      .posts({ where: { title: 'two' } }),
  'the fluent API of findFirst': (prisma: Cached) => prisma.user.findFirst().posts(),
}

describe('withCacheInfo', () => {
  it.each(Object.keys(reads) as (keyof typeof reads)[])(
    'reports how %s was answered',
    async (name) => {
      const { prisma, plain } = await openStaffed()
      const read = reads[name] as (prisma: Cached) => ReturnType<(typeof reads)['findMany']>
      const missed = await read(prisma).withCacheInfo()
      const hit = await read(prisma).withCacheInfo()
      const truth = await read(plain as unknown as Cached)
      expect(missed.info).toMatchObject({ status: 'miss', reason: 'absent' })
      expect(hit.info).toMatchObject({ status: 'hit', source: 'store' })
      deepStrictEqual(missed.data, truth)
      deepStrictEqual(hit.data, truth)
      // A read without it uses the same entry.
      await read(prisma)
      expect(prisma.$cache.stats()).toMatchObject({ hits: 2, misses: 1, fills: 1 })
    },
  )

  it('reports the times, the key and the tags', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { prisma } = await openStaffed()
    const read = () =>
      prisma.user.findMany({ include: { posts: true }, cache: { ttl: 60, tags: ['home'] } })
    const tags = expect.arrayContaining(['User', 'Post', '#home'])
    const known = { key: expect.any(String), tags }
    const missed = await read().withCacheInfo()
    expect(missed.info).toEqual({ ...known, status: 'miss', reason: 'absent', expiresInMs: 60_000 })
    vi.setSystemTime(Date.now() + 1_500)
    const { info } = await read().withCacheInfo()
    expect(info).toEqual({
      ...known,
      status: 'hit',
      source: 'store',
      ageMs: 1_500,
      expiresInMs: 58_500,
    })
    const nothing = await prisma.user.findUnique({ where: { id: 99 } }).withCacheInfo()
    expect(nothing).toMatchObject({ data: null, info: { status: 'miss', expiresInMs: 5_000 } })
  })

  it('reports a stale answer', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { prisma } = await openStaffed()
    const read = () => prisma.user.findMany({ cache: { ttl: 60, swr: 60 } })
    await read()
    vi.setSystemTime(Date.now() + 61_000)
    expect((await read().withCacheInfo()).info).toMatchObject({
      status: 'stale',
      reason: 'refreshing',
      ageMs: 61_000,
    })
  })

  it('reports why a read bypassed the cache', async () => {
    const { prisma } = await openStaffed()
    const reasonOf = async (read: {
      withCacheInfo(): Promise<{ info: { status: string; reason?: string } }>
    }) => {
      const { info } = await read.withCacheInfo()
      return `${info.status}: ${'reason' in info && info.reason}`
    }
    expect(await reasonOf(prisma.user.findMany({ cache: false }))).toBe('bypass: disabled')
    expect(await reasonOf(prisma.authorStats.findMany())).toBe('bypass: uncacheable')
    await prisma.$transaction(async (tx) => {
      expect(await reasonOf(tx.user.findMany())).toBe('bypass: transaction')
      await (tx as unknown as Cached).$transaction(async (inner) => {
        expect(await reasonOf(inner.user.findUnique({ where }).posts())).toBe('bypass: transaction')
      })
    })
  })

  it('reports each of several reads at the same time separately', async () => {
    const { prisma } = await openStaffed()
    await prisma.user.findMany()
    const [users, posts, none, joined] = await Promise.all([
      prisma.user.findMany().withCacheInfo(),
      prisma.post.findMany().withCacheInfo(),
      prisma.post.findMany({ cache: false }).withCacheInfo(),
      prisma.post.findMany().withCacheInfo(),
    ])
    expect(users.info).toMatchObject({ status: 'hit', source: 'store' })
    expect(posts.info.status).toBe('miss')
    expect(none.info.status).toBe('bypass')
    expect(joined.info).toMatchObject({ status: 'hit', source: 'flight' })
  })

  it('fails with the error of the read', async () => {
    const { prisma } = await openStaffed()
    const read = prisma.user.findUniqueOrThrow({ where: { id: 99 } }).withCacheInfo()
    await expect(read).rejects.toMatchObject({ code: 'P2025' })
  })

  it('reports the read itself, not one that an extension before the cache adds', async () => {
    const { client } = await openStaffed()
    const counting = client.$extends({
      query: {
        user: {
          async findMany({ args, query }) {
            await prisma.user.findMany({ where: { id: 5 } })
            return query(args)
          },
        },
      },
    })
    const prisma = client.$extends(cacheAside({ store: memory() }))
    const both = counting.$extends(cacheAside({ store: memory() }))
    await both.user.findMany()
    const { data, info } = await both.user.findMany().withCacheInfo()
    expect(data).toHaveLength(1)
    expect(info).toMatchObject({ status: 'hit', source: 'store' })
  })

  it('reports `unseen` where another extension answers the read', async () => {
    const { client } = await openStaffed()
    const answering = client
      .$extends({ query: { user: { findMany: async () => [] } } })
      .$extends(cacheAside({ store: memory() }))
    expect(await answering.user.findMany().withCacheInfo()).toEqual({
      data: [],
      info: { status: 'bypass', reason: 'unseen' },
    })
  })
})

describe('a client with withCacheInfo', () => {
  it('runs batches in order, as one transaction', async () => {
    const { prisma } = await openStaffed()
    const [created, users, posts] = await prisma.$transaction([
      prisma.user.create({ data: { email: 'bob' } }),
      prisma.user.findMany(),
      prisma.user.findUnique({ where }).posts(),
    ])
    expect(created.email).toBe('bob')
    expect(users).toHaveLength(2)
    expect(posts).toHaveLength(2)
    const failed = prisma.$transaction([
      prisma.user.create({ data: { email: 'cat' } }),
      prisma.user.create({ data: { email: 'bob' } }),
    ])
    await expect(failed).rejects.toMatchObject({ code: 'P2002' })
    expect(await prisma.user.count()).toBe(2)
  })

  it('can be extended, and the extended client has withCacheInfo, too', async () => {
    const { prisma } = await openStaffed()
    const seen: string[] = []
    const later = prisma
      .$extends({
        query: {
          $allOperations({ operation, args, query }) {
            seen.push(operation)
            return query(args)
          },
        },
      })
      .$extends({
        model: {
          user: {
            emails: async () => (await prisma.user.findMany()).map(({ email }) => email),
          },
          $allModels: {
            async exists<T>(this: T) {
              return (await (this as unknown as Cached['user']).count()) > 0
            },
          },
        },
        result: {
          user: { shout: { needs: { email: true }, compute: ({ email }) => email.toUpperCase() } },
        },
      })
    expect(await later.user.emails()).toEqual(['ann'])
    expect(await later.user.exists()).toBe(true)
    const { data, info } = await later.post.findMany().withCacheInfo()
    expect([data.length, info.status]).toEqual([2, 'miss'])
    expect((await later.user.findFirstOrThrow()).shout).toBe('ANN')
    expect(seen).toContain('findMany')
    await later.$transaction(async (tx) => {
      expect(await tx.user.exists()).toBe(true)
      expect((await tx.post.findMany().withCacheInfo()).info.status).toBe('bypass')
    })
  })

  it('otherwise behaves as before', async () => {
    const { prisma } = await openStaffed()
    const { client } = await openStaffed()
    expect(Object.keys(prisma.user).sort()).toEqual(
      Object.keys((client as PrismaClient).user).sort(),
    )
    expect('user' in prisma).toBe(true)
    expect('usr' in prisma).toBe(false)
    expect(prisma.user).toBe(prisma.user)
    expect(String(prisma.user.findMany()[Symbol.toStringTag])).toBe('PrismaPromise')
    expect(await prisma.user.findMany().finally(() => undefined)).toHaveLength(1)
    expect(await prisma.user.count().then((count) => count + 1)).toBe(2)
    await expect(prisma.user.findMany({ wher: {} } as object).catch(() => 'caught')).resolves.toBe(
      'caught',
    )
  })
})

describe('a method of a model', () => {
  it('is the same function each time', async () => {
    const { prisma } = await openStaffed()
    const { user } = prisma
    expect(prisma.user).toBe(user)
    for (const name of ['findFirst', 'findMany', 'count', 'create', 'update'] as const) {
      expect(prisma.user[name]).toBe(user[name])
    }
  })

  it('can be replaced by a spy, and restored', async () => {
    const { prisma } = await openStaffed()
    const original = prisma.user.findFirst
    const spy = vi.spyOn(prisma.user, 'findFirst')
    expect(prisma.user.findFirst).toBe(spy)
    expect(await prisma.user.findFirst()).toMatchObject({ email: 'ann' })
    expect(spy).toHaveBeenCalledTimes(1)
    spy.mockResolvedValueOnce(null)
    expect(await prisma.user.findFirst()).toBeNull()
    spy.mockRestore()
    expect(prisma.user.findFirst).toBe(original)
    const { info } = await prisma.user.findFirst().withCacheInfo()
    expect(info).toMatchObject({ status: 'hit' })
  })

  it('can be replaced by assignment, and so can a model', async () => {
    const { prisma } = await openStaffed()
    const fake = vi.fn()
    Object.assign(prisma.user, { findMany: fake, create: fake })
    expect(prisma.user.findMany).toBe(fake)
    expect(prisma.user.create).toBe(fake)
    const model = { findMany: fake }
    Object.assign(prisma, { post: model })
    expect(prisma.post).toBe(model)
  })
})
