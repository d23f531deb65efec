import { SuperJSON } from 'superjson'
import { bufferOf } from './buffer.js'
import type { Codec, DecimalClass } from './codec.js'

/** A codec for all values: superjson, extended with the types of Prisma. */
export function superjsonCodec(Decimal: DecimalClass): Codec {
  // This is a separate instance, because registering types on the shared one would change how the
  // application's own superjson behaves.
  const superjson = new SuperJSON()
  superjson.registerCustom<InstanceType<DecimalClass>, string>(
    {
      isApplicable: (value): value is InstanceType<DecimalClass> => value instanceof Decimal,
      serialize: (value) => value.toFixed(),
      deserialize: (text) => new Decimal(text),
    },
    'Decimal',
  )
  // Prisma returns PostgreSQL's infinity as an invalid Date, which superjson would turn into null.
  superjson.registerCustom<Date, null>(
    {
      isApplicable: (value): value is Date => value instanceof Date && Number.isNaN(+value),
      serialize: () => null,
      deserialize: () => new Date(Number.NaN),
    },
    'NoDate',
  )
  superjson.registerCustom<Uint8Array, string>(
    {
      isApplicable: (value): value is Uint8Array => value instanceof Uint8Array,
      serialize: (bytes) => Buffer.from(bytes).toString('base64'),
      deserialize: (text) => Uint8Array.from(Buffer.from(text, 'base64')),
    },
    'Bytes',
  )
  superjson.registerCustom<OpaqueJson, string>(
    {
      isApplicable: (value): value is OpaqueJson => value instanceof OpaqueJson,
      serialize: ({ text }) => text,
      deserialize: (text) => JSON.parse(text),
    },
    'Json',
  )
  function serialize(value: unknown) {
    try {
      return superjson.serialize(value)
    } catch {
      return superjson.serialize(withoutReservedKeys(value))
    }
  }
  return {
    encode(value) {
      const { json, meta } = serialize(value)
      // Without this line, decoding would restore an object that occurs twice as one shared object,
      // so that a change to one occurrence would also change the other.
      delete meta?.referentialEqualities
      return Buffer.from(JSON.stringify({ json, meta }))
    },
    decode: (bytes) => superjson.deserialize(JSON.parse(bufferOf(bytes).toString())),
  }
}

/**
 * The JSON text of an object that superjson refuses because of its keys. Only values of Json
 * columns have such keys.
 */
class OpaqueJson {
  readonly text: string

  constructor(value: object) {
    this.text = jsonOf(value)
  }
}

/** Returns the same as JSON.stringify, but keeps the sign of -0. */
function jsonOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonOf)}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}:${jsonOf(field)}`)}}`
  }
  return Object.is(value, -0) ? '-0' : JSON.stringify(value)
}

const reservedKeys = ['__proto__', 'constructor', 'prototype']

function withoutReservedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutReservedKeys)
  if (typeof value !== 'object' || value === null) return value
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  if (reservedKeys.some((key) => Object.hasOwn(value, key))) {
    // An object with other types than JSON's is a row, whose dates would become strings in JSON
    // text.
    if (isJson(value)) return new OpaqueJson(value)
    throw new TypeError(`expected no field named ${reservedKeys.join(', ')} outside a Json column`)
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, withoutReservedKeys(field)]),
  )
}

function isJson(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) {
    const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
    return isPlain && Object.values(value).every(isJson)
  }
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value !== 'bigint' && value !== undefined
}
