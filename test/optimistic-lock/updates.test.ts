import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../src/index.js'
import { providers } from '../support/databases.js'
import { type Office, openOffice } from './office.js'

type Writer = Pick<Office['prisma'], 'document' | 'folder' | 'cover'>
type Versions = Partial<Awaited<ReturnType<Office['versions']>>>

const where = { id: 1 }
const data = { title: 'new' }
const before = { one: 1, part: 1, folder: 1n }

/** These are the ways to update, with the versions that differ afterwards. */
const updates: Record<string, [(prisma: Writer) => PromiseLike<unknown>, Versions]> = {
  update: [(p) => p.document.update({ where, data }), { one: 2 }],
  'update that selects': [
    (p) => p.document.update({ where, data, select: { title: true } }),
    { one: 2 },
  ],
  'the fluent API': [(p) => p.document.update({ where, data }).folder(), { one: 2 }],
  'update of a BigInt': [(p) => p.folder.update({ where, data: { name: 'new' } }), { folder: 2n }],
  updateMany: [(p) => p.document.updateMany({ data }), { one: 2, part: 2 }],
  updateManyAndReturn: [
    (p) => p.document.updateManyAndReturn({ where: { parentId: null }, data }),
    { one: 2 },
  ],
  'upsert that updates': [
    (p) => p.document.upsert({ where, create: data, update: data }),
    { one: 2 },
  ],
  'upsert that creates': [
    (p) => p.document.upsert({ where: { id: 9 }, create: data, update: data }),
    {},
  ],
  'upsert by a unique field': [
    (p) =>
      p.folder.upsert({
        where: { name: 'plans' },
        create: { name: 'plans' },
        update: { name: 'b' },
      }),
    { folder: 2n },
  ],
  'an update of nothing': [(p) => p.document.update({ where, data: {} }), {}],
  'an update of undefined': [
    (p) => p.document.update({ where, data: { title: undefined, version: undefined } as object }),
    {},
  ],
  'a disconnect by the row that has the foreign key': [
    (p) => p.document.update({ where, data: { folder: { disconnect: true } } }),
    { one: 2 },
  ],
  'a nested update of a list': [
    (p) => p.folder.update({ where, data: { documents: { update: { where, data } } } }),
    { one: 2, folder: 2n },
  ],
  'nested updates of a list': [
    (p) => p.folder.update({ where, data: { documents: { update: [{ where, data }] } } }),
    { one: 2, folder: 2n },
  ],
  'a nested updateMany': [
    (p) => p.folder.update({ where, data: { documents: { updateMany: { where: {}, data } } } }),
    { one: 2, folder: 2n },
  ],
  'nested updateManys': [
    (p) => p.document.update({ where, data: { parts: { updateMany: [{ where: {}, data }] } } }),
    { one: 2, part: 2 },
  ],
  'a nested upsert that updates': [
    (p) =>
      p.document.update({
        where,
        data: { parts: { upsert: { where: { id: 2 }, create: data, update: data } } },
      }),
    { one: 2, part: 2 },
  ],
  'a nested upsert that creates': [
    (p) =>
      p.document.update({
        where,
        data: { parts: { upsert: [{ where: { id: 9 }, create: data, update: data }] } },
      }),
    { one: 2 },
  ],
  'a nested update of a to-one relation': [
    (p) => p.document.update({ where: { id: 2 }, data: { parent: { update: data } } }),
    { one: 2, part: 2 },
  ],
  'a nested update of a to-one relation, with a filter': [
    (p) =>
      p.document.update({
        where: { id: 2 },
        data: { parent: { update: { where: { title: 'one' }, data } } },
      }),
    { one: 2, part: 2 },
  ],
  'a nested upsert of a to-one relation': [
    (p) =>
      p.document.update({
        where: { id: 2 },
        data: { parent: { upsert: { create: data, update: data } } },
      }),
    { one: 2, part: 2 },
  ],
  'updates three deep, through a model without a version': [
    (p) =>
      p.cover.update({
        where,
        data: {
          document: {
            update: {
              folder: { update: { name: 'b' } },
              parts: { updateMany: { where: {}, data } },
            },
          },
        },
      }),
    { one: 2, part: 2, folder: 2n },
  ],
  'a nested create': [
    (p) => p.folder.update({ where, data: { documents: { create: data } } }),
    { folder: 2n },
  ],
  // The database changes the foreign key of a row that Prisma does not update.
  'a connect by the other end of the relation': [
    (p) => p.folder.update({ where, data: { documents: { connect: { id: 2 } } } }),
    { folder: 2n },
  ],
  'a set by the other end of the relation': [
    (p) => p.folder.update({ where, data: { documents: { set: [{ id: 2 }] } } }),
    { folder: 2n },
  ],
}

