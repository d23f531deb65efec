/** What happened, by the name it is listened to with. Times are in milliseconds. */
export interface CacheEvents {
  /** A read was answered without the database. */
  hit: ReadEvent & {
    readonly source: HitSource
    /** Milliseconds since the answer was read from the database. */
    readonly age: number
  }
  /** A read was answered by an entry that is past its TTL, and that no write has invalidated. */
  stale: ReadEvent & {
    readonly reason: StaleReason
    /** Milliseconds since the answer was read from the database. */
    readonly age: number
  }
  /** A read went to the database, and its answer to the store. */
  miss: ReadEvent & { readonly reason: MissReason }
  /** A read went to the database, and its answer nowhere. */
  bypass: { readonly model: string; readonly operation: string; readonly reason: BypassReason }
  /** An answer was offered to the store. */
  fill: ReadEvent & {
    /**
     * `outrun`: another reader stored one first. `refused`: the store cannot hold it. `older`: by the
     * version column of a row it is from before an acknowledged write, as a replica may answer.
     */
    readonly outcome: 'stored' | 'outrun' | 'refused' | 'older'
    readonly bytes: number
  }
  /** A write was acknowledged, and what depended on these tags is invalid. */
  touch: { readonly tags: readonly string[] }
  /** The cache failed at something; the query did not. */
  error: { readonly during: ErrorPhase; readonly error: unknown }
}

export interface ReadEvent {
  /** `$cache` for what is no query of Prisma's: `getOrLoad`. */
  readonly model: string
  readonly operation: string
  readonly key: string
}

/**
 * `store`: from an entry. `near`: from a copy that this process keeps of one. `flight`: from a query
 * of this process that was already under way.
 */
export type HitSource = 'store' | 'near' | 'flight'

/**
 * `refreshing`: within `swr`, while the answer is read anew. `error`: within `staleIfError`, because
 * the database was away.
 */
export type StaleReason = 'refreshing' | 'error'

/**
 * `absent`: never stored, or evicted. `expired`: older than its TTL. `invalidated`: a write touched
 * what it depends on. `unreadable`: the bytes are damaged, or of another format.
 * `refresh`: the read said `refresh: true`.
 */
export type MissReason = 'absent' | 'expired' | 'invalidated' | 'unreadable' | 'refresh'

/**
 * `disabled`: by the query, by `mode` or by an option. `transaction`: reads in a transaction go to the
 * database. `uncacheable`: the answer depends on what the cache cannot follow, such as a view without
 * `dependsOn`. `blocked`: a write whose end nobody can see is under way. `store`: the store failed.
 * `scope`: the option `scope` threw, or gave no string.
 */
export type BypassReason =
  | 'disabled'
  | 'transaction'
  | 'uncacheable'
  | 'blocked'
  | 'store'
  | 'scope'

/** What the cache was doing when it failed; `refresh` is a query in the background, `scope` the option. */
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
