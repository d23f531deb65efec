import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { cacheAside, memory } from '../../src/index.js'
import { openShop } from '../support/shop.js'

const rename = (name: string) => ({ where: { id: 1 }, data: { name } })

describe('a value whose loader makes cached reads', () => {
  it('is invalidated by every write that invalidates one of these reads, and by no other', async () => {
    const { prisma } = await openShop()
    let loads = 0
    const load = () =>
      prisma.$cache.getOrLoad('first team', async () => {
        loads += 1
        return (await prisma.team.findUnique({ where: { id: 1 } }))?.name
      })
    expect([await load(), await load()]).toEqual(['red', 'red'])
    await prisma.team.update({ where: { id: 2 }, data: { name: 'navy' } })
    await load()
    expect(loads).toBe(1)
    await prisma.team.update(rename('green'))
    expect([await load(), loads]).toEqual(['green', 2])
    // Now the read inside is a hit, and its dependencies count just the same.
    await prisma.team.update(rename('blue'))
    await prisma.team.findUnique({ where: { id: 1 } })
    expect([await load(), loads]).toEqual(['blue', 3])
    await prisma.team.update(rename('pink'))
    expect([await load(), loads]).toEqual(['pink', 4])
  })

  it('hands its dependencies on to a value whose loader loads it', async () => {
    const { prisma } = await openShop()
    const inner = () =>
      prisma.$cache.getOrLoad('inner', async () => (await prisma.team.findFirst(byId))?.name)
    const outer = () => prisma.$cache.getOrLoad('outer', async () => `the ${await inner()} team`)
    expect(await outer()).toBe('the red team')
    await prisma.team.update(rename('green'))
    expect(await outer()).toBe('the green team')
    await inner()
    await prisma.team.update(rename('blue'))
    expect([await outer(), await outer()]).toEqual(['the blue team', 'the blue team'])
  })

  it('is not answered by a copy that the store was not asked about', async () => {
    const { prisma, connect, store } = await openShop({ near: { maxStaleness: '60s' } })
    const other = connect({ store: { ...store } })
    await prisma.team.findUnique({ where: { id: 1 } })
    await other.prisma.team.update(rename('green'))
    // A read by itself may be answered by the copy, a loader may not.
    expect(await prisma.team.findUnique({ where: { id: 1 } })).toMatchObject({ name: 'red' })
    const load = () =>
      prisma.$cache.getOrLoad(
        'n',
        async () => (await prisma.team.findUnique({ where: { id: 1 } }))?.name,
      )
    expect([await load(), await load()]).toEqual(['green', 'green'])
  })

  it('is not stored if one of them saw the rows from before a write that came in between', async () => {
    const { prisma } = await openShop()
    let isFirst = true
    const load = () =>
      prisma.$cache.getOrLoad('pair', async () => {
        const before = await prisma.team.findFirst(byId)
        if (isFirst) await prisma.team.update(rename('green'))
        isFirst = false
        const after = await prisma.team.findFirst(byId)
        return [before?.name, after?.name]
      })
    expect(await load()).toEqual(['red', 'green'])
    expect(await load()).toEqual(['green', 'green'])
  })

  it('expires with the first of them', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { prisma } = await openShop()
    let loads = 0
    const load = () =>
      prisma.$cache.getOrLoad(
        'n',
        () => {
          loads += 1
          return prisma.team.count({ cache: { ttl: '5s' } })
        },
        { ttl: '60s' },
      )
    await load()
    vi.setSystemTime(Date.now() + 4_000)
    await load()
    expect(loads).toBe(1)
    vi.setSystemTime(Date.now() + 2_000)
    await load()
    expect(loads).toBe(2)
  })
})

const byId = { where: { id: 1 } }

it('a loader in a transaction of another client with the cache is not stored', async () => {
  const { prisma, client } = await openShop()
  const other = client.$extends(cacheAside({ store: memory() }))
  const load = () => prisma.$cache.getOrLoad('teams', () => prisma.team.count({ cache: false }))
  expect(await load()).toBe(2)
  await prisma.$cache.clear()
  const rolledBack = other.$transaction(async (tx) => {
    await tx.team.create({ data: { id: 3, name: 'new' } })
    expect(await prisma.$cache.getOrLoad('teams', () => tx.team.count())).toBe(3)
    throw new Error('undone')
  })
  await expect(rolledBack).rejects.toThrow('undone')
  expect(await load()).toBe(2)
})

describe('getOrLoad refuses a value that would come back as another thing', () => {
  class Point {
    readonly x = 1
  }
  const cycle: { self?: unknown } = {}
  cycle.self = cycle

  it.each<[string, unknown, string]>([
    ['an instance of a class', { rows: [new Point()] }, 'an object of class Point at .rows[0]'],
    ['a Buffer', { bytes: Buffer.from('a') }, 'an object of class Buffer at .bytes'],
    ['an ArrayBuffer', new ArrayBuffer(1), 'an object of class ArrayBuffer'],
    ['a function', new Map([['run', () => 1]]), 'a function at .values[0]'],
    ['a symbol', [Symbol('s')], 'a symbol at [0]'],
    ['a cycle', cycle, 'a value that contains itself at .self'],
    ['an error', new Set([new Error('no')]), 'an object of class Error at .values[0]'],
  ])('%s', async (_, value, what) => {
    const { prisma } = await openShop()
    await expect(prisma.$cache.getOrLoad('n', () => value)).rejects.toThrow(
      `getOrLoad('n'): expected a value of plain data, Date, Decimal, bigint, Uint8Array, Map and Set, got ${what}`,
    )
  })

  it('and keeps what comes back as it went in', async () => {
    const { prisma } = await openShop()
    const shared = { n: 1 }
    const value = {
      list: [1, 'a', null, undefined, true, 5n, shared, shared],
      at: new Date(5),
      bytes: new Uint8Array([1, 2]),
      map: new Map([[1, new Set(['x'])]]),
    }
    await prisma.$cache.getOrLoad('n', () => value)
    expect(await prisma.$cache.getOrLoad('n', () => 'another')).toEqual(value)
  })
})
