import { hash } from 'node:crypto'
import type { Query } from './query.js'

/** What the store knows an entry by. */
export type EntryKey = string & { readonly brand: 'entry' }

/** What all reads of a client have in common, and an answer depends on. */
export interface KeyTerms {
  readonly keyspace: string
  /** What the schema and the client (global omit, result extensions) do to the answer. */
  readonly fingerprint: string
}

/** Changes when the canonical form does. */
const FORMAT = 2

/**
 * The canonical form of a read. It is injective, so that two reads which Prisma tells apart never
 * share a key.
 *
 * @throws UnkeyableError if the arguments hold something without a canonical form, such as a function.
 */
export function canonicalRead(query: Query, scope: string | undefined): string {
  const { model, operation, dataPath, args } = query
  return canonical([scope ?? null, model, operation, dataPath, args])
}

/** @param read its canonical form. */
export function entryKey({ keyspace, fingerprint }: KeyTerms, read: string): EntryKey {
  const terms = canonical([FORMAT, keyspace, fingerprint])
  return hash('sha256', terms + read, 'base64url') as EntryKey
}

export class UnkeyableError extends Error {
  override readonly name = 'UnkeyableError'
}

/**
 * Values as JSON with sorted keys and a comma after each item (keys as given, inside JSON that a filter compares), except that what
 * JSON would lose or confuse begins with a letter of its own, which no JSON value does here: `B` bytes,
 * `D` dates, `M` decimals, `E` DbNull and its kin, `F` field references, `I` big integers, `N` numbers
 * that JSON lacks, `U` an `undefined` (only where Prisma refuses it: inside arrays).
 */
export function canonical(value: unknown, asGiven = false): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? String(value)
        : `N${formatNumber(value)}`
    case 'bigint':
      return `I${value}`
    case 'undefined':
      return 'U'
    case 'object':
      return value === null ? 'null' : canonicalObject(value, asGiven)
    default:
      throw new UnkeyableError(`a ${typeof value} has no canonical form`)
  }
}

function formatNumber(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function canonicalObject(value: object, asGiven: boolean): string {
  if (Array.isArray(value)) {
    let items = ''
    // Holes of a sparse array count as the `undefined` that Prisma finds there.
    for (const item of value) items += `${canonical(item, asGiven)},`
    return `[${items}]`
  }
  if (value instanceof Date) return `D${value.getTime()}`
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value
    return `B"${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}"`
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return canonicalFields(value, asGiven)
  if (isDecimal(value)) return `M"${value.toFixed()}"`
  if (isNullType(value)) return `E"${value._getName()}"`
  // Prisma's field references have no methods to know them by, but they are no plain objects.
  if ('modelName' in value && 'typeName' in value) return `F${canonicalFields(value, asGiven)}`
  throw new UnkeyableError(`an object of class ${value.constructor?.name} has no canonical form`)
}

/** Keys sorted, or as they were given; `undefined` and `Prisma.skip` dropped, as Prisma drops them. */
function canonicalFields(value: object, asGiven: boolean): string {
  const keys = Object.keys(value)
  if (!asGiven && keys.length > 1) keys.sort()
  let fields = ''
  for (const key of keys) {
    const field = (value as Record<string, unknown>)[key]
    if (field === undefined || isSkip(field)) continue
    fields += `${JSON.stringify(key)}:${canonical(field, asGiven || comparing.has(key))},`
  }
  return `{${fields}}`
}

/** What may hold JSON to compare with: SQLite compares it as text, in which keys have an order. */
const comparing: ReadonlySet<string> = new Set([
  'equals',
  'not',
  'array_contains',
  'array_starts_with',
  'array_ends_with',
])

/** Any version of decimal.js, as Prisma itself recognises it. */
function isDecimal(value: object): value is { toFixed(): string } {
  return 'd' in value && 'e' in value && 's' in value && 'toFixed' in value
}

/** DbNull, JsonNull and AnyNull. */
function isNullType(value: object): value is { _getName(): string } {
  return '_getName' in value && typeof value._getName === 'function'
}

export function isSkip(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'ifUndefined' in value &&
    typeof value.ifUndefined === 'function'
  )
}

/** Whether an `undefined` stands anywhere: with `strictUndefinedChecks` Prisma refuses what the key would drop. */
export function containsUndefined(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    return value === undefined
  }
  return Object.values(value).some(containsUndefined)
}
