/**
 * Converts values to bytes and back. It keeps every run-time type of Prisma's results: Date,
 * Decimal, bigint, Uint8Array, JSON, and the difference between null and an absent field.
 *
 * `decode(encode(value))` is deeply equal to `value` and shares no object with it. Both methods may
 * throw: a value that cannot be encoded is not stored, and bytes that cannot be decoded are a miss.
 */
export interface Codec {
  encode(value: unknown): Uint8Array
  decode(bytes: Uint8Array): unknown
}

/** A class like `Decimal` of decimal.js. Each generated Prisma client brings its own class. */
export type DecimalClass = new (text: string) => { toFixed(): string }
