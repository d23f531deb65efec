import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CacheAsideError, cacheAside, memory, OptimisticLockError } from '../../src/index.js'
import { providers } from '../support/databases.js'
import { openOffice } from './office.js'

const data = { title: 'mine' }

/** Returns the error that a promise fails with. */
function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(promise).then(
    () => undefined,
    (error) => error,
  )
}

describe.each(providers)('on %s', (provider) => {
  it('if two editors have read version 3, the first saves, and the second fails because of version 4', async () => {
    const { prisma, connect } = await openOffice(provider)
    const other = connect()
    const where = { id: 1 }
    for (const title of ['a', 'b']) await prisma.document.update({ where, data: { title } })
    const mine = await prisma.document.findUniqueOrThrow({ where })
    const theirs = await other.document.findUniqueOrThrow({ where })
    expect([mine.version, theirs.version]).toEqual([3, 3])

    await other.document.update({ where: { id: 1, version: theirs.version }, data: { title: 'c' } })
    const error = await failureOf(
      prisma.document.update({ where: { id: 1, version: mine.version }, data }),
    )
    expect(error).toBeInstanceOf(OptimisticLockError)
    expect(error).toBeInstanceOf(CacheAsideError)
    expect(error).toMatchObject({
      code: 'CACHE_OPTIMISTIC_LOCK',
      message: 'Document: expected version 3, the row has 4',
      model: 'Document',
      where: { id: 1 },
      expected: 3,
      actual: 4,
      cause: { code: 'P2025' },
    })
    expect(await prisma.document.findUnique({ where })).toMatchObject({ title: 'c', version: 4 })
  })

  it('a write of another program is seen after the failure', async () => {
    const { prisma, plain } = await openOffice(provider)
    const read = () => prisma.document.findUniqueOrThrow({ where: { id: 1 } })
    await read()
    await plain.document.update({ where: { id: 1 }, data: { title: 'theirs', version: 2 } })
    expect(await read()).toMatchObject({ version: 1 })
    const save = async () => {
      const { version } = await read()
      await prisma.document.update({ where: { id: 1, version }, data })
    }
    expect(await failureOf(save())).toBeInstanceOf(OptimisticLockError)
    expect(await read()).toMatchObject({ title: 'theirs', version: 2 })
    await save()
    expect(await read()).toMatchObject({ title: 'mine', version: 3 })
  })

  it('delete checks the version', async () => {
    const { prisma, versions } = await openOffice(provider)
    const error = await failureOf(prisma.document.delete({ where: { id: 2, version: 5 } }))
    expect(error).toMatchObject({ name: 'OptimisticLockError', expected: 5, actual: 1 })
    expect((await versions()).part).toBe(1)
    await prisma.document.delete({ where: { id: 2, version: { equals: 1 } } })
    expect((await versions()).part).toBeUndefined()
  })

  it('a version may be a BigInt, and the row may be found by a unique field', async () => {
    const { prisma } = await openOffice(provider)
    const where = { name: 'plans', revision: 5n }
    const error = await failureOf(prisma.folder.update({ where, data: { name: 'b' } }))
    expect(error).toMatchObject({ where: { name: 'plans' }, expected: 5n, actual: 1n })
  })

  it('a failure rolls back an interactive transaction, and a retry reads the new version', async () => {
    const { prisma, plain, versions } = await openOffice(provider)
    const read = () => prisma.document.findUniqueOrThrow({ where: { id: 1 } })
    await read()
    await plain.document.update({ where: { id: 1 }, data: { version: 2 } })
    const { version } = await read()
    const error = await failureOf(
      prisma.$transaction(async (tx) => {
        await tx.document.update({ where: { id: 2 }, data })
        await tx.document.update({ where: { id: 1, version }, data })
      }),
    )
    expect(error).toMatchObject({ name: 'OptimisticLockError', expected: 1, actual: 2 })
    expect(await versions()).toMatchObject({ one: 2, part: 1 })
    expect((await read()).version).toBe(2)
  })

  it('an interactive transaction sees the versions that it wrote itself', async () => {
    const { prisma, versions } = await openOffice(provider)
    await prisma.$transaction(async (tx) => {
      await tx.document.update({ where: { id: 1, version: 1 }, data })
      const error = await failureOf(tx.document.update({ where: { id: 1, version: 1 }, data }))
      expect(error).toMatchObject({ expected: 1, actual: 2 })
      await tx.document.update({ where: { id: 1, version: 2 }, data })
    })
    expect((await versions()).one).toBe(3)
  })

  it('a nested transaction sees the versions that the outer one wrote', async () => {
    const { plain } = await openOffice(provider)
    const prisma = plain.$extends(cacheAside({ store: memory() }))
    const error = await failureOf(
      prisma.$transaction(async (tx) => {
        await tx.document.update({ where: { id: 1 }, data })
        await tx.$transaction((inner) =>
          inner.document.update({ where: { id: 1, version: 1 }, data }),
        )
      }),
    )
    expect(error).toMatchObject({ expected: 1, actual: 2 })
  })

  it('a failure makes a batch fail as a whole, with the error of the failed operation', async () => {
    const { prisma, plain, versions } = await openOffice(provider)
    const read = () => prisma.document.findUniqueOrThrow({ where: { id: 1 } })
    await read()
    await plain.document.update({ where: { id: 1 }, data: { version: 2 } })
    const error = await failureOf(
      prisma.$transaction([
        prisma.document.update({ where: { id: 2, version: 1 }, data }),
        prisma.document.update({ where: { id: 1, version: 1 }, data }),
        prisma.folder.update({ where: { id: 1, revision: 1n }, data: { name: 'b' } }),
      ]),
    )
    expect(error).toMatchObject({ name: 'OptimisticLockError', where: { id: 1 }, actual: 2 })
    expect(await versions()).toEqual({ one: 2, part: 1, folder: 1n })
    expect((await read()).version).toBe(2)
  })

  it.each<[string, object, object]>([
    ['a row that does not exist', { id: 9, version: 1 }, data],
    ['a row that another filter excludes', { id: 1, version: 4, title: 'x' }, data],
    [
      'a row to connect that does not exist',
      { id: 1, version: 1 },
      { folder: { connect: { id: 9 } } },
    ],
    ['a version that is a range', { id: 1, version: { gt: 4 } }, data],
  ])('P2025 is not replaced for %s', async (_, where, changes) => {
    const { prisma } = await openOffice(provider)
    const error = await failureOf(
      prisma.document.update({ where: where as { id: number }, data: changes }),
    )
    expect(error).toMatchObject({ name: 'PrismaClientKnownRequestError', code: 'P2025' })
  })
})

