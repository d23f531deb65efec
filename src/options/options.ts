import type { ReadOperation } from '../plan/query.js'
import type { Store } from '../store/store.js'

/** Seconds, or a string with a unit: `'5m'`, `'1h'`, `'250ms'`. */
export type Duration = number | string

/** What `cacheAside()` takes, every part of it optional. `M` is the model names of the schema. */
export interface CacheAsideOptions<M extends string = string> {
  /** Where entries live. Default: `aerospike()` where `AEROSPIKE_HOSTS` is set, else `memory()`. */
  readonly store?: Store | undefined
  /** How long an answer may be served. Default one minute. */
  readonly ttl?: Duration | undefined
  /** How long "nothing found" (`null`) may be served, where that is shorter than `ttl`. Default: `ttl`. */
  readonly negativeTtl?: Duration | undefined
  /**
   * For so long after its `ttl` an answer that no write has invalidated is served at once, while one
   * process reads it anew in the background. Default 0: never.
   */
  readonly swr?: Duration | undefined
  /**
   * For so long after its `ttl` an answer that no write has invalidated stands in where the database
   * cannot be reached or does not answer in time. Default 0: never.
   */
  readonly staleIfError?: Duration | undefined
  /**
   * The share, from 0 to 1, by which a `ttl` is at most shortened at random, so that what was stored
   * together does not expire together. Default 0.05.
   */
  readonly jitter?: number | undefined
  /**
   * Who asks, such as a tenant: an entry never crosses scopes. Called for each read that does not name
   * its own; where it throws or gives no string, the read goes to the database. `undefined` is a scope
   * of its own.
   */
  readonly scope?: (() => string | undefined) | undefined
  /** Keeps copies of entries in this process. Default: none are kept. */
  readonly near?: NearOptions | undefined
  /** `'all'` (the default) caches every read that does not say `cache: false`; `'opt-in'` only those that ask. */
  readonly mode?: 'all' | 'opt-in' | undefined
  /** The read operations that are cached. Default: all of them. */
  readonly operations?: readonly ReadOperation[] | undefined
  /** Per model: options of its own, or `false`: no read that sees it is cached. */
  readonly models?: { readonly [Model in M]?: ModelOptions<M> | false } | undefined
  /**
   * `'acknowledged'` (the default): a read is never older than a write that was acknowledged before it
   * began. `'strict'`: while a write is in flight, reads of what it may change go to the database.
   */
  readonly consistency?: 'acknowledged' | 'strict' | undefined
  /**
   * How far replicas that answer reads may lag behind. For that long after a write, what it touched is
   * read from the database and not stored. Default: no replicas.
   */
  readonly replicaLag?: Duration | undefined
  /**
   * What becomes of a write that cannot be announced, because the store is away. `'bypass'` (the
   * default): it goes on, and invalidates as soon as the store is back. `'reject'`: it fails with
   * `StoreUnavailableError` before the database sees it.
   */
  readonly onStoreFailure?: 'bypass' | 'reject' | undefined
  /**
   * How long a write outside a transaction may take until, if its process is not heard of again, others
   * invalidate in its place. In a transaction its time-out is added. Default ten seconds.
   */
  readonly writeDeadline?: Duration | undefined
  /**
   * How long a read may wait for another process that is already asking the database the same. Default
   * half a second.
   */
  readonly leaseWait?: Duration | undefined
  /** Tells apart the databases whose caches share a store. Default `''`. */
  readonly keyspace?: string | undefined
  /** The text of the Prisma schema, where the client does not carry it. */
  readonly schema?: string | undefined
}

export interface ModelOptions<M extends string = string> {
  /** How long an answer that sees this model may be served. */
  readonly ttl?: Duration | undefined
  /** For this model's own queries, as for the whole cache. */
  readonly negativeTtl?: Duration | undefined
  /** For this model's own queries, as for the whole cache. */
  readonly swr?: Duration | undefined
  /** For this model's own queries, as for the whole cache. */
  readonly staleIfError?: Duration | undefined
  /**
   * Fields by which reads find rows, besides ids, unique fields and foreign keys: a read that gives
   * them a value is invalidated only by writes to rows that have it. A list stands for a compound key.
   * Every process that shares the store must be given the same.
   *
   * @example
   * ```ts
   * cacheAside({ models: { Post: { trackBy: ['status', ['tenantId', 'slug']] } } })
   * ```
   */
  readonly trackBy?: readonly (string | readonly string[])[] | undefined
  /**
   * Fields that the database compares more loosely than the schema shows, such as a column with
   * `COLLATE NOCASE` in a migration written by hand: reads by them depend on the model as a whole.
   * Default none. What the schema shows, as `@db.Citext`, need not be named.
   *
   * @example
   * ```ts
   * cacheAside({ models: { User: { loose: ['email'] } } })
   * ```
   */
  readonly loose?: readonly string[] | undefined
  /**
   * Whether a row that `create`, `update` or `upsert` gave back outside a transaction is read again at
   * once, by each of its unique keys, so that the next plain `findUnique` of it is a hit. Default
   * false. It costs the database a query for each key.
   */
  readonly writeThrough?: boolean | undefined
  /** For a view: the models that it reads. Without it a view is not cached. */
  readonly dependsOn?: readonly M[] | undefined
  /**
   * The column that counts the updates of a row, for optimistic locking: an Int or BigInt with a default.
   * Every update through this client increments it, and `update` and `delete` by `{ id, version }` of a
   * row that has another version throw `OptimisticLockError`. Default: none.
   *
   * @example
   * ```ts
   * cacheAside({ models: { Document: { version: 'version' } } })
   * ```
   */
  readonly version?: string | undefined
}

/** What a read takes as its `cache` argument, instead of `true` or `false`. */
export interface QueryOptions {
  /** How long this answer may be served. */
  readonly ttl?: Duration | undefined
  /** How long this answer may be served where it is `null`. */
  readonly negativeTtl?: Duration | undefined
  /** How long after its `ttl` this answer may be served while it is read anew; 0: not at all. */
  readonly swr?: Duration | undefined
  /** How long after its `ttl` this answer may stand in for a database that is away; 0: not at all. */
  readonly staleIfError?: Duration | undefined
  /** `true`: asks the database now, and stores the answer in place of the present one. */
  readonly refresh?: boolean | undefined
  /** Names by which this answer can be invalidated. A read with other tags has an entry of its own. */
  readonly tags?: readonly string[] | undefined
  /** Separates answers that depend on who asks, such as a tenant: an entry never crosses scopes. */
  readonly scope?: string | undefined
}

/** What a write takes as its `cache` argument. */
export interface WriteOptions {
  /** The tags whose entries this write invalidates, besides those of what it changes. */
  readonly invalidate?: readonly string[] | undefined
}

/** Of the copies that a process keeps of the entries it uses most. */
export interface NearOptions {
  /** How many at most. Default 1,000. */
  readonly maxEntries?: number | undefined
  /** How many bytes of encoded values at most. Default 16 MiB. */
  readonly maxBytes?: number | undefined
  /**
   * For so long a copy is served without asking the store whether it still stands: writes of other
   * processes are seen that much later, those of this process at once. Default 0: it is always asked.
   */
  readonly maxStaleness?: Duration | undefined
}
