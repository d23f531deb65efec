import { SuperJSON } from 'superjson'
import { bufferOf } from './buffer.js'
import type { Codec, DecimalClass } from './codec.js'

/** The default codec: superjson, taught Prisma's own types. */
export function superjsonCodec(Decimal: DecimalClass): Codec {
  // An instance of our own: registering on the shared one would change the application's superjson.
  const superjson = new SuperJSON()
  superjson.registerCustom<InstanceType<DecimalClass>, string>(
    {
      isApplicable: (value): value is InstanceType<DecimalClass> => value instanceof Decimal,
      serialize: (value) => value.toFixed(),
      deserialize: (text) => new Decimal(text),
    },
    'Decimal',
  )
  // PostgreSQL's infinity is a date that is none; superjson would make null of it.
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
      // It would make one object of those that were one, and a change of either would show in both.
      delete meta?.referentialEqualities
      return Buffer.from(JSON.stringify({ json, meta }))
    },
    decode: (bytes) => superjson.deserialize(JSON.parse(bufferOf(bytes).toString())),
  }
}

/** An object that superjson refuses for its keys, as text. Only Json columns hold such. */
class OpaqueJson {
  readonly text: string

  constructor(value: object) {
    this.text = jsonOf(value)
  }
}

/** As JSON.stringify, which makes a zero of one that is below zero. */
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
    // A row with such a column would lose its dates as text.
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
