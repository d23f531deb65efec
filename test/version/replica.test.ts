import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { cacheAside, memory } from '../../src/index.js'
import { openOffice } from './office.js'

const where = { id: 1 }
const data = { title: 'new' }

/** A client whose reads are answered by a replica that shows the rows as they were at the start. */
async function openLagging() {
  const { plain, prisma: other, database } = await openOffice('sqlite')
  const lagging = await openOffice('sqlite')
  const replica = { behind: true }
  const store = memory()
  const cached = plain.$extends(cacheAside({ store }))
  // As @prisma/extension-read-replicas does, after the cache: before it, the cache would see no read.
  const prisma = cached.$extends({
    query: {
      async $allOperations({ model, operation, args, query, ...rest }) {
        const { __internalParams } = rest as { __internalParams?: { transaction?: object } }
        const isRead = operation.startsWith('find') && __internalParams?.transaction === undefined
        if (!isRead || !replica.behind) return query(args)
        const delegate = lagging.plain[model?.toLowerCase() as 'document']
        return (delegate[operation as 'findMany'] as (args: object) => Promise<object[]>)(args)
      },
    },
  })
  const sibling = database.connect().client.$extends(cacheAside({ store }))
  const outcomes: string[] = []
  onTestFinished(prisma.$cache.on('fill', ({ outcome }) => outcomes.push(outcome)))
  return { prisma, plain, other, sibling, replica, outcomes }
}

type Lagging = Awaited<ReturnType<typeof openLagging>>

describe('an answer of a replica from before an acknowledged write is not stored:', () => {
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
  it.each(Object.keys(writes))('%s', async (name) => {
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

  it('nor one that includes the row', async () => {
    const { prisma, outcomes } = await openLagging()
    await prisma.document.update({ where, data })
    await prisma.folder.findMany({ include: { documents: true } })
    expect(outcomes).toEqual(['older'])
  })
})

describe('an answer of a replica is stored', () => {
  it('where it shows other rows', async () => {
    const { prisma, outcomes } = await openLagging()
    await prisma.document.update({ where, data })
    await prisma.document.findUnique({ where: { id: 2 } })
    expect(outcomes).toEqual(['stored'])
  })

  it('where it counts', async () => {
    const { prisma, outcomes } = await openLagging()
    for (const _ of [2, 3, 4]) await prisma.document.update({ where: { id: 2 }, data })
    // Two ids and two versions, as the second row would show them.
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
    const now = vi.spyOn(performance, 'now')
    onTestFinished(() => now.mockRestore())
    await prisma.document.update({ where, data })
    const later = performance.now() + 60_001
    now.mockReturnValue(later)
    await prisma.document.findUnique({ where })
    expect(outcomes).toEqual(['stored'])
  })
})
