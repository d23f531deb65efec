import type { LoadOptions, Target, WarmOptions, WarmProgress } from '../options/query-options.js'
import type { Explanation } from '../plan/explain.js'
import type { StoreHealth } from '../store/store.js'
import type { CacheEvents } from '../telemetry/events.js'
import type { CacheStats } from '../telemetry/telemetry.js'

/** `prisma.$cache`. `M` is the model names of the schema. */
export interface CacheControl<M extends string = string> {
  /** Counts events since the client was extended. */
  stats(): CacheStats

  /**
   * Asks the store for its state, with advice for people.
   *
   * @example
   * ```ts
   * const { state, latencyMs, advice } = await prisma.$cache.health()
   * ```
   */
  health(): Promise<CacheHealth>

  /**
   * Invalidates every entry that depends on a model, on the rows that a target describes, or that was
   * given one of the tags. When it resolves, no later read of any process is answered from them.
   *
   * A target does what a write to all its rows would do. A field that it does not mention may have any
   * value.
   *
   * @throws ConfigurationError if the schema has no such model or field.
   * @throws the store's error: then it is not known whether the entries are invalid.
   *
   * @example
   * ```ts
   * await prisma.$cache.invalidate('User')
   * await prisma.$cache.invalidate([{ Post: { id: 7, authorId: 1 } }, 'Comment'])
   * await prisma.$cache.invalidate({ tags: ['home'] })
   * ```
   */
  invalidate(
    target: Target<M> | readonly Target<M>[] | { readonly tags: readonly string[] },
  ): Promise<void>

  /**
   * Explains how the cache treats a call, without running it: what a read depends on or a write
   * invalidates, and why it is not more precise.
   *
   * @throws ConfigurationError if the function makes no call of this client.
   *
   * @example
   * ```ts
   * const { tags } = await prisma.$cache.explain(() => prisma.post.findMany({ where: { status: 'DRAFT' } }))
   * // [{ name: 'Post', precise: false, why: '`Post` as a whole, because `status` is not a tracked key: ...
   * ```
   */
  explain(query: () => PromiseLike<unknown>): Promise<Explanation>

  /**
   * Invalidates every entry, as `invalidate` does, and frees the space that the store can free.
   *
   * @throws the store's error: then it is not known whether the entries are invalid.
   */
  clear(): Promise<void>

  /**
   * Answers from the cache what any function computes, as if it were a query: concurrent callers share one
   * call, and the value is validated at each use. It depends on `dependsOn`, and on what the cached reads
   * depend on that the function makes. The value may consist of what JSON can hold, and of Date, Decimal,
   * bigint, Uint8Array, Map, Set and undefined. Each caller gets its own copy. Inside an interactive
   * transaction of a client with the cache, the function runs each time.
   *
   * @param key names the value, among those of `getOrLoad` with the same keyspace and scope.
   * @throws the errors of `load`.
   * @throws ConfigurationError if the value holds something that would come back as another thing, such as an
   *   instance of a class, a Buffer or a function. The message names its path.
   *
   * @example
   * ```ts
   * const rates = await prisma.$cache.getOrLoad('rates', () => fetchRates(), { ttl: '1h', swr: '1d' })
   * const top = await prisma.$cache.getOrLoad('top', () => computeTop(prisma), {
   *   dependsOn: ['User', { Post: { authorId: 7 } }],
   * })
   * ```
   */
  getOrLoad<T>(key: string, load: () => PromiseLike<T> | T, options?: LoadOptions<M>): Promise<T>

  /**
   * Declares what the raw SQL that runs in the function changes: rows of these models, or rows that have
   * these values before or after, and the rows that referential actions change with them. Without it, the
   * SQL counts as changing every table that its text names.
   *
   * @example
   * ```ts
   * await prisma.$cache.changing('User', () => prisma.$executeRaw`CALL merge_users()`)
   * await prisma.$cache.changing(
   *   { Post: { id: 7 } },
   *   () => prisma.$executeRaw`UPDATE posts SET views = views + 1 WHERE id = 7`,
   * )
   * ```
   */
  changing<T>(target: Target<M> | readonly Target<M>[], run: () => PromiseLike<T>): Promise<T>

  /**
   * Runs reads so that their answers are stored, a few at a time. A read that fails does not stop the
   * others.
   *
   * @returns how many reads ran, and how many of them failed.
   *
   * @example
   * ```ts
   * await prisma.$cache.warm([() => prisma.org.findMany(), () => prisma.post.count()], {
   *   concurrency: 2,
   *   onProgress: ({ done, total }) => console.log(`${done} of ${total}`),
   * })
   * ```
   */
  warm(reads: readonly (() => PromiseLike<unknown>)[], options?: WarmOptions): Promise<WarmProgress>

  /**
   * Calls the listener at every such event, until the returned function is called.
   *
   * @throws ConfigurationError if there is no such event.
   *
   * @example
   * ```ts
   * const stop = prisma.$cache.on('error', ({ during, error }) => log.warn({ during, error }))
   * ```
   */
  on<K extends keyof CacheEvents>(name: K, listener: (event: CacheEvents[K]) => void): () => void
}

export interface CacheHealth extends StoreHealth {
  /**
   * Whether some acknowledged writes of this client have not reached the store yet. Until they have, this
   * client reads from the database.
   */
  readonly pendingInvalidations: boolean
  /**
   * Whether the cache sees writes of other clients of the same engine, such as the base client. `'seen'`: it
   * does. `'not yet known'`: the client has not connected yet. `'unseen'`: the client was connected before it
   * was extended, or has no driver adapter: see `cacheAside.adapter`.
   */
  readonly otherWrites: 'seen' | 'not yet known' | 'unseen'
}
