import { Refusal, ResultCode } from './result-code.js'

/**
 * An element of a list or map in Aerospike's variant of msgpack. Strings and blobs are both raw
 * bytes whose first byte is a particle type. `bytes` keeps that byte; `string` and `geojson` do
 * not. `wildcard` and `infinity` occur only as arguments of operations.
 */
export type Value =
  | { readonly kind: 'nil' | 'wildcard' | 'infinity' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'string' | 'bytes' | 'geojson'; readonly value: Buffer }
  | ListValue
  | MapValue

export interface ListValue {
  readonly kind: 'list'
  /** Bit 0 means that the list is ordered. */
  flags: number
  items: Value[]
}

export interface MapEntry {
  readonly key: Value
  value: Value
}

export interface MapValue {
  readonly kind: 'map'
  /** Bit 0 means that the map is ordered by key; bit 1, that it also has an index by value. */
  flags: number
  entries: MapEntry[]
}

export const NIL: Value = { kind: 'nil' }
/** The maximum nesting depth, so that hostile bytes cannot overflow the stack. */
const MAX_NESTING = 200
const STRING_TYPE = 3
const GEOJSON_TYPE = 23
/** The extension type of wildcard and infinity (aerospike-common as_msgpack.c: ASVAL_CMP_*). */
const COMPARISON_EXTENSION = 0xff

/** @throws {Refusal} 4 if the bytes are not exactly one value. */
export function decode(bytes: Buffer): Value {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  if (!reader.done) throw corrupt('bytes after the value')
  return value
}

