import type { BypassReason, HitSource, MissReason, StaleReason } from './events.js'

/** How one read was answered. */
export type CacheInfo =
  /** Without the database. */
  | (KnownEntry & {
      readonly status: 'hit'
      readonly source: HitSource
      /** Milliseconds since the database was asked. */
      readonly ageMs: number
      /** How much longer the answer may be served, in milliseconds. */
      readonly expiresInMs: number
    })
  /** By an entry that is past its TTL, and that no write has invalidated. */
  | (KnownEntry & {
      readonly status: 'stale'
      readonly reason: StaleReason
      /** Milliseconds since the database was asked. */
      readonly ageMs: number
    })
  /** By the database. */
  | (KnownEntry & {
      readonly status: 'miss'
      readonly reason: MissReason
      /** How long the answer may be served if it could be stored, in milliseconds. */
      readonly expiresInMs: number
    })
  /** By the database or, with the reason `unseen`, by another extension. */
  | { readonly status: 'bypass'; readonly reason: BypassReason | 'unseen' }

export interface KnownEntry {
  /** The key of the entry, as in events. */
  readonly key: string
  /** The names of the tags that the answer may depend on; the application's own tags begin with `#`. */
  readonly tags: readonly string[]
}

/** An answer, and how it was found. */
export interface WithCacheInfo<T> {
  readonly data: T
  readonly info: CacheInfo
}
