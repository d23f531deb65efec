/** The types of frames (as/include/base/proto.h: PROTO_TYPE_*). */
export const FrameType = { info: 1, security: 2, message: 3, compressed: 4 } as const

export const FRAME_HEADER_BYTES = 8
const PROTOCOL_VERSION = 2
/** PROTO_SIZE_MAX: a server closes a connection on which a header states a larger body. */
export const MAX_BODY_BYTES = 128 * 1024 * 1024

export interface Frame {
  readonly type: number
  readonly body: Buffer
}

/** The bytes do not follow the protocol, so the bytes after them cannot be read either. */
export class BrokenStream extends Error {}

/** Writes the header of a frame, eight bytes, for a body of `bodyBytes` bytes. */
export function writeFrameHeader(target: Buffer, type: number, bodyBytes: number): void {
  target[0] = PROTOCOL_VERSION
  target[1] = type
  target.writeUIntBE(bodyBytes, 2, 6)
}

export function frame(type: number, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.length)
  writeFrameHeader(bytes, type, body.length)
  bytes.set(body, FRAME_HEADER_BYTES)
  return bytes
}

/**
 * Splits the bytes of a socket into frames, independent of the chunks in which they arrive. A body
 * is copied only if it arrived in several chunks.
 */
export class FrameReader {
  #chunks: Buffer[] = []
  #buffered = 0
  #needed = FRAME_HEADER_BYTES;

  /** @throws {BrokenStream} if a header does not follow the protocol. */
  *read(chunk: Buffer): Generator<Frame, void, void> {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    // Chunks are joined only when a whole frame has arrived. Otherwise a large body in many chunks
    // would be copied once for each chunk.
    if (this.#buffered < this.#needed) return
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#buffered = 0
    this.#needed = FRAME_HEADER_BYTES
    while (rest.length >= FRAME_HEADER_BYTES) {
      const end = FRAME_HEADER_BYTES + bodyLength(rest)
      if (rest.length < end) {
        this.#needed = end
        break
      }
      yield { type: rest[1] as number, body: rest.subarray(FRAME_HEADER_BYTES, end) }
      rest = rest.subarray(end)
    }
    if (rest.length > 0) {
      this.#chunks.push(rest)
      this.#buffered = rest.length
    }
  }
}

function bodyLength(header: Buffer): number {
  if (header[0] !== PROTOCOL_VERSION) throw new BrokenStream(`protocol version ${header[0]}`)
  const type = header[1] as number
  if (type < FrameType.info || type > FrameType.compressed) {
    throw new BrokenStream(`frame type ${type}`)
  }
  const length = header.readUIntBE(2, 6)
  if (length > MAX_BODY_BYTES) throw new BrokenStream(`a body of ${length} bytes`)
  return length
}
