import { deepStrictEqual } from 'node:assert'
import { createRequire } from 'node:module'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { PrismaClient } from '../generated/sqlite/client/client.js'
import { type CacheAsideOptions, cacheAside, memory } from '../src/index.js'
import type { Store } from '../src/store/store.js'
import { createDatabase, type Provider } from './support/databases.js'

const js: typeof import('../generated/sqlite/client-js/index.js') = createRequire(import.meta.url)(
  '../generated/sqlite/client-js',
)

type Cached = ReturnType<typeof extend>

function extend(client: PrismaClient, options: CacheAsideOptions = {}) {
  return client.$extends(cacheAside({ store: memory(), ...options }))
}

interface Opening extends CacheAsideOptions {
  readonly provider?: Provider
}

/** Opens a shop with two users and three posts. It has a client with the cache, and a plain one to compare with. */
async function openShop({ provider = 'sqlite', ...options }: Opening = {}) {
  const database = await createDatabase(provider)
  onTestFinished(() => database.drop())
  const plain = database.connect().client
  await plain.team.create({ data: { id: 1, name: 'red' } })
  await plain.user.create({
    data: {
      email: 'ann',
      handle: 'h1',
      score: 1.5,
      posts: { create: [{ title: 'one', tags: { create: { name: 'new' } } }, { title: 'two' }] },
      memberships: { create: { org: { create: { name: 'shop' } } } },
      profile: { create: { bio: 'x' } },
    },
  })
  await plain.user.create({ data: { email: 'bob', posts: { create: { title: 'three' } } } })
  await plain.everything.create({
    data: { bigint: 5n, decimal: '1.10', date: new Date(-1), bytes: new Uint8Array([1]), json: {} },
  })
  const { client, statements } = database.connect()
  /** Returns the result of a call, and the number of its SQL statements. */
  async function watch<T>(call: () => PromiseLike<T>) {
    const before = statements.length
    const value = await call()
    return { value, sql: statements.length - before }
  }
  return { database, plain, client, prisma: extend(client, options), watch }
}

/** Makes another client of the same database, of the other generator or with other options. */
function anotherClient(
  client: PrismaClient,
  Client: new (options: never) => unknown = client.constructor as never,
  options: object = {},
): PrismaClient {
  const { adapter } = (client as unknown as { _engineConfig: { adapter: unknown } })._engineConfig
  const another = new Client({ adapter, ...options } as never) as PrismaClient
  onTestFinished(() => another.$disconnect())
  return another
}

/** Gives a plain client the type of an extended one, which takes the same calls and also `cache`. */
function asCached(client: object): Cached {
  return client as Cached
}

const where = { id: 1 }

/** These are the kinds of reads. The plain client gives the right answer of each. */
const reads: Record<string, (prisma: Cached) => PromiseLike<unknown>> = {
  findUnique: (prisma) => prisma.user.findUnique({ where }),
  'findUnique by several fields': (prisma) =>
    prisma.membership.findUnique({ where: { userId_orgId: { userId: 1, orgId: 1 } } }),
  'findUnique of a row that does not exist': (prisma) =>
    prisma.user.findUnique({ where: { id: 99 } }),
  findUniqueOrThrow: (prisma) => prisma.user.findUniqueOrThrow({ where }),
  findFirst: (prisma) => prisma.post.findFirst({ where: { author: { name: null } } }),
  findFirstOrThrow: (prisma) => prisma.post.findFirstOrThrow({ skip: 1 }),
  findMany: (prisma) => prisma.user.findMany({ include: { posts: { include: { tags: true } } } }),
  'findMany of every type': (prisma) => prisma.everything.findMany(),
  'findMany with distinct and a cursor': (prisma) =>
    prisma.post.findMany({ distinct: ['title'], cursor: { id: 2 }, take: 2 }),
  'findMany with _count': (prisma) =>
    prisma.user.findMany({ select: { _count: { select: { posts: true } } } }),
  'findMany with omit': (prisma) => prisma.user.findMany({ omit: { email: true } }),
  count: (prisma) => prisma.post.count(),
  'count of fields': (prisma) => prisma.user.count({ select: { _all: true, handle: true } }),
  aggregate: (prisma) =>
    prisma.everything.aggregate({ _sum: { decimal: true }, _max: { bigint: true } }),
  groupBy: (prisma) => prisma.post.groupBy({ by: 'authorId', _count: true }),
  'the fluent API': (prisma) => prisma.user.findUnique({ where }).posts(),
  'the fluent API of one row': (prisma) => prisma.post.findUnique({ where }).author(),
  'the fluent API, chained': (prisma) =>
    prisma.profile
      .findUnique({ where })
      .user()
      .posts({ where: { title: 'two' } }),
  'the fluent API of findFirst': (prisma) => prisma.user.findFirst({ where }).profile(),
}

