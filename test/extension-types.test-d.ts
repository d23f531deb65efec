import type { Decimal } from '@prisma/client/runtime/client'
import { describe, expectTypeOf, it } from 'vitest'
import type {
  Comment,
  Document,
  Post,
  Prisma,
  PrismaClient,
  Profile,
  User,
} from '../generated/sqlite/client/client.js'
import type { PrismaClient as JsClient } from '../generated/sqlite/client-js/index.js'
import {
  type CacheControl,
  type CacheInfo,
  type CacheStats,
  cacheAside,
  OptimisticLockError,
  type OptimisticRetryError,
  retryOptimistic,
} from '../src/index.js'

declare const plain: PrismaClient
const prisma = plain.$extends(cacheAside())

const where = { id: 1 }

describe('a read returns', () => {
  it('rows', () => {
    expectTypeOf(prisma.user.findMany()).resolves.toEqualTypeOf<User[]>()
    expectTypeOf(prisma.user.findFirst()).resolves.toEqualTypeOf<User | null>()
    expectTypeOf(prisma.user.findFirstOrThrow()).resolves.toEqualTypeOf<User>()
    expectTypeOf(prisma.user.findUnique({ where })).resolves.toEqualTypeOf<User | null>()
    expectTypeOf(prisma.user.findUniqueOrThrow({ where })).resolves.toEqualTypeOf<User>()
  })

  it('the selected fields', () => {
    const rows = prisma.user.findMany({ select: { id: true, name: true }, cache: true })
    expectTypeOf(rows).resolves.toEqualTypeOf<{ id: number; name: string | null }[]>()
  })

  it('included relations, at any depth', () => {
    const row = prisma.user.findUniqueOrThrow({
      where,
      include: { posts: { select: { comments: true } }, manager: true },
      cache: { ttl: '5m' },
    })
    expectTypeOf(row).resolves.toEqualTypeOf<
      User & { posts: { comments: Comment[] }[]; manager: User | null }
    >()
  })

  it('no omitted fields', () => {
    const row = prisma.profile.findFirstOrThrow({ omit: { bio: true }, cache: false })
    expectTypeOf(row).resolves.toEqualTypeOf<Omit<Profile, 'bio'>>()
  })

  it('counts', () => {
    expectTypeOf(prisma.user.count({ cache: true })).resolves.toEqualTypeOf<number>()
    const counts = prisma.user.count({ select: { _all: true, name: true }, cache: true })
    expectTypeOf(counts).resolves.toEqualTypeOf<{ _all: number; name: number }>()
    const row = prisma.user.findFirstOrThrow({ select: { _count: { select: { posts: true } } } })
    expectTypeOf(row).resolves.toEqualTypeOf<{ _count: { posts: number } }>()
  })

  it('aggregates', () => {
    const sums = prisma.everything.aggregate({
      _sum: { decimal: true, bigint: true },
      _count: true,
      cache: true,
    })
    expectTypeOf(sums).resolves.toEqualTypeOf<{
      _sum: { decimal: Decimal | null; bigint: bigint | null }
      _count: number
    }>()
  })

  it('groups', () => {
    const groups = prisma.user.groupBy({
      by: ['role'],
      _count: { _all: true },
      _avg: { score: true },
      cache: true,
    })
    type Group = Awaited<typeof groups>[number]
    expectTypeOf<Group['role']>().toEqualTypeOf<User['role']>()
    expectTypeOf<Group['_count']>().toEqualTypeOf<{ _all: number }>()
    expectTypeOf<Group['_avg']>().toEqualTypeOf<{ score: number | null }>()
    expectTypeOf<keyof Group>().toEqualTypeOf<'role' | '_count' | '_avg'>()
  })
})

