import { crc32 } from 'node:zlib'
import { bufferOf } from './buffer.js'

/**
 * Puts an encoded value into an envelope for the store: a mark, the number of the format and a
 * checksum. With them `unseal` detects bytes that are damaged, truncated, written by another
 * program or written in another format.
 *
 *     0      2        3          7
 *     | 'CA' | format | checksum | value ...
 */
export function seal(value: Uint8Array): Uint8Array {
  const sealed = Buffer.allocUnsafe(HEADER_BYTES + value.byteLength)
  sealed.writeUInt16BE(MARK, 0)
  sealed.writeUInt8(FORMAT, 2)
  sealed.writeUInt32BE(crc32(value), 3)
  sealed.set(value, HEADER_BYTES)
  return sealed
}

/**
 * Takes the encoded value out of its envelope.
 *
 * @throws UnreadableBytesError with the reason why these bytes cannot be read.
 */
export function unseal(sealed: Uint8Array): Uint8Array {
  const bytes = bufferOf(sealed)
  if (bytes.byteLength < HEADER_BYTES) {
    throw new UnreadableBytesError(`truncated: only ${bytes.byteLength} bytes`)
  }
  if (bytes.readUInt16BE(0) !== MARK) throw new UnreadableBytesError('not written by this package')
  const format = bytes.readUInt8(2)
  if (format !== FORMAT) {
    throw new UnreadableBytesError(`expected format ${FORMAT}, got format ${format}`)
  }
  const value = bytes.subarray(HEADER_BYTES)
  if (bytes.readUInt32BE(3) !== crc32(value)) throw new UnreadableBytesError('damaged or truncated')
  return value
}

/**
 * The bytes in the store are not a readable value of this package. The read counts as a miss, and
 * an `error` event reports the bytes.
 */
export class UnreadableBytesError extends Error {
  override readonly name = 'UnreadableBytesError'
}

/** The length of the header in bytes. */
const HEADER_BYTES = 7
/** The letters 'CA'. */
const MARK = 0x4341
const FORMAT = 1
