import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { PrismaClient } from '../../generated/sqlite/client/client.js'
import { accelerateCompatible } from '../../src/accelerate/index.js'
import { memory } from '../../src/index.js'
import { createDatabase } from '../support/databases.js'

afterEach(() => {
  vi.useRealTimers()
})

async function openShop() {
  const database = await createDatabase('sqlite')
  onTestFinished(() => database.drop())
  const connection = database.connect()
  const { statements } = connection
  // The client of an application: the names of its types are those that applications see.
  const client: PrismaClient = connection.client
  await client.user.create({ data: { email: 'ann', posts: { create: { title: 'one' } } } })
  const prisma = client.$extends(accelerateCompatible({ store: memory(), jitter: 0 }))
  const selects = () => statements.filter((sql) => sql.startsWith('SELECT')).length
  return { prisma, client, selects, database }
}

const where = { id: 1 }

describe('a read', () => {
  it('with a cache strategy is cached, and without one it is not', async () => {
    const { prisma, selects } = await openShop()
    const cacheStrategy = { ttl: 60 }
    const before = selects()
    await prisma.user.findMany()
    await prisma.user.findMany()
    await prisma.user.findMany({ cacheStrategy: {} })
    await prisma.user.findMany({ cacheStrategy: { tags: ['all'] } })
    expect(selects() - before).toBe(4)
    await prisma.user.findMany({ cacheStrategy })
    const [user] = await prisma.user.findMany({ cacheStrategy })
    expect(user).toMatchObject({ email: 'ann' })
    expect(selects() - before).toBe(5)
    expect(await prisma.user.count({ cacheStrategy })).toBe(1)
    expect(await prisma.user.findUnique({ where, cacheStrategy }).posts()).toHaveLength(1)
  })

  it('sees every write, as Accelerate does not', async () => {
    const { prisma } = await openShop()
    const read = () => prisma.user.findUnique({ where, cacheStrategy: { ttl: 3600, swr: 3600 } })
    await read()
    await prisma.user.update({ where, data: { name: 'Ann' } })
    expect(await read()).toMatchObject({ name: 'Ann' })
  })

  it('may have a ttl of many seconds, and any tags', async () => {
    const { prisma } = await openShop()
    const tags = ['a-b', 'c d', 'é', ...Array.from({ length: 10 }, (_, index) => `tag${index}`)]
    const read = () => prisma.user.findMany({ cacheStrategy: { ttl: 604_800, tags } })
    await read()
    expect((await read().withAccelerateInfo()).info.cacheStatus).toBe('ttl')
    await prisma.$accelerate.invalidate({ tags: ['c d'] })
    expect((await read().withAccelerateInfo()).info.cacheStatus).toBe('miss')
  })

  it.each([
    [{ ttl: '5m' }, "cacheStrategy.ttl: expected a number of seconds, got '5m'"],
    [{ swr: -1 }, 'cacheStrategy.swr: expected a number of seconds, got -1'],
    [{ tll: 5 }, "unknown option 'tll' in cacheStrategy; did you mean 'ttl'?"],
    [{ ttl: 5, tags: 'home' }, 'tags'],
  ])('refuses the strategy %j', async (cacheStrategy, message) => {
    const { prisma } = await openShop()
    const read = prisma.user.findMany({ cacheStrategy } as never) as Promise<unknown>
    await expect(read).rejects.toThrow(message)
  })

  it('refuses a strategy in writes, and beside the argument cache', async () => {
    const { prisma } = await openShop()
    const cacheStrategy = { ttl: 5 }
    const both = prisma.user.findMany({ cacheStrategy, cache: true })
    await expect(both).rejects.toThrow('got both')
    // @ts-expect-error a write
    const write: Promise<unknown> = prisma.user.delete({ where, cacheStrategy })
    await expect(write).rejects.toThrow('expected in reads only, got one in delete')
  })

  it('works in transactions, where it is not cached', async () => {
    const { prisma } = await openShop()
    const cacheStrategy = { ttl: 60 }
    const [users, count] = await prisma.$transaction([
      prisma.user.findMany({ cacheStrategy }),
      prisma.post.count({ cacheStrategy }),
    ])
    expect([users.length, count]).toEqual([1, 1])
    await prisma.$transaction(async (tx) => {
      const { info } = await tx.user.findMany({ cacheStrategy }).withAccelerateInfo()
      expect(info.cacheStatus).toBe('miss')
    })
  })
})

describe('withAccelerateInfo', () => {
  it('tells the four states', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
    const { prisma } = await openShop()
    const read = async (cacheStrategy?: { ttl?: number; swr?: number }) =>
      (await prisma.user.findMany({ ...(cacheStrategy && { cacheStrategy }) }).withAccelerateInfo())
        .info
    expect(await read()).toMatchObject({ cacheStatus: 'none', signature: 'unspecified' })
    const missed = await read({ ttl: 60, swr: 60 })
    expect(missed).toEqual({
      cacheStatus: 'miss',
      lastModified: new Date(1_000_000),
      region: 'unspecified',
      requestId: expect.any(String),
      signature: expect.stringMatching(/./),
    })
    vi.setSystemTime(1_030_000)
    const hit = await read({ ttl: 60, swr: 60 })
    expect(hit).toMatchObject({ cacheStatus: 'ttl', lastModified: new Date(1_000_000) })
    expect(hit.signature).toBe(missed.signature)
    vi.setSystemTime(1_070_000)
    expect(await read({ ttl: 60, swr: 60 })).toMatchObject({ cacheStatus: 'swr' })
  })

  it('serves a strategy with swr alone while it is asked again', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
    const { prisma } = await openShop()
    const read = () => prisma.user.findMany({ cacheStrategy: { swr: 60 } }).withAccelerateInfo()
    expect((await read()).info.cacheStatus).toBe('miss')
    vi.setSystemTime(1_001_000)
    expect((await read()).info.cacheStatus).toBe('swr')
  })

  it('stays after further extensions, beside withCacheInfo', async () => {
    const { prisma } = await openShop()
    const client = prisma.$extends({ client: { $hello: () => 'hello' } })
    const cacheStrategy = { ttl: 60 }
    const { data } = await client.user.findUnique({ where, cacheStrategy }).withAccelerateInfo()
    expect(data?.email).toBe('ann')
    const { info } = await client.user.findUnique({ where, cacheStrategy }).withCacheInfo()
    expect(info.status).toBe('hit')
  })
})

describe('$accelerate', () => {
  it('invalidates all', async () => {
    const { prisma } = await openShop()
    const read = () => prisma.user.count({ cacheStrategy: { ttl: 60 } }).withAccelerateInfo()
    await read()
    expect(await prisma.$accelerate.invalidateAll()).toEqual({ requestId: expect.any(String) })
    expect((await read()).info.cacheStatus).toBe('miss')
  })

  it('refuses what is no list of tags', async () => {
    const { prisma } = await openShop()
    const given = { tag: ['home'] } as never
    await expect(prisma.$accelerate.invalidate(given)).rejects.toThrow('$accelerate.invalidate')
  })
})

it('refuses a client in the place of options', async () => {
  const { client } = await openShop()
  expect(() => client.$extends(accelerateCompatible as never)).toThrow(
    'accelerateCompatible: expected options, got a Prisma Client',
  )
})
