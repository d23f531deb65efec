import { isOutage } from '../prisma-client/failures.js'
import type { BypassReason, MissReason } from '../telemetry/events.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { OwedTouches } from '../touch/owed-touches.js'
import { askStore, type LookUp } from './look-up.js'
import type { Read } from './read.js'
import type { SealedValues } from './sealed-values.js'
import { serve } from './serve.js'

export interface OriginOptions {
  readonly lookUp: LookUp
  readonly values: SealedValues
  readonly owed: OwedTouches
  readonly telemetry: Telemetry
  readonly clock: () => number
}

/** The answer to a read that asked the database. */
export interface Loaded<T> {
  readonly value: T
  /** Whether an entry answered because the database could not be reached. It is reported already. */
  readonly isStandIn: boolean
}

/** Answers a read from the database, past the cache. */
export function bypass<T>(read: Read<T>, reason: BypassReason): Promise<T> {
  read.report({ status: 'bypass', reason })
  return read.load()
}

/**
 * Asks the database. If it cannot be reached, a valid entry may answer in its place, see `staleIfError`.
 *
 * @throws the database's error, after it is reported as a miss for this reason.
 */
export async function load<T>(
  options: OriginOptions,
  read: Read<T>,
  reason: MissReason,
): Promise<Loaded<T>> {
  try {
    return { value: await read.load(), isStandIn: false }
  } catch (error) {
    const standIn = await standInFor(options, read, error)
    if (standIn !== undefined) return { value: standIn.decoded as T, isStandIn: true }
    read.report({ status: 'miss', reason })
    throw error
  }
}

async function standInFor(options: OriginOptions, read: Read<unknown>, error: unknown) {
  const { lookUp, values, owed, telemetry, clock } = options
  const { staleIfError } = read.policy
  if (staleIfError === 0 || !isOutage(error) || !owed.isEmpty) return undefined
  // The entry is looked up again: a write may have invalidated it while the query ran.
  const found = await askStore(telemetry, () => lookUp.find(read))
  const verdict = found && lookUp.judge(read, found)
  if (verdict?.kind !== 'valid' && verdict?.kind !== 'expired') return undefined
  if (verdict.entry.freshUntil + staleIfError < clock()) return undefined
  return serve(values, read, verdict.entry, { status: 'stale', reason: 'error' })
}
