import { describe, expect, it } from 'vitest'
import { Shapes } from '../../src/read/shapes.js'
import type { Store } from '../../src/store/store.js'
import { newKey } from '../store/new-records.js'
import { sharedMemory } from '../support/shared-memory.js'
import { openShop } from '../support/shop.js'

const MINUTES = 60_000

describe('an answer that the store refuses, as it is too large,', () => {
  const refusing = (): Store & { offers: number } => {
    const store = sharedMemory()
    const refused = {
      ...store,
      offers: 0,
      fill: async () => {
        refused.offers += 1
        return 'refused' as const
      },
    }
    return refused
  }

  it('is not offered again, which `stats` and `explain` say', async () => {
    const store = refusing()
    const { prisma, seen } = await openShop({ store })
    const read = () => prisma.team.findMany()
    for (let n = 0; n < 3; n += 1) expect(await read()).toHaveLength(2)
    expect(seen).toEqual(['miss: absent', 'bypass: oversized', 'bypass: oversized'])
    expect(store.offers).toBe(1)
    expect(prisma.$cache.stats()).toMatchObject({ pausedFills: 2, bypasses: 2 })
    expect((await prisma.$cache.explain(read)).paused).toBe('oversized')
    expect((await prisma.$cache.explain(() => prisma.team.count())).paused).toBeUndefined()
  })

  it('is shared by the reads that ask at the same time', async () => {
    const { prisma, statements } = await openShop({ store: refusing() })
    const read = () => prisma.team.findMany()
    await read()
    const { length } = statements
    const answers = await Promise.all(Array.from({ length: 20 }, async () => read()))
    expect(answers.every((teams) => teams.length === 2)).toBe(true)
    expect(statements.length).toBe(length + 1)
  })

  it('is offered again after ten minutes', () => {
    let now = 0
    const shapes = new Shapes(() => now)
    shapes.oversized('list')
    now = 10 * MINUTES - 1
    expect(shapes.pauseNow('list', true)).toBe('oversized')
    now = 10 * MINUTES
    expect(shapes.pauseNow('list', true)).toBeUndefined()
  })
})

describe('queries of which no stored answer is ever read', () => {
  it('are filled only now and then, which `stats` and `explain` say', async () => {
    const { prisma, seen } = await openShop()
    const read = (id: number) => prisma.team.findMany({ where: { id: { gt: id } } })
    for (let id = 1; id <= 50 + 64; id += 1) await read(id)
    expect(prisma.$cache.stats()).toMatchObject({ fills: 50 + 4, pausedFills: 60 })
    expect(seen.slice(50).filter((how) => how === 'bypass: unused')).toHaveLength(60)
    expect((await prisma.$cache.explain(() => read(7))).paused).toBe('unused')
  })

  it('are filled as before after one hit', async () => {
    const { prisma, seen } = await openShop()
    const read = (id: number) => prisma.team.findMany({ where: { id: { gt: id } } })
    for (let id = 1; id <= 51; id += 1) await read(id)
    expect(seen.at(-1)).toBe('bypass: unused')
    await read(1)
    expect(seen.at(-1)).toBe('hit: store')
    await read(100)
    expect(seen.at(-1)).toBe('miss: absent')
  })

  it('are filled all the same by `warm`, and by `refresh`', async () => {
    const { prisma } = await openShop()
    const read = (id: number) => prisma.team.findMany({ where: { id: { gt: id } } })
    await prisma.$cache.warm(Array.from({ length: 80 }, (_, id) => () => read(id)))
    expect(prisma.$cache.stats()).toMatchObject({ fills: 80, pausedFills: 0 })
    await prisma.team.findMany({ where: { id: { gt: 500 } }, cache: { refresh: true } })
    expect(prisma.$cache.stats().fills).toBe(81)
  })
})

describe('a lease', () => {
  it('is worth it for queries that are slow on average, or unknown', () => {
    const shapes = new Shapes(() => 0)
    expect(shapes.isWorthALease('unknown')).toBe(true)
    shapes.loaded('fast', 0.4)
    expect(shapes.isWorthALease('fast')).toBe(false)
    shapes.loaded('slow', 100)
    expect(shapes.isWorthALease('slow')).toBe(true)
    // One slow query does not make a fast shape slow for long, and does for a while.
    shapes.loaded('fast', 50)
    expect(shapes.isWorthALease('fast')).toBe(true)
    for (let n = 0; n < 20; n += 1) shapes.loaded('fast', 0.4)
    expect(shapes.isWorthALease('fast')).toBe(false)
  })
})

it('a hit on an entry that another process filled says nothing of a shape', () => {
  const shapes = new Shapes(() => 0)
  for (let n = 0; n < 50; n += 1) shapes.filled('list', newKey())
  shapes.hit(newKey())
  expect(shapes.pauseOf('list')).toBe('unused')
})