describe('the fluent API', () => {
  it('returns relations of a row that may be missing', () => {
    const row = prisma.user.findUnique({ where, cache: true })
    expectTypeOf(row.posts()).resolves.toEqualTypeOf<Post[] | null>()
    expectTypeOf(row.manager()).resolves.toEqualTypeOf<User | null>()
    expectTypeOf(row.profile().user()).resolves.toEqualTypeOf<User | null>()
    expectTypeOf(row.posts({ select: { id: true } })).resolves.toEqualTypeOf<
      { id: number }[] | null
    >()
  })

  it('returns relations of a row that must exist', () => {
    const row = prisma.post.findUniqueOrThrow({ where })
    expectTypeOf(row.comments()).resolves.toEqualTypeOf<Comment[]>()
    expectTypeOf(row.author()).resolves.toEqualTypeOf<User>()
    expectTypeOf(row.author().posts()).resolves.toEqualTypeOf<Post[]>()
    expectTypeOf(row.editor().posts()).resolves.toEqualTypeOf<Post[] | null>()
  })

  it('has no methods for other fields, and checks arguments', () => {
    // @ts-expect-error a scalar
    prisma.user.findUnique({ where }).name
    // @ts-expect-error a misspelt option
    prisma.user.findUnique({ where }).posts({ tak: 1 })
  })
})

describe('a transaction', () => {
  it('of a list returns a tuple', () => {
    const batch = prisma.$transaction([
      prisma.user.findMany({ cache: false }),
      prisma.post.count(),
      prisma.profile.create({ data: { bio: '', userId: 1 } }),
      prisma.$executeRaw`SELECT 1`,
    ])
    expectTypeOf(batch).resolves.toEqualTypeOf<[User[], number, Profile, number]>()
  })

  it('of a function passes it a client with the same reads', () => {
    const result = prisma.$transaction(
      async (tx) => {
        expectTypeOf(
          tx.user.findUnique({ where, cache: false }),
        ).resolves.toEqualTypeOf<User | null>()
        expectTypeOf(tx.user.findUnique({ where }).posts()).resolves.toEqualTypeOf<Post[] | null>()
        return 'done' as const
      },
      { isolationLevel: 'Serializable', timeout: 1 },
    )
    expectTypeOf(result).resolves.toEqualTypeOf<'done'>()
  })
})

describe('computed fields', () => {
  const result = {
    user: { label: { needs: { email: true }, compute: ({ email }: { email: string }) => email } },
  } as const

  it('of an extension before the cache are known', () => {
    const client = plain.$extends({ result }).$extends(cacheAside())
    expectTypeOf(client.user.findFirstOrThrow({ cache: true })).resolves.toHaveProperty('label')
    const row = client.user.findFirstOrThrow({ select: { label: true } })
    expectTypeOf(row).resolves.toEqualTypeOf<{ label: string }>()
  })

  it('of an extension after the cache are known', () => {
    const client = prisma.$extends({ result })
    const row = client.user.findFirstOrThrow({ select: { label: true }, cache: true })
    expectTypeOf(row).resolves.toEqualTypeOf<{ label: string }>()
    expectTypeOf(client.$cache.stats()).toEqualTypeOf<CacheStats>()
  })
})

describe('a client of another kind', () => {
  it('of the generator prisma-client-js has the same types', () => {
    const client = ({} as JsClient).$extends(cacheAside())
    const row = client.post.findUniqueOrThrow({ where, select: { title: true }, cache: true })
    expectTypeOf(row).resolves.toEqualTypeOf<{ title: string }>()
    expectTypeOf(client.post.count({ select: { _all: true } })).resolves.toEqualTypeOf<{
      _all: number
    }>()
    // @ts-expect-error a write
    client.post.delete({ where, cache: false })
  })

  it('with a global omit has a type without the omitted fields', () => {
    const omitting = {} as PrismaClient<never, { user: { email: true } }>
    const client = omitting.$extends(cacheAside<typeof omitting>())
    expectTypeOf(client.user.findMany({ cache: true })).resolves.toEqualTypeOf<
      Omit<User, 'email'>[]
    >()
    const all = client.user.findFirstOrThrow({ omit: { email: false } })
    expectTypeOf(all).resolves.toEqualTypeOf<User>()
    const posts = client.post.findUnique({ where }).author()
    expectTypeOf(posts).resolves.toEqualTypeOf<Omit<User, 'email'> | null>()
  })
})