describe.each(['prisma-client', 'prisma-client-js'])('with %s, the second read', (generator) => {
  it.each(Object.keys(reads))('has the same answer without SQL: %s', async (name) => {
    const { client, plain } = await openShop()
    const uncached = generator === 'prisma-client' ? plain : anotherClient(client, js.PrismaClient)
    const statements: string[] = []
    const base = anotherClient(client, uncached.constructor as never, {
      log: [{ emit: 'event', level: 'query' }],
    })
    ;(base as PrismaClient<'query'>).$on('query', ({ query }) => statements.push(query))
    const prisma = extend(base)
    const read = reads[name] as (prisma: Cached) => PromiseLike<unknown>

    const missed = await read(prisma)
    const sent = statements.length
    const hit = await read(prisma)
    expect(sent).toBeGreaterThan(0)
    expect(statements.length).toBe(sent)
    deepStrictEqual(missed, await read(asCached(uncached)))
    deepStrictEqual(hit, missed)
  })
})

describe('a write is seen by the next read:', () => {
  const data = { email: 'cat' }
  const writes: Record<string, (prisma: Cached) => PromiseLike<unknown>> = {
    create: (prisma) => prisma.user.create({ data }),
    createMany: (prisma) => prisma.user.createMany({ data: [data] }),
    createManyAndReturn: (prisma) => prisma.user.createManyAndReturn({ data }),
    update: (prisma) => prisma.user.update({ where, data }),
    updateMany: (prisma) => prisma.user.updateMany({ data: { name: 'n' } }),
    updateManyAndReturn: (prisma) => prisma.user.updateManyAndReturn({ data: { name: 'n' } }),
    'upsert that creates': (prisma) =>
      prisma.user.upsert({ where: { id: 9 }, create: data, update: {} }),
    'upsert that updates': (prisma) => prisma.user.upsert({ where, create: data, update: data }),
    delete: (prisma) => prisma.user.delete({ where }),
    deleteMany: (prisma) => prisma.user.deleteMany(),
    'a nested create': (prisma) =>
      prisma.team.update({
        where,
        data: { memberships: { create: { userId: 2, orgId: 1 } } },
      }),
    'a nested disconnect': (prisma) =>
      prisma.tag.update({ where, data: { posts: { disconnect: { id: 1 } } } }),
    'a fluent update': (prisma) => prisma.user.update({ where, data }).posts(),
    $executeRaw: (prisma) => prisma.$executeRaw`UPDATE "User" SET "name" = ${'n'}`,
    $executeRawUnsafe: (prisma) => prisma.$executeRawUnsafe('UPDATE posts SET title = ?', 'raw'),
    $queryRaw: (prisma) => prisma.$queryRaw`UPDATE "User" SET "name" = 'n' RETURNING "id"`,
    $queryRawUnsafe: (prisma) =>
      prisma.$queryRawUnsafe('DELETE FROM "User" WHERE "id" = 2 RETURNING "id"'),
  }
  const everything = (prisma: Cached) =>
    prisma.user.findMany({
      orderBy: { id: 'asc' },
      include: { memberships: true, posts: { include: { tags: true } } },
    })

  it.each(Object.keys(writes))('%s', async (name) => {
    const { prisma, plain, watch } = await openShop()
    const before = await everything(prisma)
    expect((await watch(() => everything(prisma))).sql).toBe(0)
    await writes[name]?.(prisma)
    const after = await everything(prisma)
    expect(after).not.toEqual(before)
    deepStrictEqual(after, await everything(asCached(plain)))
  })

  it('also by the next read of another client with the same store', async () => {
    const store = memory()
    const { prisma, client } = await openShop({ store })
    const other = extend(anotherClient(client), { store })
    await other.user.findUnique({ where })
    await prisma.user.update({ where, data: { name: 'new' } })
    expect(await other.user.findUnique({ where })).toMatchObject({ name: 'new' })
    expect(other.$cache.stats().misses).toBe(2)
  })

  it('but a raw query that only reads invalidates nothing', async () => {
    const { prisma, watch } = await openShop()
    await prisma.user.findMany()
    await prisma.$queryRaw`SELECT * FROM "User"`
    expect((await watch(() => prisma.user.findMany())).sql).toBe(0)
  })
})

