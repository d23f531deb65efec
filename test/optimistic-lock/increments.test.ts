import { skip } from '@prisma/client/runtime/client'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import { ConfigurationError } from '../../src/index.js'
import { incremented } from '../../src/optimistic-lock/increments.js'

/** A report has a field `data`, which is also the name of Prisma’s argument of an update. */
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

function incrementedArgs(model: string, operation: string, args: unknown) {
  return incremented(catalog, versions, { model, operation, args })
}

describe('an update increments the version', () => {
  it('of the row that it changes, without changing the arguments that it was called with', () => {
    const args = { where: { id: 1 }, data: { title: 'a' }, select: { id: true } }
    const copy = structuredClone(args)
    expect(incrementedArgs('Sheet', 'update', args)).toEqual({
      ...args,
      data: { title: 'a', version: one },
    })
    expect(args).toEqual(copy)
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
    // Prisma refuses these.
    ['update', { where: { id: 1 } }],
    ['update', { where: { id: 1 }, data: null }],
    ['update', undefined],
  ])('but not where it updates nothing: %s %o', (operation, args) => {
    expect(incrementedArgs('Sheet', operation, args)).toEqual(args)
  })

  it('of a related row, also through a model without a version', () => {
    const update = (data: unknown) => incrementedArgs('Note', 'update', { data: { report: data } })
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
  ])('of a related row whose model has a field `data`: %o', (update, expected) => {
    expect(incrementedArgs('Note', 'update', { data: { report: { update } } })).toEqual({
      data: { report: { update: expected } },
    })
  })

  it('of each updated row in a list, but not of created and connected rows', () => {
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
    expect(incrementedArgs('Sheet', 'updateMany', { data })).toEqual({
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

  it('and refuses data that sets the version, even to null', () => {
    const update = () => incrementedArgs('Sheet', 'update', { data: { version: null } })
    expect(update).toThrow(ConfigurationError)
    expect(update).toThrow('version in the data of an update of Sheet: expected no value')
  })
})
