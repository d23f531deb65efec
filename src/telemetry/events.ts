/** The events that `$cache.on` listens to, by name. */
export interface CacheEvents {
  /** A read was answered without the database. */
  hit: ReadEvent & {
    readonly source: HitSource
    /** Milliseconds since the database was asked. */
    readonly ageMs: number
  }
  /** A read was answered by an entry that is past its TTL, and that no write has invalidated. */
  stale: ReadEvent & {
    readonly reason: StaleReason
    /** Milliseconds since the database was asked. */
    readonly ageMs: number
  }
  /** A read was answered by the database, and the answer is offered to the store. */
  miss: ReadEvent & { readonly reason: MissReason }
  /** A read was answered by the database, and the answer is not stored. */
  bypass: { readonly model: string; readonly operation: string; readonly reason: BypassReason }
  /** An answer was offered to the store. */
  fill: ReadEvent & {
    /**
     * `outrun`: another reader stored an answer first. `refused`: the store cannot hold it. `older`: the
     * version column of a row shows that it is from before an acknowledged write, as a replica may answer;
     * or a loader of `getOrLoad` read rows from before a write and from after it.
     */
    readonly outcome: 'stored' | 'outrun' | 'refused' | 'older'
    readonly bytes: number
  }
  /** A write was acknowledged, and every entry that depends on these tags is invalid. */
  invalidate: { readonly tags: readonly string[] }
  /**
   * Something was invalidated because a process ended in the middle of a write, or because the store lost the
   * list of the processes that use it, as a new store has none.
   */
  recover: Recovery
  /** The cache failed at something. The query did not fail. */
  error: { readonly during: ErrorPhase; readonly error: unknown }
}

export const eventNames = Object.keys({
  hit: true,
  stale: true,
  miss: true,
  bypass: true,
  fill: true,
  invalidate: true,
  recover: true,
  error: true,
} satisfies Record<keyof CacheEvents, true>)

/** What was invalidated because a write may have been cut short between its commit and its invalidation. */
export interface Recovery {
  /** The number of processes that stopped without `$disconnect`. */
  readonly members: number
  /** Whether everything was invalidated, because it is not known what they wrote. */
  readonly isWhole: boolean
}

export interface ReadEvent {
  /** The model of the query; `$cache` for `getOrLoad`. */
  readonly model: string
  readonly operation: string
  /** The key of the entry. */
  readonly key: string
}

/**
 * `store`: from an entry. `near`: from a copy of an entry in this process. `flight`: from a query of this
 * process that was already under way.
 */
export type HitSource = 'store' | 'near' | 'flight'

/**
 * `refreshing`: within `staleWhileRevalidate`, while the database is asked again. `error`: within
 * `staleIfError`, because the database could not be reached.
 */
export type StaleReason = 'refreshing' | 'error'

/**
 * `absent`: never stored, or evicted. `expired`: older than its TTL. `invalidated`: a write changed what it
 * depends on. `unreadable`: the stored bytes are damaged, or have another format. `refresh`: the read said
 * `refresh: true`.
 */
export type MissReason = 'absent' | 'expired' | 'invalidated' | 'unreadable' | 'refresh'

/**
 * `disabled`: by the query, by `mode` or by another option. `transaction`: reads in a transaction go to the
 * database. `uncacheable`: the answer depends on something that the cache cannot follow, such as a view
 * without `dependsOn`. `blocked`: a write whose end nobody can see is under way. `store`: the store failed.
 * `scope`: the option `scope` threw an error, or returned no string. `oversized`: the answers of such queries are
 * too large for the store, which is tried again after ten minutes. `unused`: many answers of such queries were
 * stored, and none was ever read, so only one in 16 is.
 */
export type BypassReason =
  | 'disabled'
  | 'transaction'
  | 'uncacheable'
  | 'blocked'
  | 'store'
  | 'scope'
  | 'oversized'
  | 'unused'

/**
 * The work of the cache that failed: `plan` (finding out what a call depends on or changes), `scope`
 * (calling the option), `lookup` and `fill` (reading from the store and writing to it), `encode` and
 * `decode` (turning values into bytes and back), `refresh` (a query in the background), `announce` (telling
 * the store that a write begins), `invalidate` (telling the store what a write changed), `members` (finding out
 * which processes use the store).
 */
export type ErrorPhase =
  | 'plan'
  | 'scope'
  | 'lookup'
  | 'fill'
  | 'encode'
  | 'decode'
  | 'refresh'
  | 'announce'
  | 'invalidate'
  | 'members'
