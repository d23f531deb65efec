import { Decimal } from '@prisma/client/runtime/client'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import { normaliserOf } from '../../src/plan/normalise.js'

/** Returns the normaliser of a field with this declaration, such as `String @db.Uuid`. */
function normaliser(provider: string, declaration: string) {
  const { models } = parseSchema(`
    datasource db {
      provider = "${provider}"
    }
    ${provider === 'sqlserver' ? '' : 'enum Role {\n ADMIN\n }'}
    model A {
      id    Int @id
      field ${declaration}
    }`)
  const field = models.get('A')?.fields.get('field')
  if (field === undefined) throw new Error('no field')
  return normaliserOf(provider, field)
}

type Case = readonly [declaration: string, one: unknown, other: unknown]

describe('two forms of one value have the same normal form', () => {
  it.each<Case>([
    ['Int?', 5, 5n],
    ['Int?', 0, -0],
    ['BigInt?', 7, 7n],
    ['Decimal?', '1.10', 1.1],
    ['Decimal?', new Decimal('1.1'), '01.100'],
    ['Decimal?', '-0.0', 0],
    ['Decimal @db.Decimal(10, 2)', '1.50', new Decimal(1.5)],
    ['DateTime?', new Date(7), '1970-01-01T00:00:00.007Z'],
    ['DateTime?', new Date(7), '1970-01-01T01:00:00.007+01:00'],
    ['DateTime @db.Timestamp(3)', new Date(0), '1970-01-01T00:00:00Z'],
    [
      'String @db.Uuid',
      '0000abcd-0000-4000-8000-00000000000f',
      '{0000ABCD00004000800000000000000F}',
    ],
    ['Bytes?', new Uint8Array([1, 2]), Buffer.from([1, 2])],
    ['Bytes?', new Uint8Array([9, 1, 2]).subarray(1), new Uint8Array([1, 2])],
  ])('%s: %o and %o', (declaration, one, other) => {
    const normalise = normaliser('postgresql', declaration)
    expect(normalise?.(one)).toEqual(expect.any(String))
    expect(normalise?.(one)).toBe(normalise?.(other))
  })
})

describe('different values have different normal forms', () => {
  it.each<Case>([
    ['Int?', 1, 2],
    ['String?', 'a', 'A'],
    ['String?', 'a', 'a '],
    ['String?', 'null', null],
    ['String @db.VarChar(4)', 'a', 'a '],
    ['Boolean?', true, false],
    ['Role?', 'ADMIN', 'GUEST'],
    ['Decimal?', '0.1', '0.10000000000000000000000000001'],
    ['Decimal?', '1', '-1'],
    ['DateTime?', new Date(7), new Date(8)],
    ['Bytes?', new Uint8Array([1]), new Uint8Array([1, 0])],
  ])('%s: %o and %o', (declaration, one, other) => {
    const normalise = normaliser('postgresql', declaration)
    expect(normalise?.(one)).not.toBe(normalise?.(other))
    expect([normalise?.(one), normalise?.(other)]).not.toContain(undefined)
  })
})

describe('a value that the database may change or refuse has no normal form', () => {
  it.each<readonly [declaration: string, value: unknown]>([
    ['Int?', 1.5],
    ['Int?', '1'],
    ['Int?', Number.NaN],
    ['String?', '\ud800'],
    ['String?', 5],
    ['String @db.VarChar(3)', 'abc '],
    ['String @db.Uuid', 'abc'],
    ['Decimal @db.Decimal(10, 2)', '1.005'],
    ['Decimal?', '1e3'],
    ['Decimal?', Number.NaN],
    ['Decimal?', ''],
    ['DateTime?', '1970-01-01T00:00:00.0005Z'],
    ['DateTime?', '1970-01-01'],
    ['DateTime?', new Date(Number.NaN)],
    ['Bytes?', [1]],
    ['Boolean?', 1],
    ['Role?', { set: 'ADMIN' }],
  ])('%s: %o', (declaration, value) => {
    expect(normaliser('postgresql', declaration)?.(value)).toBeUndefined()
  })
})

describe('a column that the database does not compare exactly cannot be tracked', () => {
  it.each<readonly [provider: string, declaration: string]>([
    ['postgresql', 'Float'],
    ['postgresql', 'Json'],
    ['postgresql', 'Int[]'],
    ['postgresql', 'String @db.Citext'],
    ['postgresql', 'String @db.Char(4)'],
    ['postgresql', 'String @db.Inet'],
    ['postgresql', 'DateTime @db.Date'],
    ['postgresql', 'DateTime @db.Time(3)'],
    ['postgresql', 'DateTime @db.Timestamp(0)'],
    ['postgresql', 'DateTime @db.Timestamptz(2)'],
    ['postgresql', 'Decimal @db.Money'],
    ['sqlite', 'Decimal'],
    ['mysql', 'String'],
    ['mysql', 'String @db.VarChar(20)'],
    ['sqlserver', 'String'],
  ])('%s: %s', (provider, declaration) => {
    expect(normaliser(provider, declaration)).toBeUndefined()
  })
})

describe('a column that the database compares exactly can be tracked', () => {
  it.each<readonly [provider: string, declaration: string]>([
    ['mysql', 'Int'],
    ['mysql', 'BigInt'],
    ['sqlserver', 'Boolean'],
    ['cockroachdb', 'String'],
    ['sqlite', 'String'],
  ])('%s: %s', (provider, declaration) => {
    expect(normaliser(provider, declaration)).toBeDefined()
  })
})

it('null stays null', () => {
  expect(normaliser('postgresql', 'String?')?.(null)).toBeNull()
})
