import type { EntryKey } from '../plan/key.js'
import type { TagId } from '../plan/tag.js'

/**
 * A place where entries and tags are kept. Every method may reject; the caller then uses the
 * database.
 *
 * A store guarantees only that each change to one record is atomic. It may lose any record at any
 * time: a lost entry is a miss, and a lost tag invalidates all entries that depended on it.
 */
export interface Store {
  /** Names the place of the records, where several stores of a process may share one. Default: its own. */
  readonly place?: string | undefined

  /**
   * Reads an entry and the states of tags. Each value returned was current after the call began.
   */
  lookup(key: EntryKey, tags: readonly TagId[]): Promise<Lookup>

  /** Reads the states of tags. Each state returned was current after the call began. */
  states(tags: readonly TagId[]): Promise<readonly TagState[]>

  /**
   * Makes sure that each tag has a version that can be trusted. A missing tag is created. A tag
   * with overdue marks gets a new version and loses those marks, because nobody knows whether their
   * writes reached the database.
   */
  repair(doubts: readonly Doubt[]): Promise<readonly SnapshotState[]>

  /** Puts the mark on each of the tags, also on tags that have no version. */
  announce(tags: readonly TagId[], mark: Mark): Promise<void>

  /**
   * Gives each touched tag a new version and removes the write's mark from it. An absent tag may
   * stay absent, because no valid entry depends on it.
   *
   * With `holdUntil`, each tag gets a blocking mark with a write id of its own. The write's id
   * would not do: a reader that repairs the write's overdue mark would remove the hold too.
   *
   * For each row in `rows` the store remembers the greatest version, in whatever order the versions
   * arrive, even if the tag is absent: the reader that creates the tag later may have read the row
   * from a replica that lags behind.
   */
  settle(writeId: WriteId, tags: SettledTags): Promise<void>

  /** Removes marks from tags that their writes turned out not to touch. */
  unmark(marks: ReadonlyMap<TagId, readonly WriteId[]>): Promise<void>

  /**
   * Stores an entry, but only if its record has not changed since `lookup` returned `seen`.
   *
   * @param keepFor how long the entry is useful, in milliseconds. This time ends after `freshUntil`
   *   where an expired entry may still be served.
   */
  fill(key: EntryKey, entry: Entry, seen: Generation, keepFor: number): Promise<FillOutcome>

  /**
   * Returns whether the caller may fill the entry that the lease is for. Other callers may not
   * until the lease is released, or until their `now` is later than `until` (milliseconds since the
   * epoch).
   */
  lease(lease: LeaseId, until: number, now: number): Promise<boolean>

  /** Ends a lease, so that another caller can take it. */
  release(lease: LeaseId): Promise<void>

  /**
   * Frees the space of entries, at once or later. Callers must not rely on it to invalidate: an
   * entry may still be found afterwards, and only a touch makes it invalid.
   */
  clear(): Promise<void>

  /** Reports the condition of the store. It rejects only if the store cannot find that out. */
  health(): Promise<StoreHealth>

  /** Closes connections after the commands in flight have ended. The next use opens them again. */
  close(): Promise<void>
}

export interface Lookup {
  readonly entry: Entry | undefined
  /** The generation of the entry's record; zero if there is no record. */
  readonly generation: Generation
  /** The states of the tags, in the order in which they were requested. */
  readonly tags: readonly TagState[]
}

export interface Entry {
  /** The encoded value inside its envelope, see `seal` in codec/envelope.ts. */
  readonly value: Uint8Array
  /** The tags that the value depends on, with their versions when the value was computed. */
  readonly dependencies: ReadonlyMap<TagId, Version>
  /** Milliseconds since the epoch. */
  readonly filledAt: number
  /** Milliseconds since the epoch; after this time the entry has expired. */
  readonly freshUntil: number
}

export interface TagState {
  /** The version is undefined where the tag was never created, or was lost. */
  readonly version: Version | undefined
  /** The marks of the writes in flight that may touch the tag. */
  readonly marks: readonly Mark[]
  /** The remembered version of the row that the tag names. */
  readonly row?: RememberedRow | undefined
}

/** The greatest version that acknowledged writes gave a row. */
export interface RememberedRow {
  /** The value of the row's version column, as a safe integer. */
  readonly version: number
  /** Milliseconds since the epoch; after this time the version is forgotten. */
  readonly until: number
}

/** A tag whose state proves nothing, because it has no version or has marks past their deadline. */
export interface Doubt {
  readonly tag: TagId
  /** The writes whose marks are past their deadline. */
  readonly overdue: readonly WriteId[]
}

/** The state of a tag after a repair, which always gives it a version. */
export interface SnapshotState extends TagState {
  readonly version: Version
}

/** The announcement on a tag that a write in flight may touch it. */
export interface Mark {
  readonly writeId: WriteId
  /** Milliseconds since the epoch; after this time the outcome of the write counts as unknown. */
  readonly deadline: number
  /**
   * Whether entries that depend on the tag may be neither served nor stored before the deadline.
   */
  readonly blocking: boolean
}

/** The changes to tags that the end of a write makes. */
export interface SettledTags {
  readonly touched: readonly TagId[]
  /** A blocking mark stays on the touched tags until this time, in milliseconds since the epoch. */
  readonly holdUntil?: number | undefined
  readonly rows?: SettledRows | undefined
}

/**
 * The versions that a write gave to rows, by the tags of the rows' ids. Each of these tags is
 * touched.
 */
export type SettledRows = ReadonlyMap<TagId, SettledRow>

export interface SettledRow extends RememberedRow {
  /**
   * Versions that are remembered until this time or less are forgotten first. Milliseconds since
   * the epoch.
   */
  readonly forgets: number
}

/**
 * The version of a tag: random, and new at each touch and at each creation. It is not a counter,
 * because a tag that was lost and created again would repeat a version, and old entries would
 * become valid again.
 */
export type Version = string & { readonly brand: 'version' }

/** Identifies an entry together with the snapshot of tag versions that it will be filled with. */
export type LeaseId = string & { readonly brand: 'lease' }

/** Identifies one write, so that its marks can be found again. */
export type WriteId = string & { readonly brand: 'write' }

/**
 * A number that differs when a record has changed; it has no other meaning. Zero means that it is
 * absent.
 */
export type Generation = number & { readonly brand: 'generation' }

/**
 * `outrun` means that another caller stored an entry first; `refused`, that the store cannot hold
 * it.
 */
export type FillOutcome = 'stored' | 'outrun' | 'refused'

/** The condition of a store, for the engineer who is on call. */
export interface StoreHealth {
  /** With `down`, the database answers all queries. */
  readonly state: 'up' | 'down'
  /**
   * How long the store took to answer one question, in milliseconds; absent if it did not answer.
   */
  readonly latencyMs?: number
  /** The message of the last failure, if there was one. */
  readonly lastError?: string
  /** The server's version. */
  readonly build?: string
  /** The settings of the server that decide which guarantees the cache can give. */
  readonly settings?: Readonly<Record<string, string>>
  /** Sentences that say which setting to change, and why. */
  readonly advice: readonly string[]
}
