import { describe, expect, it } from 'vitest'
import { ConfigurationError, type WarmProgress } from '../../src/index.js'
import { openShop } from '../support/shop.js'

describe('changing', () => {
  async function openFilled() {
    const shop = await openShop()
    const { prisma, seen } = shop
    const readAll = async () => {
      seen.length = 0
      await prisma.team.findMany()
      await prisma.user.findMany()
      await prisma.post.findMany()
      return seen.map((event) => event === 'hit: store')
    }
    await readAll()
    return { ...shop, readAll }
  }

  it('says which models raw SQL changes, instead of its text', async () => {
    const { prisma, readAll } = await openFilled()
    await prisma.$cache.changing('Team', () => prisma.$executeRaw`UPDATE posts SET title = 'x'`)
    expect(await readAll()).toEqual([false, true, true])
  })

  it('does not hide the tables that TRUNCATE ... CASCADE empties', async () => {
    const shop = await openShop({}, 'postgresql')
    const { prisma, plain } = shop
    await plain.user.create({
      data: { email: 'ann', memberships: { create: { org: { create: { name: 'o' } } } } },
    })
    expect(await prisma.membership.count()).toBe(1)
    await prisma.$cache.changing(
      { Org: { id: 99 } },
      () => prisma.$executeRaw`TRUNCATE "Org" CASCADE`,
    )
    expect(await prisma.membership.count()).toBe(0)
  })

  it('includes the models that referential actions reach', async () => {
    const { prisma, readAll } = await openFilled()
    await prisma.$cache.changing('User', () => prisma.$queryRaw`SELECT 1`)
    expect(await readAll()).toEqual([true, false, false])
  })

  it('invalidates nothing if it names no models', async () => {
    const { prisma, readAll } = await openFilled()
    await prisma.$cache.changing([], () => prisma.$queryRaw`SELECT 'update'`)
    expect(await readAll()).toEqual([true, true, true])
  })

  it('works in a transaction and in a batch, after the commit', async () => {
    const { prisma, readAll } = await openFilled()
    const write = () => prisma.$executeRaw`UPDATE posts SET title = 'x'`
    await prisma.$cache.changing('Team', () => prisma.$transaction([write()]))
    expect(await readAll()).toEqual([false, true, true])
    await prisma.$transaction(async (tx) =>
      prisma.$cache.changing('Team', () => tx.$executeRaw`UPDATE posts SET title = 'y'`),
    )
    expect(await readAll()).toEqual([false, true, true])
  })

  it('does not apply to other calls at the same time or later', async () => {
    const { prisma, readAll } = await openFilled()
    await Promise.all([
      prisma.$cache.changing('Team', () => prisma.$executeRaw`UPDATE posts SET title = 'x'`),
      prisma.$executeRaw`UPDATE posts SET title = 'y'`,
    ])
    expect(await readAll()).toEqual([false, true, false])
    await prisma.$executeRaw`UPDATE posts SET title = 'z'`
    expect(await readAll()).toEqual([true, true, false])
  })

  it('does not affect operations of models, and passes on results and errors', async () => {
    const { prisma, readAll } = await openFilled()
    const row = await prisma.$cache.changing('User', () =>
      prisma.team.update({ where: { id: 1 }, data: { name: 'x' } }),
    )
    expect(row).toEqual({ id: 1, name: 'x' })
    expect(await readAll()).toEqual([false, true, true])
    const failing = prisma.$cache.changing([], () => prisma.$queryRaw`SELEKT`)
    await expect(failing).rejects.toMatchObject({ code: 'P2010' })
  })

  it('refuses models that the schema does not have', async () => {
    const { prisma } = await openShop()
    const changing = (target: unknown, run: unknown = async () => undefined) =>
      prisma.$cache.changing(target as never, run as never)
    const refusal = (message: string) => new ConfigurationError(message)
    await expect(changing(['Usr'])).rejects.toThrow(
      refusal("unknown model 'Usr' in changing; did you mean 'User'?"),
    )
    await expect(changing({ Usr: { id: 1 } })).rejects.toThrow(
      refusal("unknown model 'Usr' in changing; did you mean 'User'?"),
    )
    await expect(changing({ User: { idd: 1 } })).rejects.toThrow(
      refusal("unknown field 'idd' in changing.User; did you mean 'id'?"),
    )
    await expect(changing(7)).rejects.toThrow(
      refusal(
        "changing: expected a model or rows of a model, such as 'Post' or { Post: { id: 7 } }, got 7",
      ),
    )
    await expect(changing('User', 'SELECT 1')).rejects.toThrow(
      refusal("changing: expected a function, got 'SELECT 1'"),
    )
  })
})