describe('a failure', () => {
  it('touches only its row', async () => {
    const { prisma } = await openOffice('sqlite')
    const touched = vi.fn()
    onTestFinished(prisma.$cache.on('invalidate', touched))
    await failureOf(prisma.document.update({ where: { id: 1, version: 9 }, data }))
    expect(touched.mock.calls).toEqual([
      [{ tags: ['Document', 'Document{id:1}', 'Document{folderId:1}', 'Document{parentId:}'] }],
    ])
  })

  it('keeps Prisma’s error where the current version cannot be read', async () => {
    const { plain } = await openOffice('sqlite')
    const unreadable = plain.$extends({
      query: { document: { findUnique: () => Promise.reject(new Error('unreachable')) } },
    })
    const prisma = unreadable.$extends(cacheAside({ store: memory() }))
    const error = await failureOf(prisma.document.update({ where: { id: 1, version: 9 }, data }))
    expect(error).toMatchObject({ code: 'P2025' })
  })

  it('reads the current version from the primary, where reads go to replicas', async () => {
    const { plain, database } = await openOffice('sqlite')
    const replica = { findUnique: () => Promise.resolve({ id: 1, version: 9 }) }
    const routed = plain.$extends({
      client: { $primary: () => database.connect().client },
      query: { document: replica },
    })
    const prisma = routed.$extends(cacheAside({ store: memory() }))
    const error = await failureOf(prisma.document.update({ where: { id: 1, version: 9 }, data }))
    expect(error).toMatchObject({ name: 'OptimisticLockError', actual: 1 })
  })

  it('is reported also where the store cannot be reached, and touches the row later', async () => {
    const store = memory()
    const touch = vi.spyOn(store, 'touch').mockRejectedValueOnce(new Error('unreachable'))
    const { prisma } = await openOffice('sqlite', { store })
    const error = await failureOf(prisma.document.update({ where: { id: 1, version: 9 }, data }))
    expect(error).toBeInstanceOf(OptimisticLockError)
    expect(touch).toHaveBeenCalled()
    expect((await prisma.$cache.health()).pendingInvalidations).toBe(true)
  })
})