describe('the cache argument', () => {
  const cache = { ttl: '5m', scope: 'tenant' }

  it('is accepted by all reads', () => {
    prisma.user.findUnique({ where, cache })
    prisma.user.findUniqueOrThrow({ where, cache })
    prisma.user.findFirst({ cache })
    prisma.user.findFirstOrThrow({ cache })
    prisma.user.findMany({ cache })
    prisma.user.count({ cache })
    prisma.user.aggregate({ _count: true, cache })
    prisma.user.groupBy({ by: 'role', cache })
  })

  it('accepts true, false and the options of a read, and nothing else', () => {
    prisma.user.findMany({ cache: true })
    prisma.user.findMany({ cache: { ttl: 5 } })
    prisma.user.findMany({ cache: {} })
    // @ts-expect-error no object
    prisma.user.findMany({ cache: '5m' })
    // @ts-expect-error misspelt
    prisma.user.findMany({ cache: { tll: 5 } })
    // @ts-expect-error wrong type
    prisma.user.findMany({ cache: { ttl: true } })
    prisma.user.findMany({ cache: { swr: 5, negativeTtl: '1s', staleIfError: 0 } })
    prisma.user.findMany({ cache: { refresh: true, tags: ['home'] } })
    // @ts-expect-error wrong type
    prisma.user.findMany({ cache: { tags: 'home' } })
    // @ts-expect-error an option of writes
    prisma.user.findMany({ cache: { invalidate: ['home'] } })
    // @ts-expect-error no argument of a relation
    prisma.user.findMany({ include: { posts: { cache: true } } })
  })

  it('with the options of a read is refused by writes', () => {
    const data = { email: 'e' }
    // @ts-expect-error a write
    prisma.user.create({ data, cache })
    // @ts-expect-error a write
    prisma.user.createMany({ data, cache })
    // @ts-expect-error a write
    prisma.user.createManyAndReturn({ data, cache })
    // @ts-expect-error a write
    prisma.user.update({ where, data, cache })
    // @ts-expect-error a write
    prisma.user.updateMany({ data, cache })
    // @ts-expect-error a write
    prisma.user.updateManyAndReturn({ data, cache })
    // @ts-expect-error a write
    prisma.user.upsert({ where, create: data, update: data, cache })
    // @ts-expect-error a write
    prisma.user.delete({ where, cache })
    // @ts-expect-error a write
    prisma.user.deleteMany({ where, cache })
  })

  it('lets writes invalidate tags, and does not change the types of their results', () => {
    const [data, cache] = [{ email: 'e' }, { invalidate: ['home'] }]
    const { user } = prisma
    const select = { id: true } as const
    expectTypeOf(user.create({ data, cache })).resolves.toEqualTypeOf<User>()
    expectTypeOf(user.create({ data, select, cache })).resolves.toEqualTypeOf<{ id: number }>()
    expectTypeOf(user.createMany({ data, cache })).resolves.toEqualTypeOf<{ count: number }>()
    expectTypeOf(user.createManyAndReturn({ data, cache })).resolves.toEqualTypeOf<User[]>()
    expectTypeOf(user.update({ where, data, cache })).resolves.toEqualTypeOf<User>()
    expectTypeOf(user.updateMany({ data, cache })).resolves.toEqualTypeOf<{ count: number }>()
    expectTypeOf(user.updateManyAndReturn({ data, cache })).resolves.toEqualTypeOf<User[]>()
    const upserted = user.upsert({ where, create: data, update: data, cache })
    expectTypeOf(upserted).resolves.toEqualTypeOf<User>()
    expectTypeOf(user.delete({ where, cache })).resolves.toEqualTypeOf<User>()
    expectTypeOf(user.deleteMany({ cache })).resolves.toEqualTypeOf<{ count: number }>()
    expectTypeOf(user.update({ where, data, cache }).posts()).resolves.toEqualTypeOf<Post[]>()
    expectTypeOf(
      prisma.$transaction([user.create({ data, cache }), user.deleteMany()]),
    ).resolves.toEqualTypeOf<[User, { count: number }]>()
  })

  it('does not make writes less strict', () => {
    const data = { email: 'e' }
    // @ts-expect-error missing
    prisma.user.create({ data: { name: 'n' } })
    // @ts-expect-error missing
    prisma.user.create({})
    // @ts-expect-error misspelt
    prisma.user.create({ data: { ...data, nam: 'n' } })
    // @ts-expect-error missing
    prisma.user.update({ where })
    // @ts-expect-error missing
    prisma.user.update({ data })
    // @ts-expect-error missing
    prisma.user.updateMany({ where })
    // @ts-expect-error missing
    prisma.user.upsert({ where, create: data })
    // @ts-expect-error not unique
    prisma.user.delete({ where: { name: 'a' } })
    // @ts-expect-error misspelt
    prisma.user.delete({ where, cache: { invalidat: ['home'] } })
    // @ts-expect-error wrong type
    prisma.user.delete({ where, cache: { invalidate: 'home' } })
    // @ts-expect-error a view
    prisma.authorStats.create({ data: { authorId: 1, posts: 1 } })
    // @ts-expect-error a view
    prisma.authorStats.deleteMany({})
  })

  it("does not make Prisma's own arguments of reads less strict", () => {
    // @ts-expect-error misspelt
    prisma.user.findMany({ wher: {} })
    // @ts-expect-error misspelt
    prisma.user.findMany({ where: { nam: 'a' } })
    // @ts-expect-error wrong type
    prisma.user.findMany({ where: { name: 1 } })
    // @ts-expect-error missing
    prisma.user.findUnique({})
    // @ts-expect-error not unique
    prisma.user.findUnique({ where: { name: 'a' } })
    // @ts-expect-error misspelt
    prisma.user.count({ select: { nam: true } })
    // @ts-expect-error missing
    prisma.user.groupBy({ _count: true })
  })
})

