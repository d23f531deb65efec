import { hash } from 'node:crypto'
import { isSkip, type Query } from './query.js'

/** The key of an entry's record in the store. */
export type EntryKey = string & { readonly brand: 'entry' }

/** The parts of a key that are the same for all reads of one client. */
export interface KeyTerms {
  readonly keyspace: string
  /** Represents the effects of the schema and the client (global omit, result extensions) on the answer. */
  readonly fingerprint: string
}

/** The version of the canonical form: another form needs another number. */
const CANONICAL_FORMAT = 2

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

/** @param read the canonical form of the read. */
export function entryKey({ keyspace, fingerprint }: KeyTerms, read: string): EntryKey {
  const terms = canonical([CANONICAL_FORMAT, keyspace, fingerprint])
  return hash('sha256', terms + read, 'base64url') as EntryKey
}

export class UnkeyableError extends Error {
  override readonly name = 'UnkeyableError'
}

/**
 * Writes a value as JSON with sorted keys and a comma after each item. Values that JSON would lose or
 * confuse begin with a letter, as no JSON value does here: `B` bytes, `D` dates, `M` decimals, `E` DbNull
 * and its kin, `F` field references, `I` big integers, `N` numbers that JSON lacks, `U` an `undefined`
 * (only where Prisma refuses it: inside arrays).
 *
 * @param asGiven whether keys keep their order, as in JSON that a filter compares.
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
    // A loop over a sparse array gives `undefined` for its holes, as Prisma finds it there.
    for (const item of value) items += `${canonical(item, asGiven)},`
    return `[${items}]`
  }
  if (value instanceof Date) return `D${value.getTime()}`
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value
    return `B"${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}"`
  }
  if (isPlain(value)) return canonicalFields(value, asGiven)
  if (isDecimal(value)) return `M"${value.toFixed()}"`
  if (isNullType(value)) return `E"${value._getName()}"`
  // Prisma's field references are not plain objects, and have no methods that tell what they are.
  if ('modelName' in value && 'typeName' in value) return `F${canonicalFields(value, asGiven)}`
  throw new UnkeyableError(`an object of class ${value.constructor?.name} has no canonical form`)
}

/** Whether the value is an object without a class of its own. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Writes the fields of an object without `undefined` and `Prisma.skip`, as Prisma drops both. */
function canonicalFields(value: object, asGiven: boolean): string {
  const keys = Object.keys(value)
  if (!asGiven && keys.length > 1) keys.sort()
  let fields = ''
  for (const key of keys) {
    const field = (value as Record<string, unknown>)[key]
    if (field === undefined || isSkip(field)) continue
    fields += `${JSON.stringify(key)}:${canonical(field, asGiven || jsonFilters.has(key))},`
  }
  return `{${fields}}`
}

/** The filters that may hold JSON: SQLite compares JSON as text, in which keys have an order. */
const jsonFilters: ReadonlySet<string> = new Set([
  'equals',
  'not',
  'array_contains',
  'array_starts_with',
  'array_ends_with',
])

/** Recognises any version of decimal.js, by the test that Prisma itself uses. */
function isDecimal(value: object): value is { toFixed(): string } {
  return 'd' in value && 'e' in value && 's' in value && 'toFixed' in value
}

/** Recognises DbNull, JsonNull and AnyNull. */
function isNullType(value: object): value is { _getName(): string } {
  return '_getName' in value && typeof value._getName === 'function'
}
