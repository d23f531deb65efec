import { deepStrictEqual } from 'node:assert'
import { Decimal } from '@prisma/client/runtime/client'
import fc from 'fast-check'
import { SuperJSON } from 'superjson'
import { describe, expect, it } from 'vitest'
import { Prisma } from '../../generated/sqlite/client/client.js'
import { rowsCodec } from '../../src/codec/rows.js'
import { superjsonCodec } from '../../src/codec/superjson.js'
import { createDatabase, providers } from '../support/databases.js'

const codec = rowsCodec(Decimal, superjsonCodec(Decimal))

function roundTrip(value: unknown): unknown {
  return codec.decode(codec.encode(value))
}

/** Returns whether superjson had to encode the value. */
function needsSuperjson(value: unknown): boolean {
  return codec.encode(value)[0] !== '['.charCodeAt(0)
}

const decimal = fc.oneof(
  fc.bigInt().map(String),
  fc.tuple(fc.bigInt(), fc.integer({ min: -300, max: 300 })).map(([n, e]) => `${n}e${e}`),
  fc.constantFrom('0', 'NaN', 'Infinity', '-Infinity', `${'9'.repeat(300)}.${'9'.repeat(300)}`),
)

const scalar: fc.Arbitrary<unknown> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\ud800', '\udfff', '\u0000', 'é', '😀', '"', '\\') }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 5e-324),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }),
  decimal.map((text) => new Decimal(text)),
  fc.uint8Array(),
)

/** Keys that have a meaning for JavaScript, for superjson or in its paths. */
const key = fc.oneof(
  fc.constantFrom('constructor', '__proto__', 'prototype', 'toString', 'hasOwnProperty'),
  fc.constantFrom('a.b', '.', '', '\\', '\\.', 'a\\.b', '0', '1', 'json', 'meta', 'values', 'v'),
  fc.string({ unit: 'binary', maxLength: 3 }),
)

const finite = { noNaN: true, noDefaultInfinity: true }

const json = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(fc.constant(null), fc.boolean(), fc.string(), fc.integer(), fc.double(finite)),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(key, tie('json'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).json

const field = fc.constantFrom('id', 'name', 'posts', '_count', 'json', 'meta', 'constructor_', 'a1')

/** The shape of Prisma's results: rows with other rows and lists inside. */
const answer = fc.letrec<{ row: unknown }>((tie) => ({
  row: fc.dictionary(
    field,
    fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      scalar,
      json,
      fc.array(scalar, { maxLength: 3 }),
      fc.array(tie('row'), { maxLength: 3 }),
      tie('row'),
    ),
    { maxKeys: 5, noNullPrototype: true },
  ),
})).row

describe('a round trip', () => {
  it('returns deeply equal values of equal types', () => {
    fc.assert(
      fc.property(fc.oneof(answer, fc.array(answer), scalar, json), (value) => {
        deepStrictEqual(roundTrip(value), value)
      }),
      { numRuns: 3_000 },
    )
  })

  it.each<[string, unknown]>([
    [
      'a row with a decimal beside reserved keys',
      { price: new Decimal('1.10'), json: { constructor: { prototype: 1 } } },
    ],
    ['-0 beside reserved keys', { json: { constructor: [-0, { a: -0 }] } }],
    ['-0 in JSON', { json: { 'a.b': { '\\': -0 }, '\\.': [-0] } }],
    ['a reserved key inside a list inside JSON', [[{ a: [JSON.parse('{"__proto__":{"x":1}}')] }]]],
    [
      "an object like superjson's own output",
      { json: { a: 1 }, meta: { values: { a: ['Date'] } } },
    ],
    ['undefined beside null', { a: undefined, b: null }],
    ['a date before 1970', new Date('0001-01-01T00:00:00.001Z')],
    ['a date beyond the year 9999', new Date(8.64e15)],
    ['an integer beyond 2^53', 2n ** 80n + 1n],
    ['an empty byte array', new Uint8Array()],
    ['null', null],
    ['deep JSON', Array.from({ length: 500 }).reduce((inner) => ({ inner }), 1)],
  ])('keeps %s', (_, value) => {
    deepStrictEqual(roundTrip(value), value)
  })

  it.each<[string, unknown, boolean]>([
    ['a number', 7, false],
    ['rows of one type', [{ at: new Date(0) }, { at: null }, { at: new Date(1) }], false],
    ['rows in rows', [{ posts: [{ at: new Date(0), n: 1n }] }, { posts: [] }], false],
    ['JSON of any shape', [{ json: { a: 1 } }, { json: 'text' }, { json: [{ a: [] }] }], false],
    ['keys that superjson refuses', { json: { constructor: 1 }, at: new Date(0) }, false],
    ['a field that is a date or a string', [{ v: new Date(0) }, { v: '1970' }], true],
    ['a field that is a string or a date', [{ v: '1970' }, { v: new Date(0) }], true],
    ['a field that is a date or a decimal', [{ v: new Date(0) }, { v: new Decimal(1) }], true],
    ['a row or a date', [{ v: { a: 1 } }, { v: new Date(0) }], true],
    ['a number that JSON lacks', { float: -0 }, true],
    ['undefined', [undefined], true],
    ['a map', new Map([[1, 2]]), true],
  ])('uses superjson only if it must: %s', (_, value, expected) => {
    expect(needsSuperjson(value)).toBe(expected)
    deepStrictEqual(roundTrip(value), value)
  })

  it('does not change the value', () => {
    const value = [{ at: new Date(0), list: [1n], json: { a: { b: 1 } } }]
    const before = structuredClone(value)
    codec.encode(value)
    deepStrictEqual(value, before)
  })

  it.each([
    ['a date that is a string', '[[{"at":"x"}],{"at":"Date"}]'],
    ['an unknown type', '[[{"at":1}],{"at":"constructor"}]'],
    ['a bigint that is not an integer', '[{"n":"1.5"},{"n":"bigint"}]'],
    ['truncated JSON', '[[{"n":'],
    ['a single bracket', '['],
  ])('throws when it decodes %s', (_, text) => {
    expect(() => codec.decode(Buffer.from(text))).toThrow()
  })

  it('returns a copy that shares no object with the value', () => {
    const value = { date: new Date(0), json: { list: [1] }, bytes: new Uint8Array([1]) }
    const copy = roundTrip(value) as typeof value
    copy.date.setTime(1)
    copy.json.list.push(2)
    copy.bytes[0] = 2
    deepStrictEqual(value, { date: new Date(0), json: { list: [1] }, bytes: new Uint8Array([1]) })
  })

  it('returns two objects for one object that occurs twice', () => {
    const shared = { list: [new Date(0)] }
    const copy = roundTrip({ one: shared, other: shared }) as Record<'one' | 'other', typeof shared>
    copy.one.list.pop()
    expect(copy.other).toEqual({ list: [new Date(0)] })
  })

  it("does not change the application's own superjson", () => {
    const { json: plain } = SuperJSON.serialize(new Uint8Array([1]))
    expect(plain).not.toBe('AQ==')
  })
})