describe('withCacheInfo', () => {
  it('returns the answer of the read, and how it was answered', () => {
    const rows = prisma.user.findMany({ select: { id: true }, cache: true }).withCacheInfo()
    expectTypeOf(rows).resolves.toEqualTypeOf<{
      readonly data: { id: number }[]
      readonly info: CacheInfo
    }>()
    const row = prisma.user.findUnique({ where }).withCacheInfo()
    expectTypeOf(row).resolves.toHaveProperty('data').toEqualTypeOf<User | null>()
    const count = prisma.user.count().withCacheInfo()
    expectTypeOf(count).resolves.toHaveProperty('data').toEqualTypeOf<number>()
    const posts = prisma.user.findUnique({ where }).profile().user().posts().withCacheInfo()
    expectTypeOf(posts).resolves.toHaveProperty('data').toEqualTypeOf<Post[] | null>()
    const all = Promise.all([prisma.user.count().withCacheInfo(), prisma.post.findMany()])
    expectTypeOf(all).resolves.toEqualTypeOf<
      [{ readonly data: number; readonly info: CacheInfo }, Post[]]
    >()
  })

  it('has a type for each status', () => {
    const info = {} as CacheInfo
    if (info.status === 'hit') expectTypeOf(info.ageMs).toEqualTypeOf<number>()
    if (info.status === 'stale') {
      expectTypeOf(info.reason).toEqualTypeOf<'refreshing' | 'error'>()
    }
    // @ts-expect-error a bypass has no key
    if (info.status === 'bypass') info.key
  })

  it('does not exist on writes, and cannot be used in a batch', () => {
    // @ts-expect-error a write
    prisma.user.delete({ where }).withCacheInfo()
    // @ts-expect-error a relation after a write
    prisma.user.delete({ where }).posts().withCacheInfo()
    // @ts-expect-error an ordinary promise
    prisma.$transaction([prisma.user.findMany().withCacheInfo()])
  })
})

describe('options', () => {
  it('know the models from the type argument', () => {
    cacheAside<Prisma.TypeMap>({ models: { User: { ttl: 5 }, Post: false } })
    cacheAside<Prisma.TypeMap>({ models: { AuthorStats: { dependsOn: ['Post'] } } })
    cacheAside<PrismaClient>({ models: { User: false } })
    // @ts-expect-error no such model
    cacheAside<Prisma.TypeMap>({ models: { Usr: false } })
    // @ts-expect-error no such model
    cacheAside<PrismaClient>({ models: { Usr: false } })
    // @ts-expect-error no such model
    cacheAside<Prisma.TypeMap>({ models: { AuthorStats: { dependsOn: ['Pst'] } } })
    // @ts-expect-error not false
    cacheAside<Prisma.TypeMap>({ models: { User: true } })
  })

  it('are also checked without a type argument', () => {
    cacheAside({ models: { Anything: false } })
    // @ts-expect-error misspelt
    cacheAside({ tll: 5 })
    // @ts-expect-error no such mode
    cacheAside({ mode: 'optin' })
    // @ts-expect-error no read
    cacheAside({ operations: ['create'] })
  })
})

