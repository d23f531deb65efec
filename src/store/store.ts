import type { EntryKey } from '../plan/key.js'
import type { TagId } from '../plan/tag.js'

/**
 * Where entries and tags live. Every method may reject: the protocol then goes to the database.
 *
 * A store answers for the atomicity of each change to one record, and for nothing else: it may lose
 * any record at any time. A lost entry is a miss, and a lost tag invalidates all that depended on it.
 */
export interface Store {
  /** Reads an entry and the states of tags, all after the call began. */
  lookup(key: EntryKey, tags: readonly TagId[]): Promise<Lookup>

  /** Reads the states of tags, all after the call began. */
  states(tags: readonly TagId[]): Promise<readonly TagState[]>

  /**
   * Gives each tag a version: one that is missing is created; one with overdue marks gets a new one
   * and loses them, as nobody knows what became of those writes.
   */
  repair(doubts: readonly Doubt[]): Promise<readonly SnapshotState[]>

  /** Puts the mark on each of the tags, with or without a version. */
  announce(tags: readonly TagId[], mark: Mark): Promise<void>

  /**
   * Gives each touched tag a new version, or leaves it absent if it is: nothing valid depends on it
   * then. Takes the write's mark from them, and puts one of its own where it is to hold them: who
   * repairs the write's as overdue is not to take that away.
   *
   * Of each row's versions it remembers the greatest, in whichever order they come, and also with a
   * tag that was absent: who makes it present may have read the row from a replica.
   */
  settle(writeId: WriteId, tags: SettledTags): Promise<void>

  /** Takes marks from tags that their writes turned out not to touch. */
  unmark(marks: ReadonlyMap<TagId, readonly WriteId[]>): Promise<void>

  /**
   * Stores an entry, only if its record is as it was when `lookup` gave `seen`.
   *
   * @param keepFor how long, in milliseconds, the entry is of use: beyond `freshUntil`, where it may be
   *   served longer.
   */
  fill(key: EntryKey, entry: Entry, seen: Generation, keepFor: number): Promise<FillOutcome>

  /**
   * Whether the caller may fill what the lease is for; others may not until it is released, or `now`
   * is later than `until` (milliseconds since the epoch).
   */
  lease(lease: LeaseId, until: number, now: number): Promise<boolean>

  release(lease: LeaseId): Promise<void>

  /** Frees what it can, at once or later. Not a barrier: it is touches that invalidate. */
  clear(): Promise<void>

  /** How it is. Rejects only if it cannot tell. */
  health(): Promise<StoreHealth>

  /** Lets go of connections, once what is under way is done. The next use opens them again. */
  close(): Promise<void>
}

export interface Lookup {
  readonly entry: Entry | undefined
  /** Of the entry's record, whether it is there or not. */
  readonly generation: Generation
  /** In the order of the tags asked for. */
  readonly tags: readonly TagState[]
}

export interface Entry {
  /** The sealed value. */
  readonly value: Uint8Array
  /** The versions of everything that the value was computed from. */
  readonly dependencies: ReadonlyMap<TagId, Version>
  /** Milliseconds since the epoch. */
  readonly filledAt: number
  /** Milliseconds since the epoch; later than this the entry is a miss. */
  readonly freshUntil: number
}

export interface TagState {
  /** Absent where the tag is: never seen, or lost. */
  readonly version: Version | undefined
  /** Of the writes that may be about to touch it. */
  readonly marks: readonly Mark[]
  /** What is remembered of the row that the tag stands for. */
  readonly row?: RememberedRow | undefined
}

/** The greatest version that acknowledged writes gave a row. */
export interface RememberedRow {
  /** A safe integer. */
  readonly version: number
  /** Milliseconds since the epoch; later than this it counts no more. */
  readonly until: number
}

/** A tag whose looked-up state vouches for nothing: it has no version, or marks past their deadline. */
export interface Doubt {
  readonly tag: TagId
  readonly overdue: readonly WriteId[]
}

export interface SnapshotState extends TagState {
  readonly version: Version
}

/** A write under way. */
export interface Mark {
  readonly writeId: WriteId
  /** Milliseconds since the epoch; later than this the write's outcome counts as unknown. */
  readonly deadline: number
  /** Until then no entry that depends on the tag is served or stored. */
  readonly blocking: boolean
}

export interface SettledTags {
  readonly touched: readonly TagId[]
  /** Until then (milliseconds since the epoch) a blocking mark stays on what was touched. */
  readonly holdUntil?: number | undefined
  readonly rows?: SettledRows | undefined
}

/** What a write made of rows, by the tags of their ids, all of them touched. */
export type SettledRows = ReadonlyMap<TagId, SettledRow>

export interface SettledRow extends RememberedRow {
  /** Milliseconds since the epoch: what is remembered until then, or not as long, is forgotten first. */
  readonly forgets: number
}

/** Random, new at each touch and each creation of a tag; never a counter, which a lost tag would repeat. */
export type Version = string & { readonly brand: 'version' }

/** Names an entry and the snapshot that it is to be filled with. */
export type LeaseId = string & { readonly brand: 'lease' }

export type WriteId = string & { readonly brand: 'write' }

/** Tells whether a record changed, and means nothing else. Zero: it was absent. */
export type Generation = number & { readonly brand: 'generation' }

/** `outrun`: another caller stored an entry first. `refused`: the store cannot hold it. */
export type FillOutcome = 'stored' | 'outrun' | 'refused'

/** What an on-call engineer asks first. */
export interface StoreHealth {
  /** `down`: queries are answered by the database. */
  readonly state: 'up' | 'down'
  /** Of one question to the store, in milliseconds; absent where it did not answer. */
  readonly latency?: number
  /** The message of the last failure, if there was one. */
  readonly lastError?: string
  /** The server's version. */
  readonly build?: string
  /** What of the server's configuration decides what can be promised. */
  readonly settings?: Readonly<Record<string, string>>
  /** What to change, and why. */
  readonly advice: readonly string[]
}
