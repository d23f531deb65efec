import type { Value } from '../wire/msgpack.js'

/** Where a list or map stands: a bin, or an element of another one. */
export interface Slot {
  readonly value: Value | undefined
  put(value: Value): void
}
