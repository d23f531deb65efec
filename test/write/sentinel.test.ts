import {
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import kyselyExtension from 'prisma-extension-kysely'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { PrismaClient } from '../../generated/sqlite/client/client.js'
import { type CacheAsideOptions, cacheAside, memory } from '../../src/index.js'
import { createDatabase, type Provider } from '../support/databases.js'

const providers: readonly Provider[] = ['sqlite', 'postgresql']

/** Makes a client that has not connected yet, for a test to extend, and another one outside the cache. */
async function openBase(provider: Provider) {
  const database = await createDatabase(provider)
  onTestFinished(() => database.drop())
  const setUp = database.connect().client
  await setUp.user.create({ data: { email: 'ann', name: 'Ann' } })
  await setUp.post.create({ data: { title: 'one', authorId: 1 } })
  const { client: base, statements } = database.connect()
  return { database, base, statements, outside: setUp }
}

/** Makes reads of a client, and compares them with the database. */
function readsOf(prisma: PrismaClient, outside: PrismaClient) {
  const all = (client: PrismaClient) =>
    Promise.all([
      client.user.findMany({ orderBy: { id: 'asc' } }),
      client.user.findUnique({ where: { id: 1 }, include: { posts: true } }),
      client.post.findMany({ where: { authorId: 1 } }),
      client.post.count(),
    ])
  return {
    fill: async () => void (await all(prisma)),
    async expectFresh() {
      expect(await all(prisma)).toEqual(await all(outside))
    },
  }
}

/** Makes an event that a test can wait for. */
function event() {
  let resolve = () => {}
  const promise = new Promise<void>((happened) => {
    resolve = happened
  })
  return { promise, resolve }
}

const rename = (name: string) => ({ where: { id: 1 }, data: { name } })

type Write = (base: PrismaClient, prisma: PrismaClient) => PromiseLike<unknown>

/** Writes that no operation of the extended client announces. */
const writes: Readonly<Record<string, Write>> = {
  'an update': (base) => base.user.update(rename('Bea')),
  'a create': (base) => base.post.create({ data: { title: 'two', authorId: 1 } }),
  'a delete that cascades': (base) => base.user.delete({ where: { id: 1 } }),
  'a nested write': (base) =>
    base.user.update({
      where: { id: 1 },
      data: { name: 'Bea', posts: { create: { title: 'two' } } },
    }),
  'an upsert': (base) =>
    base.user.upsert({ where: { id: 1 }, create: { email: 'x' }, update: { name: 'Bea' } }),
  'an updateMany': (base) => base.user.updateMany({ data: { name: 'Bea' } }),
  'raw SQL': (base) => base.$executeRaw`UPDATE "User" SET "name" = 'Bea'`,
  'a raw query': (base) => base.$queryRaw`UPDATE "User" SET "name" = 'Bea' RETURNING 1`,
  'a batch': (base) => base.$transaction([base.user.update(rename('Bea')), base.post.deleteMany()]),
  'an interactive transaction': (base) =>
    base.$transaction(async (tx) => {
      await tx.user.update(rename('Bea'))
      await tx.post.deleteMany()
    }),
  'an operation of the extended client in a batch of the base client': (base, prisma) =>
    base.$transaction([prisma.user.update(rename('Bea'))] as never),
  'an operation of the base client in a batch of the extended client': (base, prisma) =>
    prisma.$transaction([
      prisma.post.update({ where: { id: 1 }, data: { title: 'two' } }),
      base.post.create({ data: { title: 'three', authorId: 1 } }),
    ] as never),
  'an update after an interactive transaction of the extended client': (base, prisma) =>
    prisma
      .$transaction((tx) => tx.post.update({ where: { id: 1 }, data: { title: 'two' } }))
      .then(() => base.user.update(rename('Bea'))),
}

describe.each(providers)('on %s, the cache sees a write of the base client', (provider) => {
  it.each(Object.keys(writes))('%s', async (name) => {
    const { base, outside } = await openBase(provider)
    const prisma = base.$extends(cacheAside({ store: memory() })) as unknown as PrismaClient
    const reads = readsOf(prisma, outside)
    await reads.fill()
    await writes[name]?.(base, prisma)
    await reads.expectFresh()
  })

  it('in each of several caches on the same engine with different stores', async () => {
    const { base, outside } = await openBase(provider)
    const clients = [1, 2].map(
      () => base.$extends(cacheAside({ store: memory() })) as unknown as PrismaClient,
    )
    const [one, other] = clients.map((client) => readsOf(client, outside))
    await one?.fill()
    await other?.fill()
    await clients[0]?.user.update(rename('Bea'))
    await one?.expectFresh()
    await other?.expectFresh()
  })

  it('but invalidates nothing if it is rolled back', async () => {
    const { base, statements, outside } = await openBase(provider)
    const prisma = base.$extends(cacheAside({ store: memory() })) as unknown as PrismaClient
    const reads = readsOf(prisma, outside)
    await reads.fill()
    const rolledBack = base.$transaction(async (tx) => {
      await tx.user.update(rename('Bea'))
      throw new Error('undone')
    })
    await expect(rolledBack).rejects.toThrow('undone')
    await expect(base.user.create({ data: { email: 'ann' } })).rejects.toMatchObject({
      code: 'P2002',
    })
    const before = statements.length
    await reads.expectFresh()
    expect(statements.slice(before)).toEqual([])
  })

  it('but invalidates nothing for reads of the base client', async () => {
    const { base } = await openBase(provider)
    const prisma = base.$extends(cacheAside({ store: memory() }))
    const invalidated: unknown[] = []
    prisma.$cache.on('invalidate', (event) => invalidated.push(event))
    await base.$transaction(async (tx) => tx.user.findMany())
    await base.user.findMany()
    await base.$queryRaw`SELECT * FROM "User"`
    expect(invalidated).toEqual([])
  })
})

/** These extensions are applied before the cache, and send writes through the base client. */
const extensions: Readonly<Record<string, (base: PrismaClient) => PrismaClient>> = {
  'soft delete': (base) =>
    base.$extends({
      query: {
        post: {
          delete: ({ args }) =>
            base.post.update({ where: args.where, data: { published: true, title: 'gone' } }),
        },
      },
    }) as unknown as PrismaClient,
  'an audit log': (base) =>
    base.$extends({
      query: {
        post: {
          async delete({ args, query }) {
            await base.user.update(rename('deleted a post'))
            return query(args)
          },
        },
      },
    }) as unknown as PrismaClient,
  'a retried transaction': (base) =>
    base.$extends((client) =>
      client.$extends({
        client: {
          $transaction: (...args: Parameters<typeof client.$transaction>) =>
            client.$transaction.apply(client, args),
        },
      }),
    ) as unknown as PrismaClient,
}

describe.each(providers)('on %s, with an extension before the cache', (provider) => {
  it.each(Object.keys(extensions))('the cache sees the writes of %s', async (name) => {
    const { base, outside } = await openBase(provider)
    const prisma = extensions[name]?.(base).$extends(
      cacheAside({ store: memory() }),
    ) as unknown as PrismaClient
    const reads = readsOf(prisma, outside)
    await reads.fill()
    await prisma.post.delete({ where: { id: 1 } })
    await reads.expectFresh()
    await prisma.$transaction(async (tx) => {
      await tx.user.update(rename('Cleo'))
    })
    await reads.expectFresh()
  })

  it('the cache sees the writes of a method in a result', async () => {
    const { base, outside } = await openBase(provider)
    const prisma = base
      .$extends({
        result: {
          user: {
            rename: {
              needs: { id: true },
              compute:
                ({ id }) =>
                (name: string) =>
                  base.user.update({ where: { id }, data: { name } }),
            },
          },
        },
      })
      .$extends(cacheAside({ store: memory() }))
    const read = () => prisma.user.findUnique({ where: { id: 1 }, select: { name: true } })
    await read()
    const found = await prisma.user.findUniqueOrThrow({ where: { id: 1 } })
    await found.rename('Bea')
    expect(await read()).toEqual(
      await outside.user.findUnique({ where: { id: 1 }, select: { name: true } }),
    )
  })

  it('the cache sees the writes of Kysely', async () => {
    const { base, outside } = await openBase(provider)
    const isSqlite = provider === 'sqlite'
    const withKysely = base.$extends(
      kyselyExtension({
        kysely: (driver) =>
          new Kysely<{ User: { id: number; name: string | null } }>({
            dialect: {
              createAdapter: () => (isSqlite ? new SqliteAdapter() : new PostgresAdapter()),
              createDriver: () => driver,
              createIntrospector: (db) =>
                isSqlite ? new SqliteIntrospector(db) : new PostgresIntrospector(db),
              createQueryCompiler: () =>
                isSqlite ? new SqliteQueryCompiler() : new PostgresQueryCompiler(),
            },
          }),
      }),
    )
    const prisma = withKysely.$extends(cacheAside({ store: memory() })) as unknown as PrismaClient
    const reads = readsOf(prisma, outside)
    await reads.fill()
    await withKysely.$kysely.updateTable('User').set({ name: 'Bea' }).where('id', '=', 1).execute()
    await reads.expectFresh()
    await withKysely.$kysely.deleteFrom('User').where('id', '=', 1).execute()
    await reads.expectFresh()
  })
})

describe.each(providers)('on %s, a failure after the commit', (provider) => {
  it('in an extension around a batch does not hide the write', async () => {
    const { base, outside } = await openBase(provider)
    const auditing = base.$extends((client) =>
      client.$extends({
        client: {
          async $transaction(...args: Parameters<typeof client.$transaction>) {
            await client.$transaction.apply(this as never, args)
            await base.user.create({ data: { email: 'ann' } })
          },
        },
      }),
    )
    const prisma = auditing.$extends(cacheAside({ store: memory() })) as unknown as PrismaClient
    const reads = readsOf(prisma, outside)
    await reads.fill()
    const failing = prisma.$transaction([prisma.user.update(rename('Bea'))])
    await expect(failing).rejects.toMatchObject({ code: 'P2002' })
    await reads.expectFresh()
  })

  it('in a later extension does not hide the write', async () => {
    const { base, outside } = await openBase(provider)
    const cached = base.$extends(cacheAside({ store: memory() }))
    const prisma = cached.$extends({
      query: {
        user: {
          async update({ args, query }) {
            await query(args)
            return base.user.create({ data: { email: 'ann' } })
          },
        },
      },
    }) as unknown as PrismaClient
    const reads = readsOf(prisma, outside)
    await reads.fill()
    await expect(prisma.user.update(rename('Bea'))).rejects.toMatchObject({ code: 'P2002' })
    await reads.expectFresh()
  })
})

it('on postgresql, a function that a SELECT of the base client calls is seen where it is named', async () => {
  const { database, base, outside } = await openBase('postgresql')
  await database.execute(
    `CREATE FUNCTION rename_all() RETURNS void LANGUAGE sql AS 'UPDATE "User" SET "name" = ''Bea'''`,
  )
  const options = { store: memory(), writingFunctions: ['rename_all'] }
  const prisma = base.$extends(cacheAside(options)) as unknown as PrismaClient
  const reads = readsOf(prisma, outside)
  await reads.fill()
  await base.$queryRaw`SELECT rename_all()::text`
  await reads.expectFresh()
})

describe('on postgresql, the cache sees a commit', () => {
  it.each(['COMMIT', 'END', 'COMMIT AND CHAIN'])(
    'by raw SQL, though the transaction throws: %s',
    async (sql) => {
      const { base, outside } = await openBase('postgresql')
      const prisma = base.$extends(cacheAside({ store: memory() })) as unknown as PrismaClient
      const reads = readsOf(prisma, outside)
      await reads.fill()
      const thrown = prisma.$transaction(async (tx) => {
        await tx.user.update(rename('Bea'))
        await tx.$queryRawUnsafe(sql)
        throw new Error('undone')
      })
      await expect(thrown).rejects.toThrow('undone')
      expect(await outside.user.findFirst()).toMatchObject({ name: 'Bea' })
      await reads.expectFresh()
    },
  )

  it('that happens after its client has given up', async () => {
    const { PrismaPg } = await import('@prisma/adapter-pg')
    const { PrismaClient: Client } = await import('../../generated/postgresql/client/client.js')
    const { database, outside } = await openBase('postgresql')
    // The driver gives up after 200 ms, but the server keeps waiting for the lock.
    const adapter = new PrismaPg({ connectionString: database.url, query_timeout: 200 })
    const base = new Client({ adapter })
    onTestFinished(() => base.$disconnect())
    const prisma = base.$extends(cacheAside({ store: memory() })) as unknown as PrismaClient
    const reads = readsOf(prisma, outside)
    await reads.fill()

    const [lock, unlock] = [event(), event()]
    const locking = outside.$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM "User" WHERE "id" = 1 FOR UPDATE`
        lock.resolve()
        await unlock.promise
      },
      { timeout: 60_000, maxWait: 30_000 },
    )
    await lock.promise
    await expect(prisma.user.update(rename('Bea'))).rejects.toThrow()
    await reads.expectFresh()
    unlock.resolve()
    await locking
    await vi.waitFor(
      async () => expect(await outside.user.findFirst()).toMatchObject({ name: 'Bea' }),
      { timeout: 20_000 },
    )
    await reads.expectFresh()
  })
})

describe.each(providers)('on %s, a client that is connected before it is extended', (provider) => {
  afterEach(() => {
    vi.useRealTimers()
  })

  async function openBlind(options: CacheAsideOptions = {}) {
    const opened = await openBase(provider)
    await opened.base.user.count()
    const prisma = opened.base.$extends(cacheAside({ store: memory(), ...options }))
    return { ...opened, prisma }
  }

  it('reports that it does not see the writes of other clients', async () => {
    const { prisma } = await openBlind()
    expect(await prisma.$cache.health()).toMatchObject({ otherWrites: 'not yet known' })
    await prisma.user.count()
    const { otherWrites, advice } = await prisma.$cache.health()
    expect(otherWrites).toBe('unseen')
    expect(advice.join()).toContain('cacheAside.adapter(adapter)')
  })

  it('keeps rows out of the cache until a transaction of another client must have ended', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { base, statements, prisma } = await openBlind()
    const read = async () => {
      const before = statements.length
      expect(await prisma.user.findFirst({ select: { name: true } })).toEqual({ name: 'Bea' })
      return statements.length > before ? 'database' : 'cache'
    }
    await base.$transaction([prisma.user.update(rename('Bea'))] as never)
    expect([await read(), await read()]).toEqual(['database', 'database'])
    vi.setSystemTime(Date.now() + 10_000 + 5_000 + 1)
    expect([await read(), await read()]).toEqual(['database', 'cache'])
  })
})

it('cacheAside.adapter() shows the cache all writes, also where the client connects first', async () => {
  const { PrismaLibSql } = await import('@prisma/adapter-libsql')
  const { PrismaClient: Client } = await import('../../generated/sqlite/client/client.js')
  const { database, outside } = await openBase('sqlite')
  const adapter = new PrismaLibSql({ url: database.url })
  expect(cacheAside.adapter(adapter)).toBe(adapter)
  const base = new Client({ adapter })
  onTestFinished(() => base.$disconnect())
  await base.user.count()
  const prisma = base.$extends(cacheAside({ store: memory() }))
  const reads = readsOf(prisma as unknown as PrismaClient, outside)
  await reads.fill()
  expect(await prisma.$cache.health()).toMatchObject({ otherWrites: 'seen' })
  await base.user.update(rename('Bea'))
  await reads.expectFresh()
  expect(() => cacheAside.adapter({})).toThrow(
    'cacheAside.adapter: expected a driver adapter such as new PrismaPg(...), got {}',
  )
})
