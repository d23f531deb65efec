import { skip } from '@prisma/client/runtime/client'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import { ConfigurationError } from '../../src/index.js'
import { incremented } from '../../src/optimistic-lock/increments.js'

/** A report has a field that is named as Prisma names the data of an update. */
const catalog = parseSchema(`
datasource db {
  provider = "postgresql"
}
model Sheet {
  id Int @id
  title String
  version Int @default(1)
  reports Report[]
}
model Report {
  id Int @id
  data Json
  count Int @default(1)
  sheet Sheet? @relation(fields: [sheetId], references: [id])
  sheetId Int?
  notes Note[]
}
model Note {
  id Int @id
  text String
  report Report @relation(fields: [reportId], references: [id])
  reportId Int
}`)

const versions = new Map([
  ['Sheet', 'version'],
  ['Report', 'count'],
])
const one = { increment: 1 }

function of(model: string, operation: string, args: unknown) {
  return incremented(catalog, versions, { model, operation, args })
}

describe('an update increments the version', () => {
  it('of what it changes, and leaves the arguments that it is given as they are', () => {
    const args = { where: { id: 1 }, data: { title: 'a' }, select: { id: true } }
    const given = structuredClone(args)
    expect(of('Sheet', 'update', args)).toEqual({ ...args, data: { title: 'a', version: one } })
    expect(args).toEqual(given)
  })

  it.each([
    ['create', { data: { title: 'a', reports: { create: { data: {} } } } }],
    ['createMany', { data: [{ title: 'a' }] }],
    ['delete', { where: { id: 1, version: 1 } }],
    ['deleteMany', {}],
    ['update', { where: { id: 1 }, data: {} }],
    ['update', { where: { id: 1 }, data: { title: undefined } }],
    ['update', { where: { id: 1 }, data: { title: skip, version: skip } }],
    ['upsert', { where: { id: 1 }, create: { title: 'a', version: 3 }, update: {} }],
    // Which Prisma refuses.
    ['update', { where: { id: 1 } }],
    ['update', { where: { id: 1 }, data: null }],
    ['update', undefined],
  ])('but not where nothing is updated: %s %o', (operation, args) => {
    expect(of('Sheet', operation, args)).toEqual(args)
  })

  it('through a model that has none', () => {
    const update = (data: unknown) => of('Note', 'update', { data: { report: data } })
    expect(update({ update: { sheet: { update: { title: 'a' } } } })).toEqual({
      data: { report: { update: { count: one, sheet: { update: { title: 'a', version: one } } } } },
    })
    expect(update({ connect: { id: 1 } })).toEqual({ data: { report: { connect: { id: 1 } } } })
  })

  it.each([
    [{ data: { a: 1 } }, { data: { a: 1 }, count: one }],
    [{ data: 5 }, { data: 5, count: one }],
    [{ data: { data: { a: 1 } } }, { data: { data: { a: 1 }, count: one } }],
    [
      { where: { id: 1 }, data: { data: 5 } },
      { where: { id: 1 }, data: { data: 5, count: one } },
    ],
    [
      { data: 5, sheetId: 2 },
      { data: 5, sheetId: 2, count: one },
    ],
  ])('of one row whose model has a field `data`: %o', (given, expected) => {
    expect(of('Note', 'update', { data: { report: { update: given } } })).toEqual({
      data: { report: { update: expected } },
    })
  })

  it('of rows in a list, each, beside what is created and connected', () => {
    const create = { data: {} }
    const data = {
      reports: {
        create,
        connect: [{ id: 4 }],
        update: [{ where: { id: 1 }, data: { data: 1, notes: { create: { text: 'x' } } } }],
        updateMany: { where: {}, data: { data: 2 } },
        upsert: [{ where: { id: 3 }, create, update: { data: 3 } }],
      },
    }
    expect(of('Sheet', 'updateMany', { data })).toEqual({
      data: {
        version: one,
        reports: {
          create,
          connect: [{ id: 4 }],
          update: [
            { where: { id: 1 }, data: { data: 1, count: one, notes: { create: { text: 'x' } } } },
          ],
          updateMany: { where: {}, data: { data: 2, count: one } },
          upsert: [{ where: { id: 3 }, create, update: { data: 3, count: one } }],
        },
      },
    })
  })

  it('and refuses one that sets it, also null', () => {
    const update = () => of('Sheet', 'update', { data: { version: null } })
    expect(update).toThrow(ConfigurationError)
    expect(update).toThrow('version in the data of an update of Sheet: expected no value')
  })
})
