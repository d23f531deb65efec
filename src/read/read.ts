import type { Policy } from '../options/policy.js'
import type { Narrowed } from '../plan/dependencies.js'
import type { EntryKey } from '../plan/key.js'
import type { RowVersions } from '../plan/row-versions.js'
import type { TagId } from '../plan/tag.js'
import type { Entry, Generation, LeaseId, TagState, Version } from '../store/store.js'
import type { BypassReason, HitSource, MissReason, StaleReason } from '../telemetry/events.js'
import type { Collected } from './collected.js'

/*
 * The states of a read, in the order in which they arise: a Read is looked up (Found, Seen). Where no
 * entry answers it, there is a Gap to fill, with a Snapshot of versions: a Miss. The database gives an
 * Answer.
 */

/** A read as the protocol sees it. */
export interface Read<T> {
  readonly model: string
  readonly operation: string
  readonly key: EntryKey
  /**
   * The tags that the answer depends on, whatever it is. Every write that changes the answer touches one
   * of these or of `wide`. No tag is in both, or twice.
   */
  readonly tags: readonly TagId[]
  /** The tags that it also depends on, unless `narrow` finds, once the answer is known, that fewer will do. */
  readonly wide: readonly TagId[]
  readonly narrow: (value: unknown) => Narrowed
  /** The versions of the rows that an answer shows: an answer from before an acknowledged write is not stored. */
  readonly rowVersions?: ((value: unknown) => RowVersions) | undefined
  /** Whether the answer `null` may be stored. Default true. */
  readonly storesNull?: boolean
  readonly policy: Policy
  /** The dependencies of the cached reads that `load` makes, besides the tags; complete once it has ended. */
  readonly collected?: Collected | undefined
  /** The same for reads that differ only in their values. */
  readonly shape: () => string
  /** Whether the database must be asked, whatever the store has. */
  readonly refresh: boolean
  /** Asks the database. */
  readonly load: () => Promise<T>
  /** Called once, when it is known how the read is answered, or that it fails. */
  readonly report: (outcome: Outcome) => void
}

/** How a read was answered. */
export type Outcome =
  | ({ readonly status: 'hit'; readonly source: HitSource } & Times)
  | ({ readonly status: 'stale'; readonly reason: StaleReason } & Times)
  | { readonly status: 'miss'; readonly reason: MissReason; readonly freshUntil?: number }
  | { readonly status: 'bypass'; readonly reason: BypassReason }

/** The times of an answer, in milliseconds since the epoch. */
export interface Times {
  readonly filledAt: number
  readonly freshUntil: number
}

/** The result of a look-up. */
export interface Found {
  readonly entry: Entry | undefined
  readonly generation: Generation
  /** The states of the entry's and the read's tags. */
  readonly states: ReadonlyMap<TagId, TagState>
}

/** A look-up, and when it was made. */
export interface Seen extends Found {
  /** Undefined where no near copies are kept. */
  readonly asked: Moment | undefined
}

/** The time just before the store was asked. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The number of touches of this process that were over. */
  readonly touches: number
}

/** An entry that must be filled: this was seen of its record, with these versions of its planned tags. */
export interface Gap {
  readonly key: EntryKey
  /** In the order of the read's tags, then its wide tags. Every process that misses this read has all of them. */
  readonly versions: readonly Version[]
  readonly seen: Generation
}

/** Tags, and the versions that they had before the database was asked. */
export type Snapshot = ReadonlyMap<TagId, Version>

/** A read that no entry answers, and what was seen when none did. */
export interface Miss<T> extends Read<T>, Gap {
  readonly reason: MissReason
  readonly snapshot: Snapshot
  readonly asked: Moment | undefined
  /** The lease on filling, where it was taken together with the snapshot. */
  readonly lease: LeaseId | undefined
}

/** An answer that can be served: an entry, or the database's answer that is about to be one. */
export interface Answer extends Times {
  /** The encoded and sealed value. */
  readonly value: Uint8Array
}