describe('an answer', () => {
  it('may be changed by its reader without changing the next answer', async () => {
    const { prisma, plain } = await openShop()
    const read = (from: Cached) => from.everything.findFirstOrThrow()
    for (let n = 0; n < 3; n += 1) {
      const row = await read(prisma)
      row.date?.setTime(n)
      row.bytes?.fill(7)
      Object.assign(row.json as object, { changed: n })
    }
    deepStrictEqual(await read(prisma), await read(asCached(plain)))
    expect(prisma.$cache.stats().hits).toBe(3)
  })

  it('is queried once for fifty reads at the same time, and each gets a copy', async () => {
    const { prisma, watch } = await openShop()
    const read = () => prisma.user.findMany({ where: { email: 'ann' } })
    const { value, sql } = await watch(() => Promise.all(Array.from({ length: 50 }, read)))
    expect(sql).toBe(1)
    expect(new Set(value).size).toBe(50)
    expect(new Set(value.map(([row]) => row)).size).toBe(50)
    for (const rows of value) deepStrictEqual(rows, value[0])
    expect(prisma.$cache.stats()).toMatchObject({ misses: 1, hits: 49, fills: 1 })
  })

  it('of several findUnique calls in one tick takes one statement', async () => {
    const { prisma, plain, watch } = await openShop()
    const ids = [1, 2, 3]
    const read = (from: Cached) =>
      Promise.all(ids.map((id) => from.post.findUnique({ where: { id } })))
    const { value, sql } = await watch(() => read(prisma))
    expect(sql).toBe(1)
    deepStrictEqual(value, await read(asCached(plain)))
  })

  it('that is an error is not stored', async () => {
    const { prisma, watch } = await openShop()
    const read = () => prisma.user.findUniqueOrThrow({ where: { id: 3 } })
    await expect(read()).rejects.toMatchObject({ code: 'P2025' })
    await expect(Promise.all([read(), read()])).rejects.toMatchObject({ code: 'P2025' })
    await prisma.user.create({ data: { email: 'cat' } })
    expect((await watch(read)).value).toMatchObject({ email: 'cat' })
  })
})

