import type { CacheArgument } from './arguments.js'
import type { CachedRead } from './cached-read.js'

/** The argument of every read of a client that was extended with `accelerateCompatible()`. */
export interface AccelerateArgument extends CacheArgument {
  /**
   * Says that the read is cached, and for how long. A read with neither `ttl` nor `swr` is not cached.
   *
   * @example
   * ```ts
   * await prisma.user.findMany({ cacheStrategy: { ttl: 60, swr: 300, tags: ['users'] } })
   * ```
   */
  cacheStrategy?: CacheStrategy
}

export interface CacheStrategy {
  /** For how many seconds the answer may be served. */
  readonly ttl?: number | undefined
  /** For how many seconds after `ttl` it may be served while the database is asked again. */
  readonly swr?: number | undefined
  /** Names by which the answer can be invalidated, of any form and number. */
  readonly tags?: readonly string[] | undefined
}

/** The promise of a read. */
export interface AccelerateRead<T> extends CachedRead<T> {
  /**
   * Returns the answer, and how the cache treated the read, in the words of Prisma Accelerate. It returns an
   * ordinary promise, which `$transaction([...])` does not accept.
   *
   * @example
   * ```ts
   * const { data, info } = await prisma.user.findMany({ cacheStrategy: { ttl: 60 } }).withAccelerateInfo()
   * ```
   */
  withAccelerateInfo(): Promise<{ readonly data: T; readonly info: AccelerateInfo }>
}

export interface AccelerateInfo {
  /**
   * `ttl`: answered from the cache. `swr`: answered from the cache, while the database is asked again.
   * `miss`: answered by the database. `none`: answered by the database, as the read has no cache strategy.
   */
  readonly cacheStatus: 'ttl' | 'swr' | 'miss' | 'none'
  /** When the database gave the answer. */
  readonly lastModified: Date
  /** Always `unspecified`: the cache is in your own network. */
  readonly region: string
  /** A random id. */
  readonly requestId: string
  /** The key of the entry; `unspecified` where the read has none. */
  readonly signature: string
}

/** `prisma.$accelerate`. */
export interface AccelerateControl {
  /**
   * Invalidates the answers of all reads that have one of the tags. When it resolves, no later read of any
   * process is answered from them.
   *
   * @throws ConfigurationError if there is no list of tags.
   * @throws the store's error: then it is not known whether the answers are invalid.
   */
  invalidate(input: { readonly tags: readonly string[] }): Promise<{ readonly requestId: string }>
  /**
   * Invalidates all answers.
   *
   * @throws the store's error: then it is not known whether the answers are invalid.
   */
  invalidateAll(): Promise<{ readonly requestId: string }>
}
