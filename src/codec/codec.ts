/**
 * Values to bytes and back, keeping every run-time type that Prisma answers with: Date, Decimal,
 * bigint, Uint8Array, JSON, null against absent.
 *
 * `decode(encode(value))` is deeply equal to `value` and shares nothing with it. Either may throw:
 * what cannot be encoded is not stored, and what cannot be decoded is a miss.
 */
export interface Codec {
  encode(value: unknown): Uint8Array
  decode(bytes: Uint8Array): unknown
}

/** A class like decimal.js's `Decimal`: which one it is depends on the generated client. */
export type DecimalClass = new (text: string) => { toFixed(): string }
