import { normalise } from '../cdt/normalise.js'
import { decode, encode, type ListValue, type MapValue, type Value } from './msgpack.js'
import { Refusal, ResultCode } from './result-code.js'

/** The particle types (as/include/base/datamodel.h). */
export const ParticleType = {
  null: 0,
  integer: 1,
  float: 2,
  string: 3,
  blob: 4,
  bool: 17,
  map: 19,
  list: 20,
  geojson: 23,
} as const

/** The value of a bin: its type and its bytes in the wire protocol. */
export interface Particle {
  readonly type: number
  readonly value: Buffer
}

const KNOWN_TYPES: ReadonlySet<number> = new Set([
  1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 17, 18, 19, 20, 23,
])

/**
 * Converts a value of a message to the stored form. The bytes are copied, because the bytes of a
 * message share the memory of the socket's buffer.
 *
 * @throws {Refusal} 4 for an unknown type, 1 for a list or map that cannot be decoded.
 */
export function storeParticle(type: number, value: Buffer): Particle {
  assertParticleType(type)
  if (type === ParticleType.integer) return integerParticle(readInteger(value))
  if (type === ParticleType.list || type === ParticleType.map) return storeCollection(type, value)
  return { type, value: Buffer.from(value) }
}

export function assertParticleType(type: number): void {
  if (!KNOWN_TYPES.has(type)) throw new Refusal(ResultCode.parameter, `particle type ${type}`)
}

function storeCollection(type: number, bytes: Buffer): Particle {
  let value: Value
  try {
    value = normalise(decode(Buffer.from(bytes)))
  } catch {
    // The server also answers with the code "unknown" here (as/src/base/particle_list.c and
    // particle_map.c: *_size_from_wire).
    throw new Refusal(ResultCode.unknown, 'a list or map that cannot be decoded')
  }
  if (value.kind !== (type === ParticleType.list ? 'list' : 'map')) {
    throw new Refusal(ResultCode.unknown, 'a list or map of another type')
  }
  return { type, value: encode(value) }
}

export function readInteger(value: Buffer): bigint {
  switch (value.length) {
    case 8:
      return value.readBigInt64BE()
    case 4:
    case 2:
    case 1:
      return BigInt(value.readUIntBE(0, value.length))
    default:
      throw new Refusal(ResultCode.incompatibleType, `an integer of ${value.length} bytes`)
  }
}

export function integerParticle(value: bigint): Particle {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigInt64BE(BigInt.asIntN(64, value))
  return { type: ParticleType.integer, value: bytes }
}

export function floatParticle(value: number): Particle {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(value)
  return { type: ParticleType.float, value: bytes }
}

/** Converts an element of a collection to the value of a bin. A nil has no such value. */
export function toParticle(value: Value): Particle | undefined {
  switch (value.kind) {
    case 'nil':
    case 'wildcard':
    case 'infinity':
      return undefined
    case 'bool':
      return { type: ParticleType.bool, value: Buffer.of(value.value ? 1 : 0) }
    case 'int':
      return integerParticle(value.value)
    case 'double':
      return floatParticle(value.value)
    case 'string':
      return { type: ParticleType.string, value: value.value }
    case 'bytes':
      return { type: value.value[0] ?? ParticleType.blob, value: value.value.subarray(1) }
    case 'geojson':
      // In a bin, flags and a count of cells come before the text (as/src/base/particle_geojson.c).
      return { type: ParticleType.geojson, value: Buffer.concat([Buffer.alloc(3), value.value]) }
    case 'list':
    case 'map':
      return collectionParticle(value)
  }
}

export function collectionParticle(value: ListValue | MapValue): Particle {
  return {
    type: value.kind === 'list' ? ParticleType.list : ParticleType.map,
    value: encode(value),
  }
}
