import { deepStrictEqual } from 'node:assert'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { PrismaClient } from '../../generated/sqlite/client/client.js'
import { cacheAside, memory } from '../../src/index.js'
import { createDatabase, type Provider, providers } from '../support/databases.js'

const where = { id: 1 }

class Undone extends Error {}

function undo(): never {
  throw new Undone()
}

/** Opens a shop with one user, Ann, whose row is in the cache. */
async function openShop(provider: Provider) {
  const database = await createDatabase(provider)
  onTestFinished(() => database.drop())
  const { client, statements } = database.connect()
  const plain = database.connect().client
  const store = memory()
  const prisma = client.$extends(cacheAside({ store }))
  const other = database.connect().client.$extends(cacheAside({ store }))
  await prisma.user.create({ data: { email: 'ann@shop', name: 'Ann' } })
  const touches: (readonly string[])[] = []
  prisma.$cache.on('invalidate', ({ tags }) => touches.push(tags))

  const read = async (from: Pick<typeof prisma, 'user'> = prisma) =>
    (await from.user.findMany({ orderBy: { id: 'asc' } })).map(({ name }) => name)
  await read()
  /** Expects the names in the database from the cache, with a query only where something was written. */
  async function expectNames(names: readonly string[], from: 'cache' | 'database') {
    const before = statements.length
    expect(await read()).toEqual(names)
    expect(statements.length > before ? 'database' : 'cache').toBe(from)
    expect(await read(other)).toEqual(names)
    deepStrictEqual(await prisma.user.findMany(), await plain.user.findMany())
  }
  return { database, client, plain, store, prisma, other, touches, read, expectNames }
}

function rename(name: string) {
  return { where, data: { name } }
}

describe.each(providers)('on %s, an interactive transaction', (provider) => {
  it('is seen after its commit', async () => {
    const { prisma, touches, expectNames } = await openShop(provider)
    const result = await prisma.$transaction(async (tx) => {
      await tx.user.update(rename('Bea'))
      await tx.team.create({ data: { id: 1, name: 'red' } })
      expect(touches).toEqual([])
      return 'done'
    })
    expect(result).toBe('done')
    expect(touches).toEqual([expect.arrayContaining(['User', 'Team'])])
    await expectNames(['Bea'], 'database')
  })

  it('that only reads invalidates nothing', async () => {
    const { prisma, touches, expectNames } = await openShop(provider)
    await prisma.$transaction((tx) => tx.user.findMany())
    expect(touches).toEqual([])
    await expectNames(['Ann'], 'cache')
  })

  it('that is rolled back invalidates nothing, and fails with its own error', async () => {
    const { prisma, touches, expectNames } = await openShop(provider)
    const failed = prisma.$transaction(async (tx) => {
      await tx.user.update(rename('Bea'))
      undo()
    })
    await expect(failed).rejects.toThrow(Undone)
    expect(touches).toEqual([])
    await expectNames(['Ann'], 'cache')
  })

  it('reads its own writes, and does not cache them', async () => {
    const { prisma, read, expectNames } = await openShop(provider)
    await prisma
      .$transaction(async (tx) => {
        await tx.user.update(rename('Bea'))
        for (const _ of [1, 2]) expect(await read(tx)).toEqual(['Bea'])
        expect(await tx.user.count({ where: { name: 'Bea' }, cache: { ttl: 5 } })).toBe(1)
        undo()
      })
      .catch(() => undefined)
    expect(prisma.$cache.stats()).toMatchObject({ bypasses: 3 })
    expect(await prisma.user.count({ where: { name: 'Bea' } })).toBe(0)
    await expectNames(['Ann'], 'cache')
  })

  it('is seen where a transaction inside it is rolled back', async () => {
    const { prisma, expectNames } = await openShop(provider)
    await prisma.$transaction(async (tx) => {
      await tx.user.update(rename('Bea'))
      await tx
        .$transaction(async (inner) => {
          await inner.user.create({ data: { email: 'cat', name: 'Cat' } })
          undo()
        })
        .catch(() => undefined)
    })
    await expectNames(['Bea'], 'database')
  })

  it('that is rolled back invalidates nothing, also where a transaction inside it has committed', async () => {
    const { prisma, touches, expectNames } = await openShop(provider)
    await prisma
      .$transaction(async (tx) => {
        await tx.$transaction((inner) => inner.user.update(rename('Bea')))
        expect(touches).toEqual([])
        undo()
      })
      .catch(() => undefined)
    await expectNames(['Ann'], 'cache')
  })

  it('may contain a batch', async () => {
    const { prisma, touches, expectNames } = await openShop(provider)
    await prisma.$transaction(async (tx) => {
      const batch = await tx.$transaction([tx.user.update(rename('Bea')), tx.user.count()])
      expect(batch).toEqual([expect.objectContaining({ name: 'Bea' }), 1])
      expect(touches).toEqual([])
    })
    await expectNames(['Bea'], 'database')
  })

  it('that times out invalidates nothing', async () => {
    const { prisma, expectNames } = await openShop(provider)
    const late = prisma.$transaction(
      async (tx) => {
        await tx.user.update(rename('Bea'))
        const isOpen = () => tx.user.count().then(Boolean, () => false)
        // `setImmediate` lets timers run, because the SQLite driver may never wait for anything else.
        while (await isOpen()) await new Promise(setImmediate)
      },
      { timeout: 100 },
    )
    await expect(late).rejects.toMatchObject({ code: 'P2028' })
    // The sentinel has seen the rollback.
    await expectNames(['Ann'], 'cache')
  })

  it('with raw SQL that is rolled back invalidates nothing', async () => {
    const { prisma, expectNames } = await openShop(provider)
    await prisma
      .$transaction(async (tx) => {
        await tx.$executeRaw`UPDATE "User" SET "name" = 'Bea'`
        undo()
      })
      .catch(() => undefined)
    await expectNames(['Ann'], 'cache')
  })
})

