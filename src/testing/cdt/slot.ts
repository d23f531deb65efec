import type { Value } from '../wire/msgpack.js'

/** A place that can contain a list or map: a bin, or an element of another list or map. */
export interface Slot {
  readonly value: Value | undefined
  put(value: Value): void
}
