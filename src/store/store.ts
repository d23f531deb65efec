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

  /** Where the processes that share the store find each other; undefined for a store that only this process uses. */
  readonly board?: Board | undefined

  /**
   * Reads an entry and the states of tags. Each value returned was current after the call began.
   */
  lookup(key: EntryKey, tags: readonly TagId[]): Promise<Lookup>

  /** Reads the states of tags. Each state returned was current after the call began. */
  states(tags: readonly TagId[]): Promise<readonly TagState[]>

  /**
   * Gives a version to each of these tags that has none, and takes a lease, in one call where it can.
   *
   * @param proposed the versions for tags that have none. A tag that has one keeps it.
   */
  create(proposed: ReadonlyMap<TagId, Version>, lease?: Lease): Promise<Created>

  /**
   * Gives each tag a new version. An absent tag may stay absent, because no valid entry depends on it, unless
   * something must be remembered with it.
   *
   * For each row in `rows` the store remembers the greatest version, in whatever order the versions
   * arrive, even if the tag is absent: the reader that creates the tag later may have read the row
   * from a replica that lags behind.
   */
  touch(touched: Touched): Promise<void>

  /** Puts the mark on each of the tags, also on tags that have no version. */
  mark(tags: readonly TagId[], mark: Mark): Promise<void>

  /** Removes the write's mark from tags that it turned out not to touch. */
  unmark(tags: readonly TagId[], writeId: WriteId): Promise<void>

  /**
   * Stores an entry, but only if its record has not changed since `lookup` returned `seen`.
   *
   * @param keepFor how long the entry is useful, in milliseconds. This time ends after `freshUntil`
   *   where an expired entry may still be served.
   */
  fill(key: EntryKey, entry: Entry, seen: Generation, keepFor: number): Promise<FillOutcome>

  /**
   * Returns whether the caller may fill the entry that the lease is for: nobody else has the lease, or its
   * holder is overdue, or has another snapshot, so that the caller could not use its answer.
   */
  lease(lease: Lease): Promise<boolean>

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

/**
 * What the processes that share a store know of each other. Each call changes one record, except where it says
 * otherwise. None of these records expires.
 */
export interface Board {
  /**
   * Writes the member's line into the roster, and reads the roster.
   *
   * @param how with `stay`, the line only replaces the one that the member has.
   * @returns undefined where it is to stay, and is not on the roster: then nothing has changed.
   */
  beat(
    roster: RosterId,
    member: MemberId,
    line: string,
    how: 'join' | 'stay',
  ): Promise<Roster | undefined>

  /** Notes on the roster that a member with this catalog has touched everything since the roster began. */
  cleaned(roster: RosterId, catalog: string): Promise<void>

  /**
   * Takes a member off the roster, if its line is still this one.
   *
   * @returns whether it was.
   */
  strike(roster: RosterId, line: string): Promise<boolean>

  /** Writes an intent. A put that was called later replaces one that was called earlier only if that has ended. */
  intend(intent: IntentId, text: string): Promise<void>

  /** Reads intents; undefined where there is none. */
  intents(ids: readonly IntentId[]): Promise<readonly (string | undefined)[]>

  /** Removes intents. */
  forget(ids: readonly IntentId[]): Promise<void>
}

/** The members that share a keyspace of a store. */
export interface Roster {
  /** What each member says of itself. The lines of different members differ. */
  readonly lines: ReadonlyMap<MemberId, string>
  /** The catalogs whose tags were all touched since the roster began. */
  readonly catalogs: ReadonlySet<string>
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
  /**
   * Until this time, nothing that depends on the tag is served or stored. Milliseconds since the epoch; zero
   * where the tag was never held.
   */
  readonly heldUntil: number
  /** The marks of the writes in flight that may touch the tag; there are some only while a member is strict. */
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

/** The state of a tag that was created if it was missing. */
export interface KnownState extends TagState {
  readonly version: Version
}

export interface Created {
  /** The states of the tags, in the order in which they were proposed. */
  readonly states: readonly KnownState[]
  /** Whether the lease was free, and was taken. False where none was asked for. */
  readonly isOwner: boolean
}

/** The right to fill an entry, which one caller has at a time. */
export interface Lease {
  readonly id: LeaseId
  /** Says which snapshot the holder has: callers with the same may use its answer. */
  readonly holder: string
  /** When the holder counts as overdue. Milliseconds since the epoch. */
  readonly until: number
  /** The caller's time, by which it judges whether a holder is overdue. Milliseconds since the epoch. */
  readonly now: number
}

/** The announcement on a tag that a write in flight may touch it. */
export interface Mark {
  readonly writeId: WriteId
  /** Milliseconds since the epoch; after this time the mark says nothing any more. */
  readonly deadline: number
}

/** The changes to tags that a write makes. */
export interface Touched {
  readonly tags: readonly TagId[]
  /** The tags are held until this time, or until a later one if they are held already. Milliseconds since the epoch. */
  readonly holdUntil?: number | undefined
  readonly rows?: SettledRows | undefined
  /** The write whose marks are removed from the tags. */
  readonly unmark?: WriteId | undefined
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

/** Identifies an entry, and the state of its record that is to be replaced. */
export type LeaseId = string & { readonly brand: 'lease' }

/** Identifies one write, so that its marks can be found again. */
export type WriteId = string & { readonly brand: 'write' }

/** Identifies the roster of a keyspace. */
export type RosterId = string & { readonly brand: 'roster' }

/** Identifies a member for as long as it stays on a roster. */
export type MemberId = string & { readonly brand: 'member' }

/** Identifies the record of a member's intent. */
export type IntentId = string & { readonly brand: 'intent' }

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
