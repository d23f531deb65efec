import type { HitSource, StaleReason } from '../telemetry/events.js'
import type { Answer, Read } from './read.js'
import type { Decoded, SealedValues } from './sealed-values.js'

/** How an answer is served without the database. */
export type Served =
  | { readonly status: 'hit'; readonly source: HitSource }
  | { readonly status: 'stale'; readonly reason: StaleReason }

/** Decodes the answer and reports how it is served; undefined, and no report, where it cannot be decoded. */
export function serve(
  values: SealedValues,
  read: Read<unknown>,
  { value, filledAt, freshUntil }: Answer,
  as: Served,
): Decoded | undefined {
  const decoded = values.decode(value)
  if (decoded !== undefined) read.report({ ...as, filledAt, freshUntil })
  return decoded
}
