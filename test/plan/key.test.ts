import { isDeepStrictEqual } from 'node:util'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { AnyNull, DbNull, Decimal, JsonNull, skip } from '@prisma/client/runtime/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PrismaClient } from '../../generated/sqlite/client/client.js'
import {
  canonical,
  canonicalRead,
  entryKey,
  type KeyTerms,
  UnkeyableError,
} from '../../src/plan/key.js'
import type { Query } from '../../src/plan/query.js'

// This client never connects: the tests use only its field references.
const { user, post } = new PrismaClient({ adapter: new PrismaLibSql({ url: ':memory:' }) })

type KeyParts = KeyTerms & Query & { readonly scope: string | undefined }

const parts: KeyParts = {
  keyspace: 'shop',
  fingerprint: 'f',
  scope: undefined,
  model: 'User',
  operation: 'findMany',
  dataPath: [],
  args: {},
}

function readKey(parts: KeyParts) {
  return entryKey(parts, canonicalRead(parts, parts.scope))
}

function keyOf(args: unknown): string {
  return readKey({ ...parts, args })
}

/** There are few values of each kind, so that two trees often differ only a little. */
const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom('', 'a', '1', 'I1', 'N-0', 'D0', '"a"', 'null', 'U', '{"a":1}', 'E"DbNull"'),
  fc.constantFrom(new Date(0).toISOString(), 'AQ==', '1.5', '1e21', 'NaN'),
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.constantFrom(0, -0, 1, 1.5, 1e21, 5e-324, Number.NaN, Infinity, -Infinity),
  fc.constantFrom(0n, 1n, -1n, 2n ** 64n),
  fc.constantFrom(0, -1, 1, 1e12).map((time) => new Date(time)),
  fc.constantFrom('0', '1', '1.5', '1e21', 'NaN', '-Infinity').map((text) => new Decimal(text)),
  fc.uint8Array({ maxLength: 3 }),
  fc.constantFrom(null, true, false, DbNull, JsonNull, AnyNull),
  fc.constantFrom(user.fields.name, user.fields.email, post.fields.id),
  fc.constantFrom(
    { modelName: 'User', name: 'name', typeName: 'String', isList: false, isEnum: false },
    { d: [1], e: 0, s: 1 },
    { _getName: 'DbNull' },
    { $type: 'DateTime', value: '1970-01-01T00:00:00.000Z' },
  ),
)

const name = fc.constantFrom('a', 'b', 'AND', 'where', '', '__proto__', 'constructor', '1')

const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(name, tie('tree'), { maxKeys: 3 }),
  ),
}))

/** Writes the value in another form that means the same to Prisma. */
function rewritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewritten)
  if (value instanceof Uint8Array) return Buffer.from(value)
  if (!isPlain(value)) return value
  const entries = Object.entries(value).map(([key, field]) => [key, rewritten(field)] as const)
  return Object.fromEntries([['absent', undefined], ...entries.reverse(), ['skipped', skip]])
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

describe('the key of a read', () => {
  it('is the same for two argument trees exactly if they are deeply equal', () => {
    fc.assert(
      fc.property(tree, tree, (one, other) => {
        expect(canonical(one) === canonical(other)).toBe(
          isDeepStrictEqual(withPrototypes(one), withPrototypes(other)),
        )
      }),
      { numRuns: 5_000 },
    )
  })

  it('differs if a single value in the arguments differs', () => {
    fc.assert(
      fc.property(tree, leaf, leaf, (around, one, other) => {
        fc.pre(!isDeepStrictEqual(one, other))
        const shared = keyOf({ around, nested: [{ leaf: one }] })
        expect(shared).not.toBe(keyOf({ around, nested: [{ leaf: other }] }))
      }),
      { numRuns: 2_000 },
    )
  })

  it('does not depend on the order of keys, on undefined or skipped fields, or on the class of bytes', () => {
    fc.assert(
      fc.property(tree, (args) => {
        expect(keyOf(rewritten(args))).toBe(keyOf(args))
      }),
      { numRuns: 2_000 },
    )
  })

  it('is the same for a part of a buffer and for a buffer of the same bytes', () => {
    expect(keyOf(new Uint8Array([9, 1, 2, 9]).subarray(1, 3))).toBe(keyOf(new Uint8Array([1, 2])))
  })

  it('does not depend on the trailing zeros of a decimal', () => {
    expect(keyOf(new Decimal('1.50'))).toBe(keyOf(new Decimal('1.5')))
  })

  it.each(['equals', 'not'])(
    'depends on the order of keys in JSON under `%s`, because SQLite compares JSON as text',
    (word) => {
      const one = { where: { json: { [word]: { a: { x: 1, y: 2 } } } } }
      const other = { where: { json: { [word]: { a: { y: 2, x: 1 } } } } }
      expect(keyOf(one)).not.toBe(keyOf(other))
    },
  )

  it.each<[string, Partial<KeyParts>]>([
    ['keyspace', { keyspace: 'other' }],
    ['fingerprint', { fingerprint: 'other' }],
    ['scope', { scope: 'tenant' }],
    ['empty scope', { scope: '' }],
    ["scope 'null'", { scope: 'null' }],
    ['model', { model: 'Post' }],
    ['operation', { operation: 'findFirst' }],
    ['data path', { dataPath: ['select', 'posts'] }],
    ['arguments', { args: { take: 1 } }],
  ])('differs with the %s', (_, other) => {
    expect(readKey({ ...parts, ...other })).not.toBe(readKey(parts))
  })

  it('differs if the same characters are divided differently among its parts', () => {
    const one = readKey({ ...parts, model: 'User', operation: 'count' })
    expect(readKey({ ...parts, model: 'Use', operation: 'rcount' })).not.toBe(one)
    expect(readKey({ ...parts, dataPath: ['a', 'b'] })).not.toBe(
      readKey({ ...parts, dataPath: ['a,b'] }),
    )
  })

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a Map', new Map()],
    ['a class of the application', new (class Money {})()],
    ['a boxed number', Object(1)],
    ['a method among fields', { toJSON: () => 1 }],
    ['a skip inside an array', [skip]],
  ])('cannot be made of arguments with %s', (_, value) => {
    expect(() => keyOf({ where: { field: value } })).toThrow(UnkeyableError)
  })
})

/** Gives every dictionary a prototype. Some of fast-check have none, which makes no difference to Prisma. */
function withPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPrototypes)
  if (!isPlain(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, withPrototypes(field)]),
  )
}