describe.each(providers)('on %s, a batch', (provider) => {
  it('is seen after its commit, and returns its results in order', async () => {
    const { prisma, touches, expectNames } = await openShop(provider)
    const results = await prisma.$transaction([
      prisma.user.update(rename('Bea')),
      prisma.user.findMany({ select: { name: true } }),
      prisma.$executeRaw`UPDATE "User" SET "score" = 2`,
    ])
    expect(results).toEqual([expect.objectContaining({ name: 'Bea' }), [{ name: 'Bea' }], 1])
    expect(touches).toHaveLength(1)
    await expectNames(['Bea'], 'database')
  })

  it('in which an operation fails invalidates nothing', async () => {
    const { prisma, touches, expectNames } = await openShop(provider)
    const failed = prisma.$transaction([
      prisma.user.update(rename('Bea')),
      prisma.user.findMany(),
      prisma.user.update({ where: { id: 99 }, data: {} }),
    ])
    await expect(failed).rejects.toMatchObject({ code: 'P2025' })
    expect(touches).toEqual([])
    await expectNames(['Ann'], 'cache')
  })

  it('is settled separately from another one at the same time', async () => {
    const { prisma, expectNames } = await openShop(provider)
    await Promise.allSettled([
      prisma.$transaction([prisma.user.update(rename('Bea'))]),
      prisma.$transaction([prisma.user.update({ where: { id: 99 }, data: {} })]),
    ])
    await expectNames(['Bea'], 'database')
  })
})

describe.each(providers)('on %s, a write that the database refuses', (provider) => {
  it('invalidates nothing', async () => {
    const { prisma, touches, expectNames } = await openShop(provider)
    const data = { email: 'ann@shop' }
    await expect(prisma.user.create({ data })).rejects.toMatchObject({ code: 'P2002' })
    await expect(
      prisma.user.update({ where: { id: 99 }, data: { name: 'x' } }),
    ).rejects.toMatchObject({ code: 'P2025' })
    await expect(prisma.profile.create({ data: { bio: '', userId: 99 } })).rejects.toMatchObject({
      code: 'P2003',
    })
    await expect(prisma.user.create({ data: {} as typeof data })).rejects.toThrow(/missing/)
    expect(touches).toEqual([])
    await expectNames(['Ann'], 'cache')
  })
})

describe('on postgresql, a read during an open transaction', () => {
  it('sees committed rows only, and stores only those', async () => {
    const { prisma, other, read, expectNames } = await openShop('postgresql')
    await prisma.$transaction(async (tx) => {
      await tx.user.update(rename('Bea'))
      for (const _ of [1, 2]) {
        expect(await read()).toEqual(['Ann'])
        expect(await read(other)).toEqual(['Ann'])
        expect(await other.user.count({ where: { name: 'Ann' } })).toBe(1)
      }
    })
    expect(await other.user.count({ where: { name: 'Ann' } })).toBe(0)
    await expectNames(['Bea'], 'database')
  })

  it('that begins before the commit and ends after it stores nothing stale', async () => {
    const { prisma, other, plain, read } = await openShop('postgresql')
    let commit = () => {}
    const committed = new Promise<void>((resolve) => {
      commit = resolve
    })
    // The database's answer from before the commit reaches the cache after it.
    const slow = prisma.$extends({
      query: {
        user: {
          async count({ args, query }) {
            const before = await query(args)
            await committed
            return before
          },
        },
      },
    })
    const count = { where: { name: 'Ann' } }
    const reading = slow.user.count(count)
    await other.$transaction((tx) => tx.user.update(rename('Bea')))
    commit()
    await reading
    expect(await prisma.user.count(count)).toBe(await plain.user.count(count))
    expect(await read()).toEqual(['Bea'])
  })
})

describe.each(providers)('on %s, a transaction of another client', (provider) => {
  it('is settled after its end, which the sentinel sees', async () => {
    const { client, prisma, expectNames } = await openShop(provider)
    await client.$transaction([prisma.user.update(rename('Bea'))] as never)
    await expectNames(['Bea'], 'database')
    await expectNames(['Bea'], 'cache')
  })

  it('does not affect other models', async () => {
    const { client, prisma } = await openShop(provider)
    await client.$transaction([prisma.user.update(rename('Bea'))] as never)
    await prisma.team.count()
    await prisma.team.count()
    expect(prisma.$cache.stats().models.Team).toMatchObject({ hits: 1, misses: 1, bypasses: 0 })
  })

  it('may come from an extension before the cache that wraps every query in a batch', async () => {
    const { database } = await openShop(provider)
    const base = database.connect().client
    const prisma = wrapped(base).$extends(cacheAside({ store: memory() }))
    const name = async () => (await prisma.user.findUnique({ where }))?.name
    expect(await name()).toBe('Ann')
    await prisma.user.update(rename('Bea'))
    expect(await name()).toBe('Bea')
    expect(prisma.$cache.stats()).toMatchObject({ hits: 0, fills: 0, bypasses: 2 })
  })
})

/** Sends each query in a batch behind another statement, which is how row-level security is done with Prisma. */
function wrapped(base: PrismaClient) {
  return base.$extends({
    query: {
      $allModels: {
        async $allOperations({ args, query }) {
          const [, result] = await base.$transaction([base.$queryRaw`SELECT 1`, query(args)])
          return result
        },
      },
    },
  })
}