describe('the cache argument', () => {
  it('false queries the database, and stores nothing', async () => {
    const { prisma, watch } = await openShop()
    await prisma.user.findMany({ cache: false })
    expect((await watch(() => prisma.user.findMany({ cache: false }))).sql).toBe(1)
    expect((await watch(() => prisma.user.findMany())).sql).toBe(1)
    expect(prisma.$cache.stats()).toMatchObject({ hits: 0, misses: 1, bypasses: 2 })
  })

  it('with a ttl uses the same entry as without', async () => {
    const { prisma, watch } = await openShop()
    await prisma.user.findMany({ cache: { ttl: '1h' } })
    expect((await watch(() => prisma.user.findMany({ cache: true }))).sql).toBe(0)
    expect((await watch(() => prisma.user.findMany())).sql).toBe(0)
  })

  it('with a scope uses an entry of that scope', async () => {
    const { prisma, watch } = await openShop()
    const read = (scope: string) => watch(() => prisma.user.findMany({ cache: { scope } }))
    expect((await read('a')).sql).toBe(1)
    expect((await read('b')).sql).toBe(1)
    expect((await read('a')).sql).toBe(0)
  })

  it('true caches reads that the options exclude, but not models that they exclude', async () => {
    const { prisma, watch } = await openShop({ operations: ['count'], models: { Post: false } })
    const again = async (read: () => PromiseLike<unknown>) => {
      await read()
      return (await watch(read)).sql
    }
    expect(await again(() => prisma.user.findMany())).toBe(1)
    expect(await again(() => prisma.user.count())).toBe(0)
    expect(await again(() => prisma.user.findMany({ cache: true }))).toBe(0)
    expect(await again(() => prisma.post.count({ cache: true }))).toBe(1)
    expect(await again(() => prisma.user.count({ where: { posts: { some: {} } } }))).toBe(1)
  })

  it('is needed with mode opt-in', async () => {
    const { prisma, watch } = await openShop({ mode: 'opt-in' })
    for (const cache of [undefined, true, { ttl: 5 }]) {
      const args = cache === undefined ? {} : { cache }
      await prisma.user.findMany(args)
      expect((await watch(() => prisma.user.findMany(args))).sql).toBe(cache === undefined ? 1 : 0)
    }
  })
})

describe('an answer expires', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each<[string, CacheAsideOptions, { readonly ttl: number } | true, number]>([
    ['the cache', { ttl: 30 }, true, 30_000],
    ['the model', { ttl: 30, models: { Org: { ttl: 90 } } }, true, 90_000],
    ['the query', { ttl: 30, models: { Org: { ttl: 90 } } }, { ttl: 5 }, 5_000],
  ])('when the ttl of %s is over, and not before', async (_, options, cache, ttl) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { prisma, watch } = await openShop({ jitter: 0, ...options })
    const read = () => watch(() => prisma.org.findMany({ cache }))
    await read()
    vi.setSystemTime(Date.now() + ttl)
    expect((await read()).sql).toBe(0)
    vi.setSystemTime(Date.now() + 1)
    expect((await read()).sql).toBe(1)
    expect((await read()).sql).toBe(0)
  })
})

