import type { Codec } from '../codec/codec.js'
import { seal, unseal } from '../codec/envelope.js'
import type { Telemetry } from '../telemetry/telemetry.js'

/** A decoded value, in a box because null is a value. */
export interface Decoded {
  readonly decoded: unknown
}

/** Turns values into sealed bytes and back. An error is reported to telemetry, and gives undefined. */
export class SealedValues {
  readonly #codec: Codec
  readonly #telemetry: Telemetry

  constructor(codec: Codec, telemetry: Telemetry) {
    this.#codec = codec
    this.#telemetry = telemetry
  }

  encode(value: unknown): Uint8Array | undefined {
    try {
      return seal(this.#codec.encode(value))
    } catch (error) {
      this.#telemetry.error('encode', error)
      return undefined
    }
  }

  decode(sealed: Uint8Array): Decoded | undefined {
    try {
      return { decoded: this.#codec.decode(unseal(sealed)) }
    } catch (error) {
      this.#telemetry.error('decode', error)
      return undefined
    }
  }
}