describe('$cache', () => {
  it('is typed', () => {
    expectTypeOf(prisma.$cache).toEqualTypeOf<CacheControl<string>>()
    expectTypeOf(prisma.$cache.stats().models.User?.hits).toEqualTypeOf<number | undefined>()
    const stop = prisma.$cache.on('miss', ({ reason }) => {
      expectTypeOf(reason).toEqualTypeOf<
        'absent' | 'expired' | 'invalidated' | 'unreadable' | 'refresh'
      >()
    })
    expectTypeOf(stop).toEqualTypeOf<() => void>()
    // @ts-expect-error no such event
    prisma.$cache.on('hits', () => undefined)
  })

  it('knows the models from the type argument of cacheAside()', () => {
    const client = plain.$extends(cacheAside<Prisma.TypeMap>())
    expectTypeOf(client.$cache.invalidate('User')).resolves.toEqualTypeOf<void>()
    // @ts-expect-error no such model
    client.$cache.invalidate('Usr')
    client.$cache.getOrLoad('n', () => 1, { dependsOn: ['User'] })
    // @ts-expect-error no such model
    client.$cache.getOrLoad('n', () => 1, { dependsOn: ['Usr'] })
    // @ts-expect-error no such model
    client.$cache.changing('Usr', async () => 1)
  })

  it('returns the results of the functions that it runs', () => {
    const { $cache } = prisma
    expectTypeOf($cache.getOrLoad('n', async () => 'a')).resolves.toEqualTypeOf<string>()
    expectTypeOf($cache.getOrLoad('n', () => 5, { ttl: 1 })).resolves.toEqualTypeOf<number>()
    const rows = $cache.getOrLoad('n', () => prisma.user.findMany())
    expectTypeOf(rows).resolves.toEqualTypeOf<User[]>()
    const touched = $cache.changing([], () => prisma.$executeRaw`SELECT 1`)
    expectTypeOf(touched).resolves.toEqualTypeOf<number>()
    // @ts-expect-error misspelt
    $cache.getOrLoad('n', () => 1, { tll: 5 })
  })
})

describe('a version column', () => {
  it('is named by a string', () => {
    plain.$extends(cacheAside<Prisma.TypeMap>({ models: { Document: { version: 'version' } } }))
    // @ts-expect-error no name
    cacheAside({ models: { Document: { version: 1 } } })
  })

  it('has the type of its field in `where` and in data of a create', () => {
    const row = prisma.document.update({ where: { id: 1, version: 3 }, data: { title: 'a' } })
    expectTypeOf(row).resolves.toEqualTypeOf<Document>()
    prisma.folder.delete({ where: { id: 1, revision: 3n } })
    prisma.document.create({ data: { title: 'a', version: 3 } })
    // @ts-expect-error no version
    prisma.document.update({ where: { id: 1, version: 'a' }, data: { title: 'a' } })
  })

  it('has the type of its field in the error', () => {
    const error: unknown = undefined
    if (!(error instanceof OptimisticLockError)) return
    expectTypeOf(error.code).toEqualTypeOf<'CACHE_OPTIMISTIC_LOCK'>()
    expectTypeOf(error.model).toEqualTypeOf<string>()
    expectTypeOf(error.where).toEqualTypeOf<Readonly<Record<string, unknown>>>()
    expectTypeOf(error.expected).toEqualTypeOf<number | bigint>()
    expectTypeOf(error.actual).toEqualTypeOf<number | bigint>()
    expectTypeOf<OptimisticRetryError['attempts']>().toEqualTypeOf<number>()
  })
})

describe('retryOptimistic', () => {
  it('returns the result of the function', () => {
    const row = retryOptimistic(() => prisma.document.findFirstOrThrow())
    expectTypeOf(row).resolves.toEqualTypeOf<Document>()
    const attempt = retryOptimistic(async ({ attempt }) => attempt, { backoff: '5ms', attempts: 3 })
    expectTypeOf(attempt).resolves.toEqualTypeOf<number>()
    // @ts-expect-error misspelt
    retryOptimistic(() => 1, { attempt: 3 })
  })
})
