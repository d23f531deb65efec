import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { memory } from '../../src/index.js'
import { type Lagging, openLagging } from './lagging.js'

const where = { id: 1 }
const data = { title: 'new' }

describe('an old answer of a replica is not stored', () => {
  const writes: Record<string, (lagging: Lagging) => PromiseLike<unknown>> = {
    update: ({ prisma }) => prisma.document.update({ where, data }),
    'update that selects': ({ prisma }) =>
      prisma.document.update({ where, data, select: { title: true } }),
    updateManyAndReturn: ({ prisma }) => prisma.document.updateManyAndReturn({ where, data }),
    'a transaction': ({ prisma }) =>
      prisma.$transaction((tx) => tx.document.update({ where, data })),
    'a batch': ({ prisma }) => prisma.$transaction([prisma.document.update({ where, data })]),
    'another client of the store': ({ sibling }) => sibling.document.update({ where, data }),
  }
  it.each(Object.keys(writes))('after %s', async (name) => {
    const lagging = await openLagging()
    const { prisma, replica, outcomes } = lagging
    await (writes[name] as (lagging: Lagging) => PromiseLike<unknown>)(lagging)
    const read = () => prisma.document.findUnique({ where })
    expect(await read()).toMatchObject({ version: 1 })
    replica.behind = false
    for (const _ of [1, 2]) expect(await read()).toMatchObject({ version: 2 })
    expect(outcomes).toEqual(['older', 'stored'])
    expect(prisma.$cache.stats()).toMatchObject({ misses: 2, hits: 1, fills: 1, olderFills: 1 })
  })

  it('where it includes the row', async () => {
    const { prisma, outcomes } = await openLagging()
    await prisma.document.update({ where, data })
    await prisma.folder.findMany({ include: { documents: true } })
    expect(outcomes).toEqual(['older'])
  })

  it('where it shows a row that was deleted', async () => {
    const { prisma, replica, outcomes } = await openLagging()
    await prisma.document.delete({ where: { id: 2 } })
    const read = () => prisma.document.findUnique({ where: { id: 2 } })
    expect(await read()).toMatchObject({ version: 1 })
    replica.behind = false
    expect(await read()).toBeNull()
    expect(outcomes).toEqual(['older', 'stored'])
  })

  it('where it is refreshed in the background', async () => {
    const { prisma, sibling, outcomes } = await openLagging()
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const settings = { ttl: 1, staleWhileRevalidate: 60 }
    const read = () => sibling.document.findUnique({ where, cache: settings })
    await sibling.document.update({ where, data })
    await read()
    vi.setSystemTime(Date.now() + 2_000)
    expect(await prisma.document.findUnique({ where, cache: settings })).toMatchObject({
      version: 2,
    })
    await vi.waitFor(() => expect(outcomes).toEqual(['older']))
    expect(await read()).toMatchObject({ version: 2 })
  })

  it('after a write that could not reach the store at first', async () => {
    const store = memory()
    const { prisma, outcomes } = await openLagging(store)
    const touch = vi.spyOn(store, 'touch').mockRejectedValueOnce(new Error('unreachable'))
    await prisma.document.update({ where, data })
    await vi.waitFor(() => expect(touch).toHaveBeenCalledTimes(2))
    await vi.waitFor(async () => {
      expect(await prisma.$cache.health()).toMatchObject({ pendingInvalidations: false })
    })
    await prisma.document.findUnique({ where })
    expect(outcomes).toEqual(['older'])
  })

  it('where it shows a row that was created and updated in a transaction', async () => {
    const { prisma, replica, outcomes } = await openLagging()
    await prisma.$transaction(async (tx) => {
      const { id } = await tx.document.create({ data: { title: 'third' } })
      await tx.document.update({ where: { id }, data })
    })
    await replica.plain.document.create({ data: { title: 'third' } })
    await prisma.document.findUnique({ where: { id: 3 } })
    expect(outcomes).toEqual(['older'])
  })
})

describe('an answer of a replica is stored', () => {
  it('where a write only returned the row, and did not change it', async () => {
    const { prisma, plain, outcomes } = await openLagging()
    // Another program changes the version. The cache remembers versions only of the rows that a write touches.
    await plain.document.update({ where, data: { version: 7 } })
    await prisma.folder.update({
      where,
      data: { name: 'papers' },
      include: { documents: true },
    })
    await prisma.document.findUnique({ where })
    expect(outcomes).toEqual(['stored'])
  })

  it('where it shows other rows', async () => {
    const { prisma, outcomes } = await openLagging()
    await prisma.document.update({ where, data })
    await prisma.document.findUnique({ where: { id: 2 } })
    expect(outcomes).toEqual(['stored'])
  })

  it('where it counts', async () => {
    const { prisma, outcomes } = await openLagging()
    for (const _ of [2, 3, 4]) await prisma.document.update({ where: { id: 2 }, data })
    // The counts look like an id and a version of the second row.
    const counts = await prisma.document.count({ select: { id: true, version: true } })
    expect(counts).toEqual({ id: 2, version: 2 })
    expect(outcomes).toEqual(['stored'])
  })

  it('after a transaction that was rolled back', async () => {
    const { prisma, outcomes } = await openLagging()
    const undone = prisma.$transaction(async (tx) => {
      await tx.document.update({ where, data })
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    await prisma.document.findUnique({ where })
    expect(outcomes).toEqual(['stored'])
  })

  it('where a row that was deleted is created again', async () => {
    const { prisma, replica, outcomes } = await openLagging()
    replica.behind = false
    const part = { id: 2, title: 'again' }
    await prisma.document.update({ where: { id: 2 }, data })
    await prisma.document.delete({ where: { id: 2 } })
    await prisma.document.create({ data: part })
    expect(await prisma.document.findUnique({ where: { id: 2 } })).toMatchObject({ version: 1 })
    expect(outcomes).toEqual(['stored'])
  })

  it('a minute after the write', async () => {
    const { prisma, outcomes } = await openLagging()
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    await prisma.document.update({ where, data })
    for (const passed of [60_000, 1]) {
      vi.setSystemTime(Date.now() + passed)
      await prisma.document.findUnique({ where })
    }
    expect(outcomes).toEqual(['older', 'stored'])
  })
})
