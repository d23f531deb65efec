import { type Backend, dispatch } from './dispatch.js'
import type { Front } from './front.js'
import { BrokenStream, FrameReader } from './wire/frame.js'

/**
 * One client connection: splits its bytes into commands and sends the answers in the same order.
 */
export class Connection {
  readonly #id: number
  readonly #front: Front
  readonly #backend: Backend
  readonly #frames = new FrameReader()
  #isCut = false

  constructor(id: number, front: Front, backend: Backend) {
    this.#id = id
    this.#front = front
    this.#backend = backend
  }

  receive(chunk: Buffer): void {
    if (this.#isCut) return
    const answers: Buffer[] = []
    try {
      for (const frame of this.#frames.read(chunk)) {
        const { bytes, cut } = dispatch(this.#backend, frame)
        if (cut === 'midway') answers.push(firstHalf(Buffer.concat(bytes)))
        else answers.push(...bytes)
        this.#isCut = cut !== 'none'
        if (this.#isCut) break
      }
    } catch (error) {
      // No bytes of a client may end the process. A bug of the emulator is reported as a warning.
      if (!(error instanceof BrokenStream)) process.emitWarning(asError(error))
      this.#isCut = true
    }
    if (answers.length > 0 || this.#isCut) {
      this.#front.write(this.#id, answers, this.#isCut ? 'end' : 'open')
    }
  }
}

function firstHalf(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length >> 1)
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
