import { bufferOf } from './buffer.js'
import type { Codec, DecimalClass } from './codec.js'

/**
 * A codec for what Prisma answers with: JSON, and beside it, once for all rows of a list, which
 * fields hold what JSON lacks. So decoding is JSON.parse, and a walk to these fields alone.
 *
 *     [[{"id":1,"at":1700000000000},{"id":2,"at":null}],{"at":"Date"}]
 *
 * @param otherwise for all other values, and for lists whose rows have different types in a field. What
 *   it encodes does not begin with `[`.
 */
export function rowsCodec(Decimal: DecimalClass, otherwise: Codec): Codec {
  const kinds = kindsOf(Decimal)
  return {
    encode(value) {
      try {
        const shape = new Shape()
        const plain = shape.plain(value, kinds)
        return Buffer.from(JSON.stringify([plain, shape.summary()]))
      } catch (error) {
        if (error instanceof Unfit) return otherwise.encode(value)
        throw error
      }
    },
    decode(bytes) {
      if (bytes[0] !== '['.charCodeAt(0)) return otherwise.decode(bytes)
      const [plain, summary] = JSON.parse(bufferOf(bytes).toString()) as [unknown, Summary]
      return summary === null ? plain : reviver(summary, kinds)(plain)
    },
  }
}

/** A type that JSON lacks. */
interface Kind {
  readonly name: string
  is(value: object | bigint): boolean
  toJson(value: never): string | number
  /** @throws where that is nothing which `toJson` gives. */
  fromJson(json: unknown): unknown
}

type Kinds = ReadonlyMap<string, Kind>

function kindsOf(Decimal: DecimalClass): Kinds {
  const kinds: readonly Kind[] = [
    {
      name: 'Date',
      is: (value) => value instanceof Date,
      // PostgreSQL's infinity is a date that is none.
      toJson: (date: Date) => (Number.isNaN(date.getTime()) ? NO_DATE : date.getTime()),
      fromJson: (time) => new Date(time === NO_DATE ? Number.NaN : expected('number', time)),
    },
    {
      name: 'bigint',
      is: (value) => typeof value === 'bigint',
      toJson: (integer: bigint) => String(integer),
      fromJson: (text) => BigInt(expected('string', text)),
    },
    {
      name: 'Decimal',
      is: (value) => value instanceof Decimal,
      toJson: (decimal: InstanceType<DecimalClass>) => decimal.toFixed(),
      fromJson: (text) => new Decimal(expected('string', text)),
    },
    {
      name: 'Bytes',
      is: (value) => value instanceof Uint8Array,
      toJson: (bytes: Uint8Array) => Buffer.from(bytes).toString('base64'),
      fromJson: (text) => Uint8Array.from(Buffer.from(expected('string', text), 'base64')),
    },
  ]
  return new Map(kinds.map((kind) => [kind.name, kind]))
}

const NO_DATE = 'NaN'

function expected<T extends 'string' | 'number'>(type: T, json: unknown) {
  if (typeof json === type) return json as T extends 'string' ? string : number
  throw new TypeError(`expected a ${type}, got a ${typeof json}`)
}

/** The value is not for this codec. */
class Unfit extends Error {}

/** Where kinds are: here, or in fields by their names; `null` where there are none. */
type Summary = string | null | { readonly [field: string]: Summary }

/** What is known of the values at one place of an answer, in all its rows. */
class Shape {
  #kind: Kind | undefined
  #isPlain = false
  readonly #fields = new Map<string, Shape>()

  /** The value as JSON has it: itself, or a copy where it holds what JSON lacks. */
  plain(value: unknown, kinds: Kinds): unknown {
    if (value === null) return null
    if (Array.isArray(value)) return Array.from(value, (item) => this.plain(item, kinds))
    if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
      this.#note(undefined)
      return this.#plainFields(value, kinds)
    }
    if (typeof value === 'object' || typeof value === 'bigint') {
      for (const kind of kinds.values()) if (kind.is(value)) return this.#note(kind, value)
      throw new Unfit()
    }
    const isJson =
      typeof value === 'string' ||
      typeof value === 'boolean' ||
      (Number.isFinite(value) && !Object.is(value, -0))
    if (!isJson) throw new Unfit()
    this.#note(undefined)
    return value
  }

  /** @throws Unfit where what JSON has, or another kind, was at this place. */
  #note(kind: Kind | undefined, value?: object | bigint): unknown {
    const isFirst = this.#kind === undefined && !this.#isPlain
    if (!isFirst && this.#kind !== kind) throw new Unfit()
    this.#kind = kind
    this.#isPlain = kind === undefined
    return kind?.toJson(value as never)
  }

  #plainFields(value: object, kinds: Kinds): object {
    let copy: Record<string, unknown> | undefined
    for (const [name, field] of Object.entries(value)) {
      const shape = this.#fields.get(name) ?? new Shape()
      this.#fields.set(name, shape)
      const plain = shape.plain(field, kinds)
      if (plain === field) continue
      copy ??= { ...value }
      copy[name] = plain
    }
    return copy ?? value
  }

  summary(): Summary {
    if (this.#kind !== undefined) return this.#kind.name
    const fields = Array.from(this.#fields, ([name, shape]) => [name, shape.summary()] as const)
    const told = fields.filter(([, summary]) => summary !== null)
    return told.length === 0 ? null : Object.fromEntries(told)
  }
}

/** What turns a parsed value into what it was: in place, as it is nobody else's. */
function reviver(summary: Exclude<Summary, null>, kinds: Kinds): (json: unknown) => unknown {
  const each = typeof summary === 'string' ? kindOf(summary, kinds).fromJson : fieldReviver()
  return function revive(json): unknown {
    if (json === null) return null
    if (!Array.isArray(json)) return each(json)
    for (let at = 0; at < json.length; at += 1) json[at] = revive(json[at])
    return json
  }

  function fieldReviver() {
    const fields = Object.entries(summary).map(
      ([name, field]) => [name, reviver(field as string, kinds)] as const,
    )
    return (json: unknown) => {
      // What is no row here was one elsewhere in the list.
      if (typeof json !== 'object') return json
      const row = json as Record<string, unknown>
      for (const [name, revive] of fields) {
        if (Object.hasOwn(row, name)) row[name] = revive(row[name])
      }
      return row
    }
  }
}

function kindOf(name: string, kinds: Kinds): Kind {
  const kind = kinds.get(name)
  if (kind === undefined) throw new TypeError(`expected one of ${[...kinds.keys()]}, got ${name}`)
  return kind
}