describe('warm', () => {
  it('stores the answers of the reads, and reports each', async () => {
    const { prisma, seen } = await openShop()
    const reported: WarmProgress[] = []
    const reads = [() => prisma.team.findMany(), () => prisma.org.count()]
    const outcome = await prisma.$cache.warm(reads, {
      onProgress: (progress) => reported.push(progress),
    })
    expect(outcome).toEqual({ done: 2, failed: 0, total: 2 })
    expect(reported).toEqual([
      { done: 1, failed: 0, total: 2 },
      { done: 2, failed: 0, total: 2 },
    ])
    seen.length = 0
    for (const read of reads) await read()
    expect(seen).toEqual(['hit: store', 'hit: store'])
  })

  it('runs as many reads at once as `concurrency` says', async () => {
    const { prisma } = await openShop()
    let [running, most] = [0, 0]
    const read = async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise(setImmediate)
      running -= 1
    }
    const reads = Array.from({ length: 20 }, () => read)
    await prisma.$cache.warm(reads)
    expect(most).toBe(4)
    most = 0
    await prisma.$cache.warm(reads, { concurrency: 7 })
    expect(most).toBe(7)
  })

  it('continues after a read that fails', async () => {
    const { prisma } = await openShop()
    const failure = new Error('failed read')
    const reported: unknown[] = []
    const outcome = await prisma.$cache.warm(
      [
        () => prisma.team.findMany(),
        () => {
          throw failure
        },
        () => prisma.org.findMany(),
      ],
      { concurrency: 1, onProgress: ({ error }) => reported.push(error) },
    )
    expect(outcome).toEqual({ done: 3, failed: 1, total: 3 })
    expect(reported).toEqual([undefined, failure, undefined])
    expect(prisma.$cache.stats().fills).toBe(2)
  })

  it.each<[unknown[], string]>([
    [[undefined], 'warm: expected a list of functions, got undefined'],
    [[[undefined]], 'warm: expected a function, got null'],
    [[['x']], "warm: expected a function, got 'x'"],
    [[[], { concurrency: 0 }], 'warm.concurrency: expected a whole number above zero, got 0'],
    [[[], { onProgress: 5 }], 'warm.onProgress: expected a function, got 5'],
    [[[], { conc: 5 }], "unknown option 'conc' in warm; did you mean 'concurrency'?"],
  ])('refuses %j', async (args, message) => {
    const { prisma } = await openShop()
    const warm = prisma.$cache.warm as (...args: unknown[]) => Promise<unknown>
    await expect(warm(...args)).rejects.toThrow(new ConfigurationError(message))
  })
})

it('invalidate refuses a target that is neither a model nor tags', async () => {
  const { prisma } = await openShop()
  const invalidate = prisma.$cache.invalidate as (target: unknown) => Promise<void>
  for (const [target, message] of [
    [{ tags: 'home' }, "invalidate.tags: expected a list, got 'home'"],
    [{ tags: [1] }, 'invalidate.tags: expected names, got [ 1 ]'],
    ['Usr', "unknown model 'Usr' in invalidate; did you mean 'User'?"],
    [{ Usr: { id: 1 } }, "unknown model 'Usr' in invalidate; did you mean 'User'?"],
    [{ User: { mail: 'a' } }, "unknown field 'mail' in invalidate.User; did you mean 'email'?"],
    [{ User: 1 }, 'invalidate.User: expected an object, got 1'],
    [{ Team: {}, tags: ['home'] }, "unknown option 'Team' in invalidate; did you mean 'tags'?"],
    [
      undefined,
      "invalidate: expected a model or rows of a model, such as 'Post' or { Post: { id: 7 } }, got undefined",
    ],
  ] as const) {
    await expect(invalidate(target)).rejects.toThrow(new ConfigurationError(message))
  }
})
