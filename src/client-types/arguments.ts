import type { QueryOptions, WriteOptions } from '../options/query-options.js'

/** The argument of every read besides Prisma's own. */
export interface CacheArgument {
  /**
   * `false`: this read goes to the database, and its answer is not stored. `true`: it is cached, also with
   * `mode: 'opt-in'`. An object: it is cached with its own options.
   *
   * @example
   * ```ts
   * await prisma.user.findMany({ where: { role: 'ADMIN' }, cache: { ttl: '10s' } })
   * ```
   */
  cache?: boolean | QueryOptions
}

/** The argument of every write besides Prisma's own. */
export interface WriteCacheArgument {
  /**
   * The tags that the write also invalidates, besides the entries that depend on its rows. In a transaction
   * it invalidates them after the commit.
   *
   * @example
   * ```ts
   * await prisma.post.create({ data, cache: { invalidate: ['home'] } })
   * ```
   */
  cache?: WriteOptions
}