function corrupt(what: string): Refusal {
  return new Refusal(ResultCode.parameter, `bad msgpack: ${what}`)
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  value(depth: number): Value {
    if (depth > MAX_NESTING) throw corrupt('nested too deeply')
    const tag = this.#uint(1)
    if (tag < 0x80) return { kind: 'int', value: BigInt(tag) }
    if (tag >= 0xe0) return { kind: 'int', value: BigInt(tag - 0x100) }
    if (tag < 0x90) return this.#map(tag & 0x0f, depth)
    if (tag < 0xa0) return this.#list(tag & 0x0f, depth)
    if (tag < 0xc0) return this.#raw(tag & 0x1f)
    switch (tag) {
      case 0xc0:
        return NIL
      case 0xc2:
      case 0xc3:
        return { kind: 'bool', value: tag === 0xc3 }
      case 0xc4:
      case 0xd9:
        return this.#raw(this.#uint(1))
      case 0xc5:
      case 0xda:
        return this.#raw(this.#uint(2))
      case 0xc6:
      case 0xdb:
        return this.#raw(this.#uint(4))
      case 0xca:
        return { kind: 'double', value: this.#take(4).readFloatBE() }
      case 0xcb:
        return { kind: 'double', value: this.#take(8).readDoubleBE() }
      case 0xcc:
      case 0xcd:
      case 0xce:
        return { kind: 'int', value: BigInt(this.#uint(1 << (tag - 0xcc))) }
      case 0xcf:
        return { kind: 'int', value: this.#take(8).readBigUInt64BE() }
      case 0xd0:
      case 0xd1:
      case 0xd2: {
        const width = 1 << (tag - 0xd0)
        return { kind: 'int', value: BigInt(this.#take(width).readIntBE(0, width)) }
      }
      case 0xd3:
        return { kind: 'int', value: this.#take(8).readBigInt64BE() }
      case 0xdc:
        return this.#list(this.#uint(2), depth)
      case 0xdd:
        return this.#list(this.#uint(4), depth)
      case 0xde:
        return this.#map(this.#uint(2), depth)
      case 0xdf:
        return this.#map(this.#uint(4), depth)
      default:
        return this.#comparison(tag)
    }
  }

  #take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw corrupt('a value that ends after the bytes')
    const bytes = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return bytes
  }

  #uint(width: number): number {
    return this.#take(width).readUIntBE(0, width)
  }

  #raw(length: number): Value {
    const bytes = this.#take(length)
    if (bytes[0] === STRING_TYPE) return { kind: 'string', value: bytes.subarray(1) }
    if (bytes[0] === GEOJSON_TYPE) return { kind: 'geojson', value: bytes.subarray(1) }
    return { kind: 'bytes', value: bytes }
  }

  #extension(tag: number): { type: number; data: Buffer } | undefined {
    if (tag >= 0xd4 && tag <= 0xd8) {
      return { type: this.#uint(1), data: this.#take(1 << (tag - 0xd4)) }
    }
    if (tag < 0xc7 || tag > 0xc9) return undefined
    const length = this.#uint(1 << (tag - 0xc7))
    return { type: this.#uint(1), data: this.#take(length) }
  }

  #comparison(tag: number): Value {
    const extension = this.#extension(tag)
    if (extension?.type === COMPARISON_EXTENSION && extension.data.length === 1) {
      if (extension.data[0] === 0) return { kind: 'wildcard' }
      if (extension.data[0] === 1) return { kind: 'infinity' }
    }
    throw corrupt(`tag 0x${tag.toString(16)}`)
  }

  /** Reads the flags of a container: if it has flags, an extension in front of its elements. */
  #flags(): number | undefined {
    const start = this.#at
    if (this.done) return undefined
    const extension = this.#extension(this.#uint(1))
    if (extension !== undefined && extension.type !== COMPARISON_EXTENSION) return extension.type
    this.#at = start
    return undefined
  }

  #list(count: number, depth: number): ListValue {
    const flags = count > 0 ? this.#flags() : undefined
    const items: Value[] = []
    for (let i = flags === undefined ? 0 : 1; i < count; i++) items.push(this.value(depth + 1))
    return { kind: 'list', flags: (flags ?? 0) & 1, items }
  }

  #map(count: number, depth: number): MapValue {
    const flags = count > 0 ? this.#flags() : undefined
    if (flags !== undefined) this.value(depth + 1)
    const entries: MapEntry[] = []
    for (let i = flags === undefined ? 0 : 1; i < count; i++) {
      entries.push({ key: this.value(depth + 1), value: this.value(depth + 1) })
    }
    return { kind: 'map', flags: (flags ?? 0) & 3, entries }
  }
}

/** Encodes a value in the shortest form, as the server stores it. */
export function encode(value: Value): Buffer {
  const parts: Uint8Array[] = []
  write(value, parts)
  return Buffer.concat(parts)
}

function write(value: Value, parts: Uint8Array[]): void {
  switch (value.kind) {
    case 'nil':
      parts.push(Uint8Array.of(0xc0))
      return
    case 'wildcard':
    case 'infinity':
      parts.push(Uint8Array.of(0xd4, COMPARISON_EXTENSION, value.kind === 'wildcard' ? 0 : 1))
      return
    case 'bool':
      parts.push(Uint8Array.of(value.value ? 0xc3 : 0xc2))
      return
    case 'int':
      parts.push(integer(value.value))
      return
    case 'double': {
      const bytes = Buffer.allocUnsafe(9)
      bytes[0] = 0xcb
      bytes.writeDoubleBE(value.value, 1)
      parts.push(bytes)
      return
    }
    case 'string':
      parts.push(rawHeader(value.value.length + 1), Uint8Array.of(STRING_TYPE), value.value)
      return
    case 'geojson':
      parts.push(rawHeader(value.value.length + 1), Uint8Array.of(GEOJSON_TYPE), value.value)
      return
    case 'bytes':
      parts.push(rawHeader(value.value.length), value.value)
      return
    case 'list':
      parts.push(header(value.items.length + (value.flags === 0 ? 0 : 1), 0x90, 0xdc))
      if (value.flags !== 0) parts.push(flagsExtension(value.flags))
      for (const item of value.items) write(item, parts)
      return
    case 'map':
      parts.push(header(value.entries.length + (value.flags === 0 ? 0 : 1), 0x80, 0xde))
      if (value.flags !== 0) parts.push(flagsExtension(value.flags), Uint8Array.of(0xc0))
      for (const entry of value.entries) {
        write(entry.key, parts)
        write(entry.value, parts)
      }
  }
}

function flagsExtension(flags: number): Uint8Array {
  return Uint8Array.of(0xc7, 0, flags)
}

function header(count: number, short: number, long: number): Uint8Array {
  if (count < 16) return Uint8Array.of(short | count)
  return count < 0x10000 ? sized(long, count, 2) : sized(long + 1, count, 4)
}

function rawHeader(length: number): Uint8Array {
  if (length < 32) return Uint8Array.of(0xa0 | length)
  if (length < 0x100) return sized(0xd9, length, 1)
  return length < 0x10000 ? sized(0xda, length, 2) : sized(0xdb, length, 4)
}

function sized(tag: number, value: number, width: number): Buffer {
  const bytes = Buffer.allocUnsafe(1 + width)
  bytes[0] = tag
  bytes.writeUIntBE(value, 1, width)
  return bytes
}

function integer(value: bigint): Uint8Array {
  if (value >= 0n) {
    if (value < 0x80n) return Uint8Array.of(Number(value))
    if (value < 0x100n) return sized(0xcc, Number(value), 1)
    if (value < 0x10000n) return sized(0xcd, Number(value), 2)
    if (value < 0x100000000n) return sized(0xce, Number(value), 4)
    const bytes = Buffer.allocUnsafe(9)
    bytes[0] = 0xcf
    bytes.writeBigUInt64BE(value, 1)
    return bytes
  }
  if (value >= -0x20n) return Uint8Array.of(0x100 + Number(value))
  const width = value >= -0x80n ? 1 : value >= -0x8000n ? 2 : value >= -0x80000000n ? 4 : 8
  const bytes = Buffer.allocUnsafe(1 + width)
  bytes[0] = 0xd0 + Math.log2(width)
  if (width === 8) bytes.writeBigInt64BE(value, 1)
  else bytes.writeIntBE(Number(value), 1, width)
  return bytes
}
