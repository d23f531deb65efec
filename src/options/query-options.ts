import type { Duration } from './options.js'

/** The `cache` argument of a read, where it is more than `true` or `false`. */
export interface QueryOptions {
  /** How long this answer may be served. */
  readonly ttl?: Duration | undefined
  /** How long this answer may be served if it is `null`. */
  readonly negativeTtl?: Duration | undefined
  /** How long after its `ttl` this answer may still be served while the database is asked again; 0: not at all. */
  readonly staleWhileRevalidate?: Duration | undefined
  /** A short form of `staleWhileRevalidate`. */
  readonly swr?: Duration | undefined
  /** How long after its `ttl` this answer may replace the database's if that cannot be reached; 0: not at all. */
  readonly staleIfError?: Duration | undefined
  /** `true`: the database is asked now, and its answer replaces the stored one. */
  readonly refresh?: boolean | undefined
  /** Names by which this answer can be invalidated. The same read with other tags has another entry. */
  readonly tags?: readonly string[] | undefined
  /** The scope of the read, such as a tenant: an entry is only served in the scope in which it was stored. */
  readonly scope?: string | undefined
}

export const queryOptionNames = [
  'ttl',
  'negativeTtl',
  'staleWhileRevalidate',
  'swr',
  'staleIfError',
  'refresh',
  'tags',
  'scope',
] as const satisfies (keyof QueryOptions)[]

/** The `cache` argument of a write. */
export interface WriteOptions {
  /** The tags whose entries this write invalidates, besides the entries that depend on what it changes. */
  readonly invalidate?: readonly string[] | undefined
}

export const writeOptionNames = ['invalidate'] as const satisfies (keyof WriteOptions)[]

/** The options of `$cache.getOrLoad`: those of a read, and what the value depends on. */
export interface LoadOptions<M extends string = string> extends QueryOptions {
  /** The models and rows whose changes invalidate the value. Rows must be named by a tracked key. */
  readonly dependsOn?: readonly Target<M>[] | undefined
}

export const loadOptionNames = [
  ...queryOptionNames,
  'dependsOn',
] as const satisfies (keyof LoadOptions)[]

/**
 * A model, or rows of models: `'User'` is every row of the model, `{ Post: { authorId: 7 } }` the rows of
 * Post with that value.
 */
export type Target<M extends string = string> = M | { readonly [K in M]?: Where }

/** Values of a model's fields, as its own `where` takes them. */
export type Where = Readonly<Record<string, unknown>>

/** The options of `$cache.warm`. */
export interface WarmOptions {
  /** How many reads run at once. Default 4. */
  readonly concurrency?: number | undefined
  /** Called after each read; `error` is the read's error, if it failed. */
  readonly onProgress?:
    | ((progress: WarmProgress & { readonly error?: unknown }) => void)
    | undefined
}

export const warmOptionNames = [
  'concurrency',
  'onProgress',
] as const satisfies (keyof WarmOptions)[]

export interface WarmProgress {
  /** The number of reads that have ended. */
  readonly done: number
  /** The number of these that failed. */
  readonly failed: number
  readonly total: number
}