describe.each(providers)(
  'on %s, the version of each updated row is incremented once',
  (provider) => {
    const names = Object.keys(updates)
    it.each(names)('by %s', async (name) => {
      const [update, changed] = updates[name] as [(prisma: Writer) => Promise<unknown>, Versions]
      const { prisma, versions } = await openOffice(provider)
      await update(prisma)
      expect(await versions()).toEqual({ ...before, ...changed })
    })

    it('in an interactive transaction, unless it is rolled back', async () => {
      const { prisma, versions } = await openOffice(provider)
      await prisma.$transaction((tx) => tx.document.update({ where, data }))
      const undone = prisma.$transaction(async (tx) => {
        await tx.document.update({ where, data })
        throw new Error('undone')
      })
      await expect(undone).rejects.toThrow('undone')
      expect(await versions()).toEqual({ ...before, one: 2 })
    })

    it('in a batch', async () => {
      const { prisma, versions } = await openOffice(provider)
      await prisma.$transaction([
        prisma.document.update({ where, data }),
        prisma.folder.update({ where, data: { documents: { updateMany: { where: {}, data } } } }),
      ])
      expect(await versions()).toEqual({ ...before, one: 3, folder: 2n })
    })

    it('and seen by the next read, and the result of the update shows only the selected fields', async () => {
      const { prisma } = await openOffice(provider)
      expect(await prisma.document.findUnique({ where })).toMatchObject({ version: 1 })
      const result = await prisma.document.update({ where, data, select: { title: true } })
      expect(result).toEqual({ title: 'new' })
      expect(await prisma.document.findUnique({ where })).toMatchObject({ version: 2 })
    })
  },
)

describe('a version', () => {
  const refusal = (value: string) =>
    new ConfigurationError(
      `version in the data of an update of Document: expected no value, as every update increments it, got ${value}`,
    )

  it('may be set when a row is created', async () => {
    const { prisma } = await openOffice('sqlite')
    expect(await prisma.document.create({ data: { ...data, version: 7 } })).toMatchObject({
      version: 7,
    })
    expect(await prisma.document.create({ data })).toMatchObject({ version: 1 })
  })

  it.each<[string, (prisma: Writer) => PromiseLike<unknown>]>([
    ['5', (p) => p.document.update({ where, data: { version: 5 } })],
    ['{ increment: 2 }', (p) => p.document.updateMany({ data: { version: { increment: 2 } } })],
    ['1', (p) => p.document.upsert({ where, create: data, update: { version: 1 } })],
    [
      '3',
      (p) =>
        p.folder.update({
          where,
          data: { documents: { update: { where, data: { version: 3 } } } },
        }),
    ],
  ])('must not be set by an update: %s', async (value, update) => {
    const { prisma, versions } = await openOffice('sqlite')
    await expect(update(prisma)).rejects.toThrow(refusal(value))
    expect(await versions()).toEqual(before)
  })

  it('must not be set by an update in `explain`, either', async () => {
    const { prisma } = await openOffice('sqlite')
    const explained = prisma.$cache.explain(() =>
      prisma.document.update({ where, data: { version: 5 } }),
    )
    await expect(explained).rejects.toThrow(refusal('5'))
  })

  it('is an ordinary field where neither the options nor the schema name it', async () => {
    const { database, plain } = await openOffice('sqlite')
    const { cacheAside, memory } = await import('../../src/index.js')
    const schema =
      'datasource db {\n provider = "sqlite"\n}\nmodel Document {\n id Int @id\n version Int\n}'
    const prisma = database.connect().client.$extends(cacheAside({ store: memory(), schema }))
    await prisma.document.update({ where, data: { version: 5 } })
    await prisma.document.update({ where, data })
    expect(await plain.document.findUnique({ where })).toMatchObject({ version: 5 })
  })
})
