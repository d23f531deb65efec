import { crc32 } from 'node:zlib'
import { bufferOf } from './buffer.js'

/**
 * What goes around an encoded value in the store: a mark, the format's number and a checksum, so
 * that bytes which are damaged, cut, foreign or of a later format are told from ours.
 *
 *     0      2        3          7
 *     | 'CA' | format | checksum | value ...
 */
export function seal(value: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafe(HEADER + value.byteLength)
  sealed.writeUInt16BE(MARK, 0)
  sealed.writeUInt8(FORMAT, 2)
  sealed.writeUInt32BE(crc32(value), 3)
  sealed.set(value, HEADER)
  return sealed
}

/** @throws UnreadableBytesError saying what is wrong with them. */
export function unseal(sealed: Uint8Array): Uint8Array {
  const bytes = bufferOf(sealed)
  if (bytes.byteLength < HEADER) throw new UnreadableBytesError(`cut: ${bytes.byteLength} bytes`)
  if (bytes.readUInt16BE(0) !== MARK) throw new UnreadableBytesError('not written by this package')
  const format = bytes.readUInt8(2)
  if (format !== FORMAT) {
    throw new UnreadableBytesError(`expected format ${FORMAT}, got format ${format}`)
  }
  const value = bytes.subarray(HEADER)
  if (bytes.readUInt32BE(3) !== crc32(value)) throw new UnreadableBytesError('damaged or cut')
  return value
}

/** Bytes in the store that are no value of ours: a miss, and an `error` event. */
export class UnreadableBytesError extends Error {
  override readonly name = 'UnreadableBytesError'
}

const HEADER = 7
const MARK = 0x4341
const FORMAT = 1