describe('extensions and options of the client', () => {
  const result = {
    user: {
      label: {
        needs: { email: true, name: true },
        compute: (user: { email: string; name: string | null }) => `${user.email}/${user.name}`,
      },
    },
  } as const

  it('a client with a global omit has entries of its own', async () => {
    const store = memory()
    const { prisma, client } = await openShop({ store })
    const omitting = extend(anotherClient(client, undefined, { omit: { user: { email: true } } }), {
      store,
    })
    for (let n = 0; n < 2; n += 1) {
      expect(await prisma.user.findFirst()).toHaveProperty('email')
      expect(await omitting.user.findFirst()).not.toHaveProperty('email')
      expect(await omitting.post.findFirst({ include: { author: true } })).not.toHaveProperty(
        'author.email',
      )
      expect(await omitting.user.findFirst({ omit: { email: false } })).toHaveProperty('email')
    }
  })

  /** Reads rows with computed fields, and returns them as plain objects. */
  async function shown(from: PrismaClient) {
    const rows = [
      await from.user.findFirst(),
      await from.user.findFirst({ omit: { email: true } }),
      await from.user.findFirst({ omit: { name: true, id: true } }),
      await from.user.findFirst({ select: { id: true, ...({ label: true } as object) } }),
      await from.post.findFirst({ include: { author: { omit: { email: true } } } }),
    ]
    return JSON.parse(JSON.stringify(rows))
  }

  it.each(['before', 'after'])(
    'computed fields of an extension %s the cache are right',
    async (order) => {
      const store = memory()
      const { prisma, plain, client } = await openShop({ store })
      const computing = (order === 'before'
        ? client.$extends({ result }).$extends(cacheAside({ store }))
        : prisma.$extends({ result })) as unknown as PrismaClient
      const truth = {
        computing: await shown(plain.$extends({ result }) as unknown as PrismaClient),
        // The plain client has no label to select.
        prisma: await plain.user.findFirst({ omit: { email: true } }),
      }
      expect(truth.computing).toMatchObject([
        { label: 'ann/null' },
        { label: 'ann/null' },
        {},
        {},
        {},
      ])
      for (let n = 0; n < 2; n += 1) {
        deepStrictEqual(await shown(computing), truth.computing)
        deepStrictEqual(await prisma.user.findFirst({ omit: { email: true } }), truth.prisma)
      }
      const { stats } = asCached(computing).$cache
      // After the cache, the other client's read is counted, too.
      expect(stats()).toMatchObject({ hits: order === 'before' ? 5 : 6, bypasses: 0 })
    },
  )

  it('a computed field that an extension after the cache redefines gets the fields that it needs', async () => {
    const { client } = await openShop()
    const compute = (row: object) => Object.keys(row).join()
    const first = client
      .$extends({ result: { user: { label: { needs: { email: true }, compute } } } })
      .$extends(cacheAside({ store: memory() }))
    const second = first.$extends({
      result: { user: { label: { needs: { handle: true }, compute } } },
    })
    for (let n = 0; n < 2; n += 1) {
      const select = { label: true }
      expect((await first.user.findUnique({ where, select }))?.label).toBe('email')
      expect((await second.user.findUnique({ where, select }))?.label).toBe('handle,label')
    }
  })

  it('a query extension after the cache runs for reads that the cache does not answer', async () => {
    const { prisma } = await openShop()
    const seen: unknown[] = []
    const observed = prisma.$extends({
      query: {
        $allOperations({ args, query }) {
          seen.push(args)
          return query(args)
        },
      },
    })
    await observed.user.findMany({ cache: { ttl: 5 } })
    await observed.user.findMany({ cache: { ttl: 5 } })
    expect(seen).toEqual([{}])
  })

  it('each load strategy has entries of its own', async () => {
    const { prisma, watch } = await openShop({ provider: 'postgresql' })
    const read = (relationLoadStrategy: 'join' | 'query') =>
      watch(() =>
        prisma.user.findMany({
          orderBy: { id: 'asc' },
          include: { posts: { orderBy: { id: 'asc' } } },
          ...{ relationLoadStrategy },
        }),
      )
    const [joined, queried] = [await read('join'), await read('query')]
    expect([joined.sql, queried.sql]).toEqual([1, 2])
    deepStrictEqual(joined.value, queried.value)
    expect((await read('join')).sql + (await read('query')).sql).toBe(0)
  })

  it('the order of keys in a JSON filter matters on SQLite', async () => {
    const { prisma, plain } = await openShop()
    await plain.everything.create({ data: { json: { a: 1, b: 2 } } })
    const read = (json: object) => prisma.everything.count({ where: { json: { equals: json } } })
    expect(await read({ a: 1, b: 2 })).toBe(1)
    expect(await read({ b: 2, a: 1 })).toBe(0)
  })
})

