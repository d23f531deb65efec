import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Entry, Lease, LeaseId, Store, Version } from '../store/store.js'
import type { Gap } from './read.js'

/** Says which process answers a read that several processes miss at the same time. */
export type Turn =
  /** This process asks the database and fills. If it cannot fill, it releases the lease. */
  | { readonly kind: 'owner'; readonly lease: LeaseId }
  /** Another process has filled. */
  | { readonly kind: 'answered'; readonly entry: Entry }
  /** No process has filled in time: this one asks the database, and leaves filling to the owner. */
  | { readonly kind: 'overdue' }

export interface LeaseOptions {
  readonly store: Pick<Store, 'lease'>
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Milliseconds. */
  readonly leaseWait: number
}

export interface TurnOptions extends LeaseOptions {
  /** Asks whether there is a valid entry now. */
  readonly lookAgain: () => Promise<Entry | undefined>
}

/** The pause between looks doubles from the first to the last; milliseconds. */
const FIRST_PAUSE = 2
const LAST_PAUSE = 32

/**
 * Waits for the lease on filling an entry, or for its owner to fill. Only reads that may share the owner's
 * answer wait for it: those that saw the same record and have the same snapshot. So a lease whose owner
 * has filled is not released: a read that missed just before the fill does not get the lease, and looks
 * again.
 */
export async function takeTurn(gap: Gap, options: TurnOptions): Promise<Turn> {
  const { clock, leaseWait, lookAgain } = options
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

/** The lease, if no other process has it. */
export async function takeLease(
  gap: Gap,
  { store, clock, leaseWait }: LeaseOptions,
): Promise<LeaseId | undefined> {
  const lease = leaseOf(gap, gap.versions, clock(), leaseWait)
  return (await store.lease(lease)) ? lease.id : undefined
}

/**
 * The lease on replacing a record as it was seen.
 *
 * @param versions those of the read's planned tags.
 */
export function leaseOf(
  { key, seen }: Pick<Gap, 'key' | 'seen'>,
  versions: readonly Version[],
  now: number,
  leaseWait: number,
): Lease {
  return {
    id: digest(`${key} ${seen}`) as LeaseId,
    holder: digest(versions.join(' ')),
    until: now + leaseWait,
    now,
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
