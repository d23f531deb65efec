import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import { versionsIn, writtenIn } from '../../src/plan/row-versions.js'
import { trackedOf } from './tracked-keys.js'

const catalog = parseSchema(`
datasource db {
  provider = "postgresql"
}
model Sheet {
  id Int @id
  version BigInt @default(1)
  reports Report[]
}
model Report {
  id Int @id
  count Int @default(1)
  sheet Sheet? @relation(fields: [sheetId], references: [id])
  sheetId Int?
}`)

const versions = new Map([
  ['Sheet', 'version'],
  ['Report', 'count'],
])
const tracked = trackedOf(catalog)

function rowTag(model: string, id: number) {
  const [key] = tracked.keys(model)
  if (key === undefined) throw new Error(`${model} has no id`)
  return tracked.keyTag(key, [String(id)]).id
}

const shown = (answer: unknown) => versionsIn(tracked, versions, 'Sheet', answer)
const written = (operation: string, answer: unknown) =>
  writtenIn(tracked, versions, { model: 'Sheet', operation }, answer)

const report = { id: 7, count: 3 }
const sheet = { id: 1, version: 2n, reports: [report] }

describe('the versions in an answer', () => {
  it('include those of rows at any depth', () => {
    expect(shown([sheet])).toEqual(
      new Map([
        [rowTag('Sheet', 1), 2],
        [rowTag('Report', 7), 3],
      ]),
    )
  })

  it('include the lowest version of a row that it shows several times', () => {
    const twice = [4, 3, 5].map((count) => ({ ...sheet, reports: [{ ...report, count }] }))
    expect(shown(twice).get(rowTag('Report', 7))).toBe(3)
  })

  it.each([
    ['without a version', { id: 1 }],
    ['without an id', { version: 2n }],
    ['with a version above the safe integers', { id: 1, version: 2n ** 53n }],
    ['with a version below the safe integers', { id: 1, version: -(2n ** 53n) }],
  ])('do not include that of a row %s', (_, row) => {
    expect(shown(row)).toEqual(new Map())
  })
})

describe('the rows in the result of a write', () => {
  it.each(['create', 'createManyAndReturn'])(
    'are new after %s, except the included rows',
    (operation) => {
      expect(written(operation, [sheet])).toEqual(
        new Map([
          [rowTag('Sheet', 1), { version: 2, isNew: true }],
          [rowTag('Report', 7), { version: 3, isNew: false }],
        ]),
      )
    },
  )

  it.each(['update', 'upsert'])('have the versions that the result shows after %s', (operation) => {
    expect(written(operation, sheet)).toEqual(
      new Map([
        [rowTag('Sheet', 1), { version: 2, isNew: false }],
        [rowTag('Report', 7), { version: 3, isNew: false }],
      ]),
    )
  })

  it('have the next version after delete, except the included rows', () => {
    expect(written('delete', sheet)).toEqual(
      new Map([
        [rowTag('Sheet', 1), { version: 3, isNew: false }],
        [rowTag('Report', 7), { version: 3, isNew: false }],
      ]),
    )
  })

  it('have the version of the written row where the result also shows it below another row', () => {
    const child = { id: 7, count: 3 }
    const own = { ...child, sheet: { ...sheet, reports: [{ ...child, count: 2 }] } }
    const rows = writtenIn(tracked, versions, { model: 'Report', operation: 'delete' }, own)
    expect(rows.get(rowTag('Report', 7))).toEqual({ version: 4, isNew: false })
  })
})