describe('a view', () => {
  it('is cached and invalidated if `dependsOn` names the models that it reads', async () => {
    const { prisma, watch } = await openShop({ models: { AuthorStats: { dependsOn: ['Post'] } } })
    const read = () => prisma.authorStats.findMany({ where: { authorId: 1 } })
    expect(await read()).toEqual([{ authorId: 1, posts: 2 }])
    expect((await watch(read)).sql).toBe(0)
    await prisma.user.update({ where, data: { posts: { create: { title: 'four' } } } })
    expect(await read()).toEqual([{ authorId: 1, posts: 3 }])
  })

  it('is read from the database without `dependsOn`', async () => {
    const { prisma, watch } = await openShop()
    await prisma.authorStats.findMany()
    expect((await watch(() => prisma.authorStats.findMany())).sql).toBe(1)
  })
})

describe('$cache', () => {
  it('invalidates the reads that depend on a model, and no others', async () => {
    const { prisma, watch } = await openShop()
    const readAll = async () => [
      (await watch(() => prisma.user.findMany({ include: { posts: true } }))).sql > 0,
      (await watch(() => prisma.post.findMany())).sql > 0,
      (await watch(() => prisma.org.findMany())).sql > 0,
    ]
    await readAll()
    await prisma.$cache.invalidate('Post')
    expect(await readAll()).toEqual([true, true, false])
    await prisma.$cache.clear()
    expect(await readAll()).toEqual([true, true, true])
    expect(await readAll()).toEqual([false, false, false])
  })

  it('is also a property of a client that is extended later', async () => {
    const { prisma } = await openShop()
    const later = prisma.$extends({ model: { $allModels: { hello: () => 'hello' } } })
    await later.user.findMany()
    expect(later.$cache.stats()).toEqual(prisma.$cache.stats())
    expect(later.user.hello()).toBe('hello')
  })
})

describe('$disconnect', () => {
  it('closes the store, and the client can be used again', async () => {
    const store = memory()
    const close = vi.spyOn(store, 'close')
    const { prisma, watch } = await openShop({ store })
    await prisma.user.findMany()
    await prisma.$disconnect()
    expect(close).toHaveBeenCalledOnce()
    await prisma.user.findMany()
    expect((await watch(() => prisma.user.findMany())).sql).toBe(0)
  })
})

describe('a store that always fails', () => {
  const failing = (): Store =>
    new Proxy(memory(), { get: () => () => Promise.reject(new Error('the store is down')) })

  it('is reported, and the database answers every query', async () => {
    const { prisma, plain } = await openShop({ store: failing() })
    const failures = new Set<string>()
    prisma.$cache.on('error', ({ during }) => failures.add(during))
    for (const read of Object.values(reads)) {
      deepStrictEqual(await read(prisma), await read(asCached(plain)))
    }
    await prisma.user.create({ data: { email: 'cat' } })
    await prisma.$transaction((tx) => tx.user.update({ where, data: { name: 'n' } }))
    await prisma.$transaction([prisma.user.delete({ where: { email: 'cat' } })])
    await prisma.$executeRaw`UPDATE posts SET title = 'x'`
    expect(await prisma.user.findMany()).toEqual(await plain.user.findMany())
    expect(failures).toEqual(new Set(['lookup', 'announce', 'invalidate']))
    expect(prisma.$cache.stats()).toMatchObject({ hits: 0, misses: 0, fills: 0 })
  })
})

it('with strictUndefinedChecks, Prisma refuses an explicit undefined even if the answer is cached', async () => {
  const { client } = await openShop()
  const strict = anotherClient(client, client.constructor as never, {
    __internal: {
      configOverride: (config: { readonly previewFeatures: readonly string[] }) => ({
        ...config,
        previewFeatures: [...config.previewFeatures, 'strictUndefinedChecks'],
      }),
    },
  })
  const prisma = extend(strict)
  expect(await prisma.user.findMany({ where: {} })).toHaveLength(2)
  await expect(prisma.user.findMany({ where: { name: undefined as never } })).rejects.toThrow(
    'undefined',
  )
})
