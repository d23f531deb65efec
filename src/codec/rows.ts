import { bufferOf } from './buffer.js'
import type { Codec, DecimalClass } from './codec.js'

/**
 * A fast codec for the results of Prisma. The bytes are JSON, followed by a summary that says which
 * fields hold types that JSON lacks. The summary is written once for all rows of a list, so
 * decoding is a JSON.parse and a visit to those fields only.
 *
 *     [[{"id":1,"at":1700000000000},{"id":2,"at":null}],{"at":"Date"}]
 *
 * @param otherwise the codec for all other values, and for lists in which the rows have different
 *   types in one field. Its bytes must not begin with `[`, because that tells the two codecs apart.
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
  /** @throws TypeError or SyntaxError if `toJson` cannot have returned this value. */
  fromJson(json: unknown): unknown
}

type Kinds = ReadonlyMap<string, Kind>

function kindsOf(Decimal: DecimalClass): Kinds {
  const kinds: readonly Kind[] = [
    {
      name: 'Date',
      is: (value) => value instanceof Date,
      // Prisma returns PostgreSQL's infinity as an invalid Date.
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

/** This codec cannot encode the value, so the other codec must do it. */
class Unfit extends Error {}

/**
 * The name of a kind; or the fields that contain kinds, by name; or `null` where the values are
 * plain JSON.
 */
type Summary = string | null | { readonly [field: string]: Summary }

/** The types found so far at one place of a result, such as a field, in all rows. */
class Shape {
  #kind: Kind | undefined
  #isPlain = false
  readonly #fields = new Map<string, Shape>()

  /** Returns the value itself if it is plain JSON, otherwise a copy that is. */
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

  /** @throws Unfit if an earlier row has a value of another type at this place. */
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
    const withKinds = fields.filter(([, summary]) => summary !== null)
    return withKinds.length === 0 ? null : Object.fromEntries(withKinds)
  }
}

/**
 * Returns a function that restores the types of a parsed value. It changes the value in place,
 * which is safe because nobody else holds a value that was parsed just now.
 */
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
      // In a Json column one row may have an object at this place and another row a string.
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
