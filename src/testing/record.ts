import { createHash } from 'node:crypto'
import { type Particle, ParticleType } from './wire/particle.js'

export type Bins = ReadonlyMap<string, Particle>

export interface StoredRecord {
  readonly set: string
  /**
   * The user's key as the client sent it: a particle type and its bytes. Clients send the key only
   * with the policy `key: SEND`.
   */
  readonly key: Buffer | undefined
  readonly bins: Bins
  /** From 1 to 65,535. */
  readonly generation: number
  /**
   * The time after which the record has expired, in seconds since 2010; with 0 it never expires.
   */
  readonly voidTime: number
  /** The time of the last write, in milliseconds since 1970. */
  readonly lastUpdate: number
}

/** The key of a record, of any type that the client accepts. */
export type UserKey = string | number | bigint | Uint8Array

/**
 * The beginning of Aerospike's time, 2010-01-01, in milliseconds since 1970
 * (cf/include/cf_clock.h).
 */
const AEROSPIKE_EPOCH = 1_262_304_000_000

/** Converts milliseconds since 1970 to whole seconds since 2010, the unit of Aerospike. */
export function serverSeconds(now: number): number {
  return Math.floor((now - AEROSPIKE_EPOCH) / 1000)
}

/**
 * A record still exists in the second of its void time, and not after it (as/src/base/record.c).
 */
export function isExpired(record: StoredRecord, now: number): boolean {
  return record.voidTime !== 0 && record.voidTime < serverSeconds(now)
}

/**
 * Returns the next generation. After 65,535 comes 1, because 0 means that there is no record
 * (as/src/base/record_ce.c).
 */
export function nextGeneration(generation: number): number {
  return generation >= 0xffff ? 1 : generation + 1
}

/** Computes the digest of a set and a key as the client does, as a string in latin1. */
export function digestOf(set: string, key: UserKey): string {
  const hash = createHash('ripemd160').update(set)
  if (typeof key === 'string') hash.update(Buffer.of(ParticleType.string)).update(key)
  else if (key instanceof Uint8Array) hash.update(Buffer.of(ParticleType.blob)).update(key)
  else {
    const bytes = Buffer.alloc(9)
    bytes[0] = ParticleType.integer
    bytes.writeBigInt64BE(BigInt(key), 1)
    hash.update(bytes)
  }
  return hash.digest().toString('latin1')
}

/** Returns the partition of a digest, out of 4096: its first twelve bits, little-endian. */
export function partitionOf(digest: string): number {
  return digest.charCodeAt(0) | ((digest.charCodeAt(1) & 0x0f) << 8)
}

/**
 * Returns the size of a record in storage, in bytes. `max-record-size` limits this size
 * (as/src/storage/flat.c: as_flat_record_size, and the end mark of drv_mem.c).
 */
export function storedBytes(record: StoredRecord): number {
  const HEADER = 35
  const END_MARK = 4
  let size = HEADER + END_MARK + varint(record.bins.size)
  if (record.voidTime !== 0) size += 4
  if (record.set !== '') size += 1 + Buffer.byteLength(record.set)
  if (record.key !== undefined) size += varint(record.key.length) + record.key.length
  for (const [name, particle] of record.bins) size += 1 + name.length + flatBytes(particle)
  return size
}

function varint(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : 3
}

function flatBytes({ type, value }: Particle): number {
  if (type === ParticleType.integer) return 2 + significantBytes(value)
  if (type === ParticleType.float) return 9
  if (type === ParticleType.bool) return 2
  return 5 + value.length
}

function significantBytes(integer: Buffer): number {
  if (integer.readUInt32BE(0) !== 0) return 8
  const low = integer.readUInt32BE(4)
  return low > 0xffff ? 4 : low > 0xff ? 2 : 1
}
