/** The events of the cache, by the names that `$cache.on` takes. Times are in milliseconds. */
export interface CacheEvents {
  /** A read was answered without the database. */
  hit: ReadEvent & {
    readonly source: HitSource
    /** How long ago the answer was read from the database, in milliseconds. */
    readonly age: number
  }
  /** A read was answered from an entry whose TTL is over and that no write has invalidated. */
  stale: ReadEvent & {
    readonly reason: StaleReason
    /** How long ago the answer was read from the database, in milliseconds. */
    readonly age: number
  }
  /** A read was answered by the database, and the answer was offered to the store. */
  miss: ReadEvent & { readonly reason: MissReason }
  /** A read was answered by the database, and the answer was not offered to the store. */
  bypass: { readonly model: string; readonly operation: string; readonly reason: BypassReason }
  /** The cache tried to store an answer. */
  fill: ReadEvent & {
    /**
     * - `stored`: the store accepted the answer.
     * - `outrun`: another reader stored an answer first.
     * - `refused`: the store cannot hold the answer, for example because it is too large.
     * - `older`: the version column of a row shows that the answer is older than an acknowledged
     *   write. This happens when a replica lags behind.
     */
    readonly outcome: 'stored' | 'outrun' | 'refused' | 'older'
    /** The size of the encoded answer in bytes. */
    readonly bytes: number
  }
  /** A write was acknowledged, and the entries that depended on these tags are now invalid. */
  touch: { readonly tags: readonly string[] }
  /** The cache failed at something, but the query did not fail because of that. */
  error: { readonly during: ErrorPhase; readonly error: unknown }
}

export interface ReadEvent {
  /** The model of the query; `$cache` for `getOrLoad`, which is not a query of Prisma. */
  readonly model: string
  /** The operation of the query, such as `findMany`. */
  readonly operation: string
  /** The key of the entry. */
  readonly key: string
}

/**
 * - `store`: an entry in the store answered the read.
 * - `near`: a copy of an entry in the memory of this process answered it.
 * - `flight`: a query of this process that was already running answered it too.
 */
export type HitSource = 'store' | 'near' | 'flight'

/**
 * - `refreshing`: the entry is within `swr`, and the answer is being read again in the background.
 * - `error`: the entry is within `staleIfError`, and the database was unreachable.
 */
export type StaleReason = 'refreshing' | 'error'

/**
 * - `absent`: the entry was never stored, or was evicted.
 * - `expired`: the TTL of the entry is over.
 * - `invalidated`: a write touched a tag that the entry depends on.
 * - `unreadable`: the bytes of the entry are damaged, or have another format.
 * - `refresh`: the read has the option `refresh: true`.
 */
export type MissReason = 'absent' | 'expired' | 'invalidated' | 'unreadable' | 'refresh'

/**
 * - `disabled`: the query, `mode` or another option says that this read is not cached.
 * - `transaction`: the read is in a transaction.
 * - `uncacheable`: the answer depends on something that the cache cannot follow, such as a view
 * without `dependsOn`.
 * - `blocked`: a write forbids serving or storing this answer. With `consistency: 'strict'` every
 *   write in flight does; otherwise a write whose end the cache cannot see, and each write for the
 *   time of `replicaLag`.
 * - `store`: the store failed.
 * - `scope`: the option `scope` threw an error or did not return a string.
 */
export type BypassReason =
  | 'disabled'
  | 'transaction'
  | 'uncacheable'
  | 'blocked'
  | 'store'
  | 'scope'

/**
 * What the cache was doing when it failed. With `refresh` it was running a query in the background;
 * with `scope` it was calling the option `scope`.
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
  | 'settle'
