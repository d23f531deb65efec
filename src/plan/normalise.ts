import type { Field } from '../catalog/catalog.js'

/** A value of a field in its normal form: two values have the same one exactly if the database holds them equal. */
export type Value = string | null

/** Gives the value in its normal form; undefined where it is not certain how the database reads it. */
export type Normalise = (given: unknown) => Value | undefined

/**
 * The normaliser of a field's values. Undefined where the database does not compare them exactly, or
 * where it is not known how: such a field cannot be tracked.
 */
export function normaliserOf(provider: string, field: Field): Normalise | undefined {
  if (field.list) return undefined
  const { name: native, args = [] } = field.native ?? {}
  const exact = normaliserOfType()
  return exact && ((given) => (given === null ? null : exact(given)))

  function normaliserOfType(): Normalise | undefined {
    switch (field.type) {
      case 'Int':
      case 'BigInt':
        return integer
      case 'Boolean':
        return (given) => (typeof given === 'boolean' ? String(given) : undefined)
      case 'enum':
        return (given) => (typeof given === 'string' ? given : undefined)
      case 'Bytes':
        return bytes
      case 'String':
        return comparesTextExactly.has(provider) ? normaliserOfText() : undefined
      case 'DateTime':
        return keepsMilliseconds() ? instant : undefined
      case 'Decimal':
        return normaliserOfDecimal()
      default:
        return undefined
    }
  }

  function normaliserOfText(): Normalise | undefined {
    switch (native) {
      case undefined:
      case 'Text':
      case 'String':
        return text
      case 'VarChar': {
        // A longer text is refused, but trailing blanks are cut off.
        const length = Number(args[0] ?? Number.POSITIVE_INFINITY)
        return (given) => (Array.from(String(given)).length > length ? undefined : text(given))
      }
      case 'Uuid':
        return uuid
      default:
        return undefined
    }
  }

  function keepsMilliseconds(): boolean {
    if (native === undefined) return true
    const precision = Number(args[0] ?? 6)
    return native.startsWith('Timestamp') && precision >= 3
  }

  function normaliserOfDecimal(): Normalise | undefined {
    if (!hasExactDecimals.has(provider) || (native !== undefined && native !== 'Decimal')) {
      return undefined
    }
    const scale = Number(args[1] ?? DEFAULT_DECIMAL_SCALE)
    return (given) => decimal(given, scale)
  }
}

/**
 * The form of a field's values. A value in its normal form is the same value in another field of that form;
 * in any other field the database may read it otherwise, as it reads texts as ids of type `@db.Uuid`.
 */
export function formOf({ type, native }: Field): string {
  if (type === 'Int' || type === 'BigInt') return 'integer'
  const { name, args = [] } = native ?? {}
  const isText = type === 'String' && (name === undefined || name === 'Text' || name === 'String')
  return isText ? 'text' : JSON.stringify([type, name ?? null, args])
}

/** The databases that compare text byte by byte, unless a column says otherwise. Others ignore case or trailing blanks. */
const comparesTextExactly: ReadonlySet<string> = new Set(['postgresql', 'cockroachdb', 'sqlite'])

/** The databases that do not store decimals as floats. */
const hasExactDecimals: ReadonlySet<string> = new Set(['postgresql', 'cockroachdb'])

/** The decimals that a Decimal column without a native type keeps. */
const DEFAULT_DECIMAL_SCALE = 30

function integer(given: unknown): Value | undefined {
  if (typeof given === 'bigint') return String(given)
  return Number.isSafeInteger(given) ? String(Number(given) + 0) : undefined
}

function text(given: unknown): Value | undefined {
  // The database stores another character for half a surrogate pair. With NUL, some refuse a text, and the
  // driver of SQLite gives it back without what follows.
  return typeof given === 'string' && !/[\p{Surrogate}\0]/u.test(given) ? given : undefined
}

function uuid(given: unknown): Value | undefined {
  if (typeof given !== 'string') return undefined
  const digits = given.replace(/[{}-]/g, '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(digits)) return undefined
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function instant(given: unknown): Value | undefined {
  const isText = typeof given === 'string' && toTheMillisecond.test(given)
  const date = isText ? new Date(given) : given
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) return undefined
  return String(date.getTime())
}

const toTheMillisecond = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/

function bytes(given: unknown): Value | undefined {
  if (!(given instanceof Uint8Array)) return undefined
  return Buffer.from(given.buffer, given.byteOffset, given.byteLength).toString('base64')
}

/** A decimal without insignificant zeros. The database rounds one with more decimals than the column keeps. */
function decimal(given: unknown, scale: number): Value | undefined {
  const match = plainDecimal.exec(decimalText(given))
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = ''] = match
  const decimals = fraction.replace(/0+$/, '')
  if (decimals.length > scale) return undefined
  const digits = whole.replace(/^0+(?=\d)/, '') + (decimals && `.${decimals}`)
  return digits === '0' ? '0' : sign + digits
}

const plainDecimal = /^(-?)(\d+)(?:\.(\d*))?$/

function decimalText(given: unknown): string {
  if (typeof given === 'object' && given !== null && 'toFixed' in given) {
    return String((given as { toFixed(): string }).toFixed())
  }
  return typeof given === 'string' || typeof given === 'number' ? String(given) : ''
}