describe.each(providers)('rows of %s', (provider) => {
  it('with every type of column are decoded as they were', async () => {
    const database = await createDatabase(provider)
    const { client } = database.connect()
    await client.everything.create({ data: {} })
    await client.everything.create({
      data: {
        string: 'é😀"\\',
        boolean: false,
        int: -(2 ** 31),
        bigint: 2n ** 53n - 1n,
        float: 1e-7,
        decimal: '-12345678901234.5',
        date: new Date('1969-12-31T23:59:59.999Z'),
        json: { a: [null, { constructor: 1, 'b.c': '' }] },
        bytes: new Uint8Array(),
        role: 'ADMIN',
      },
    })
    await client.everything.create({ data: { json: Prisma.JsonNull } })
    if (provider === 'postgresql') await database.execute(beyondSqlite)

    const rows = await client.everything.findMany()
    expect(rows.length).toBeGreaterThan(2)
    deepStrictEqual(roundTrip(rows), rows)
    await database.drop()
  })
})

it('an infinite timestamp of PostgreSQL stays an invalid Date', async () => {
  const database = await createDatabase('postgresql')
  const { client } = database.connect()
  await database.execute(`INSERT INTO "Everything" ("date", "dates", "float")
    VALUES ('infinity', '{infinity}', 1), ('-infinity', '{-infinity}', 'NaN')`)
  for (const id of [1, 2]) {
    const row = await client.everything.findUnique({ where: { id } })
    expect(needsSuperjson(row)).toBe(id === 2)
    expect(String(row?.date)).toBe('Invalid Date')
    const { date, dates } = roundTrip(row) as { date: Date; dates: Date[] }
    expect([date, ...dates].map(String)).toEqual(['Invalid Date', 'Invalid Date'])
  }
  await database.drop()
})

const beyondSqlite = `
  INSERT INTO "Everything" ("bigint", "float", "decimal", "strings", "bigints", "floats", "decimals",
    "dates", "jsons", "roles", "uuid", "day")
  VALUES (9223372036854775807, 'Infinity', 'NaN', '{"a,b",""}', '{-9223372036854775808}',
    '{NaN,-Infinity,-0}', '{0.000000000000000000000000000001,1e34}',
    '{"1969-12-31 23:59:59.999","0001-01-01"}', ARRAY['null','{"a":[]}']::jsonb[], '{GUEST}',
    '00000000-0000-0000-0000-00000000000A', '1969-12-31')`

describe('a decimal', () => {
  it('is decoded to the class that the codec was given', () => {
    const Own = Decimal.clone()
    const own = rowsCodec(Own, superjsonCodec(Own))
    const decoded = own.decode(own.encode(new Own('1.10')))
    expect(decoded).toHaveProperty('constructor', Own)
    expect(Own).not.toBe(Decimal)
  })
})
