import { describe, expect, it, vi } from 'vitest'
import { memory } from '../../src/index.js'
import { tag } from '../../src/plan/tag.js'
import { userTag } from '../../src/plan/user-tags.js'
import { openShop } from '../support/shop.js'

const home = { tags: ['home'] }
const invalidate = { invalidate: ['home'] }

describe('tags in the options of a read', () => {
  it('invalidate it, and nothing else', async () => {
    const { prisma, seen } = await openShop()
    await prisma.team.findMany({ cache: home })
    await prisma.team.findMany()
    await prisma.$cache.invalidate({ tags: ['home', 'other'] })
    seen.length = 0
    await prisma.team.findMany({ cache: home })
    await prisma.team.findMany()
    expect(seen).toEqual(['miss: invalidated', 'hit: store'])
  })

  it('do not replace the tags of the rows that it reads', async () => {
    const { prisma, seen } = await openShop()
    await prisma.team.findMany({ cache: home })
    await prisma.team.update({ where: { id: 1 }, data: { name: 'x' } })
    expect((await prisma.team.findMany({ cache: home }))[0]?.name).toBe('x')
    expect(seen.at(-1)).toBe('miss: invalidated')
  })

  it('give it an entry of its own, whatever their order and repetitions', async () => {
    const { prisma, seen } = await openShop()
    for (const tags of [['a'], ['a', 'b'], ['b', 'a', 'b'], ['b'], [], undefined]) {
      await prisma.team.findMany({ cache: { tags } })
    }
    expect(seen).toEqual([
      'miss: absent',
      'miss: absent',
      'hit: store',
      'miss: absent',
      'miss: absent',
      'hit: store',
    ])
  })

  it('are shared by clients of the same store and keyspace, and by no others', async () => {
    const store = memory()
    const shop = await openShop({ store })
    const [other, foreign] = [shop.connect({ store }), shop.connect({ store, keyspace: 'x' })]
    await shop.prisma.team.findMany({ cache: home })
    await foreign.prisma.$cache.invalidate(home)
    await shop.prisma.team.findMany({ cache: home })
    await other.prisma.$cache.invalidate(home)
    await shop.prisma.team.findMany({ cache: home })
    expect(shop.seen).toEqual(['miss: absent', 'hit: store', 'miss: invalidated'])
  })

  it('never have the same id as a tag of the schema', () => {
    const ids = ['User', 'User{id:1}', '\0User'].flatMap((name) => [
      userTag('k', name).id,
      tag('k', name).id,
      tag('k', `#${name}`).id,
      tag('k', `tag:${name}`).id,
    ])
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('a write invalidates tags', () => {
  const data = { id: 9, name: 'new' }
  const where = { id: 1 }
  type Prisma = Awaited<ReturnType<typeof openShop>>['prisma']
  const writes: Record<string, (prisma: Prisma) => PromiseLike<unknown>> = {
    create: (prisma) => prisma.team.create({ data, cache: invalidate }),
    createMany: (prisma) => prisma.team.createMany({ data: [data], cache: invalidate }),
    createManyAndReturn: (prisma) => prisma.team.createManyAndReturn({ data, cache: invalidate }),
    update: (prisma) => prisma.team.update({ where, data: { name: 'n' }, cache: invalidate }),
    updateMany: (prisma) => prisma.team.updateMany({ data: { name: 'n' }, cache: invalidate }),
    updateManyAndReturn: (prisma) =>
      prisma.team.updateManyAndReturn({ data: { name: 'n' }, cache: invalidate }),
    upsert: (prisma) =>
      prisma.team.upsert({ where, create: data, update: { name: 'n' }, cache: invalidate }),
    delete: (prisma) => prisma.team.delete({ where, cache: invalidate }),
    deleteMany: (prisma) => prisma.team.deleteMany({ cache: invalidate }),
    'a fluent write': (prisma) =>
      prisma.team.update({ where, data: { name: 'n' }, cache: invalidate }).memberships(),
    'a batch': (prisma) => prisma.$transaction([prisma.team.create({ data, cache: invalidate })]),
    'an interactive transaction': (prisma) =>
      prisma.$transaction((tx) => tx.team.create({ data, cache: invalidate })),
  }

  it.each(Object.keys(writes))('with %s, also of reads that it does not change', async (name) => {
    const { prisma, seen } = await openShop()
    const readAll = async () => {
      await prisma.org.findMany({ cache: home })
      await prisma.org.findMany()
    }
    await readAll()
    await writes[name]?.(prisma)
    seen.length = 0
    await readAll()
    expect(seen).toEqual(['miss: invalidated', 'hit: store'])
  })

  it('but not if it is refused or rolled back', async () => {
    const { prisma, seen } = await openShop()
    await prisma.org.findMany({ cache: home })
    const duplicate = { data: { id: 1, name: '' }, cache: invalidate }
    await expect(prisma.team.create(duplicate)).rejects.toMatchObject({ code: 'P2002' })
    await prisma
      .$transaction(async (tx) => {
        await tx.team.create({ data, cache: invalidate })
        throw new Error('undone')
      })
      .catch(() => undefined)
    await prisma.org.findMany({ cache: home })
    expect(seen.at(-1)).toBe('hit: store')
  })

  it('in a transaction, after its commit', async () => {
    const { prisma, seen } = await openShop({}, 'postgresql')
    await prisma.org.findMany({ cache: home })
    await prisma.$transaction(async (tx) => {
      await tx.team.create({ data, cache: invalidate })
      await prisma.org.findMany({ cache: home })
      expect(seen.at(-1)).toBe('hit: store')
    })
    await prisma.org.findMany({ cache: home })
    expect(seen.at(-1)).toBe('miss: invalidated')
  })

  it('also if the store cannot be reached at first', async () => {
    const store = memory()
    const { prisma, seen } = await openShop({ store })
    await prisma.org.findMany({ cache: home })
    const touch = vi.spyOn(store, 'touch').mockRejectedValueOnce(new Error('unreachable'))
    touch.mockRejectedValueOnce(new Error('unreachable'))
    await prisma.team.create({ data, cache: invalidate })
    await vi.waitFor(async () => {
      expect((await prisma.$cache.health()).pendingInvalidations).toBe(false)
    })
    await prisma.org.findMany({ cache: home })
    expect(seen.at(-1)).toBe('miss: invalidated')
  })
})

it('a write refuses cache options that it does not know', async () => {
  const { prisma } = await openShop()
  const wrong: [object, string][] = [
    [{ invalidat: [] }, "unknown option 'invalidat' in cache; did you mean 'invalidate'?"],
    [{ ttl: 5 }, "unknown option 'ttl' in cache; did you mean 'invalidate'?"],
    [{ invalidate: 'home' }, "cache.invalidate: expected a list, got 'home'"],
    [{ invalidate: [''] }, "cache.invalidate: expected names, got [ '' ]"],
    [{ invalidate: [7] }, 'cache.invalidate: expected names, got [ 7 ]'],
  ]
  for (const [cache, message] of wrong) {
    const write = prisma.team.deleteMany({ cache } as object)
    await expect(write).rejects.toThrow(message)
  }
  expect(await prisma.team.count()).toBe(2)
})
