import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { EntryKey } from '../plan/key.js'
import type { Entry, Generation, LeaseId, Store, Version } from '../store/store.js'

/** Who answers a read that several processes miss at once. */
export type Turn =
  /** This process asks the database, and fills; where it cannot fill, it releases the lease. */
  | { readonly kind: 'owner'; readonly lease: LeaseId }
  /** Another process has filled. */
  | { readonly kind: 'answered'; readonly entry: Entry }
  /** Nobody has in time: this process asks the database, and leaves the filling to the other. */
  | { readonly kind: 'overdue' }

export interface LeaseOptions {
  readonly store: Store
  readonly clock: () => number
  /** Milliseconds. */
  readonly leaseWait: number
}

export interface TurnOptions extends LeaseOptions {
  /** Asks whether there is a valid entry now. */
  readonly lookAgain: () => Promise<Entry | undefined>
}

/** What a lease is for: filling an entry, of which this is seen now, with this snapshot. */
export interface Gap {
  readonly key: EntryKey
  readonly versions: readonly Version[]
  readonly seen: Generation
}

/** Between looks, doubled from the first to the last, in milliseconds. */
const FIRST_PAUSE = 2
const LAST_PAUSE = 32

/**
 * Waits for the lease on filling an entry, or for its owner to fill. Only reads that could share the
 * owner's answer wait for it: those that saw the same record, with the same snapshot. So a lease that
 * has served is not released: whoever missed just before the fill does not get it, and looks again.
 */
export async function takeTurn(gap: Gap, { lookAgain, ...options }: TurnOptions): Promise<Turn> {
  const { clock, leaseWait } = options
  const deadline = clock() + leaseWait
  for (let wait = FIRST_PAUSE; ; wait = Math.min(wait * 2, LAST_PAUSE)) {
    const now = clock()
    const lease = await takeLease(gap, options)
    if (lease !== undefined) return { kind: 'owner', lease }
    if (now >= deadline) return { kind: 'overdue' }
    await pause(Math.min(wait, deadline - now))
    const entry = await lookAgain()
    if (entry !== undefined) return { kind: 'answered', entry }
  }
}

/** The lease, if it is free. */
export async function takeLease(
  { key, seen, versions }: Gap,
  { store, clock, leaseWait }: LeaseOptions,
): Promise<LeaseId | undefined> {
  const lease = leaseId([key, seen, ...versions])
  const now = clock()
  return (await store.lease(lease, now + leaseWait, now)) ? lease : undefined
}

function leaseId(parts: readonly (string | number)[]): LeaseId {
  return createHash('sha256').update(parts.join(' ')).digest('base64url') as LeaseId
}
