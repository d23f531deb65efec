import type { GeneratedCatalog } from '../catalog/generated-catalog.js'
import type { ReadOperation } from '../plan/query.js'
import type { Store } from '../store/store.js'

/**
 * A string with a unit (`'250ms'`, `'10s'`, `'5m'`, `'1h'`, `'7d'`), or a number of seconds. A number that
 * may be meant in milliseconds, because it is too large for the option, is refused.
 */
export type Duration = number | string

/** The options of `cacheAside()`, all of them optional. `M` is the model names of the schema. */
export interface CacheAsideOptions<M extends string = string> {
  /** Where entries are kept. Default: `aerospike()` where `AEROSPIKE_HOSTS` is set, else `memory()`. */
  readonly store?: Store | undefined
  /** How long an answer may be served. Default one minute. */
  readonly ttl?: Duration | undefined
  /** How long "nothing found" (`null`) may be served, where that is shorter than `ttl`. Default: `ttl`. */
  readonly negativeTtl?: Duration | undefined
  /**
   * How long after its `ttl` an answer that no write has invalidated is still served at once, while one
   * process asks the database again in the background. Default 0: never.
   */
  readonly staleWhileRevalidate?: Duration | undefined
  /**
   * How long after its `ttl` an answer that no write has invalidated may replace the database's, where
   * the database cannot be reached or does not answer in time. Default 0: never.
   */
  readonly staleIfError?: Duration | undefined
  /**
   * The share, from 0 to 1, by which a `ttl` is shortened at random at most, so that answers that were
   * stored together do not expire together. Default 0.05.
   */
  readonly jitter?: number | undefined
  /**
   * Says who asks, such as a tenant: an entry is only served in the scope in which it was stored. The
   * function is called for each read that does not name its own scope. If it throws or does not return
   * a string, the read goes to the database. `undefined` is a scope of its own.
   */
  readonly scope?: (() => string | undefined) | undefined
  /** Keeps copies of entries in this process. Default: no copies. */
  readonly near?: NearOptions | undefined
  /**
   * `'all'` (the default) caches every read that does not say `cache: false`. `'opt-in'` caches only reads
   * that ask for it. `'off'` caches nothing, while writes still invalidate what other clients cached.
   */
  readonly mode?: 'all' | 'opt-in' | 'off' | undefined
  /** The read operations that are cached. Default: all of them. */
  readonly operations?: readonly ReadOperation[] | undefined
  /** Options for single models, or `false`: then no read that sees the model is cached. */
  readonly models?: { readonly [Model in M]?: ModelOptions<M> | false } | undefined
  /**
   * `'acknowledged'` (the default): a read is never older than a write that was acknowledged before it
   * began. `'strict'`: while a write runs, reads of the rows that it may change go to the database.
   */
  readonly consistency?: 'acknowledged' | 'strict' | undefined
  /**
   * How far replicas that answer reads may lag behind. For that long after a write, reads of the rows
   * that it changed go to the database, and their answers are not stored. Default: there are no replicas.
   */
  readonly replicaLag?: Duration | undefined
  /**
   * Says how a write behaves while the store cannot be reached. `'bypass'` (the default): the write runs,
   * and invalidates as soon as the store can be reached again. `'reject'`: it fails with
   * `StoreUnavailableError` before the database sees it.
   */
  readonly onStoreFailure?: 'bypass' | 'reject' | undefined
  /**
   * How long a process may go without a sign of life until the others take it for crashed, and invalidate what
   * its writes under way may have changed; and how long a write whose outcome is not known may still commit.
   * Default ten seconds.
   */
  readonly writeDeadline?: Duration | undefined
  /** How long a read may wait for another process that already asks the database the same. Default 500 ms. */
  readonly leaseWait?: Duration | undefined
  /**
   * The database functions that change rows when a SELECT calls them, such as `['merge_users']`; or `true` for
   * every function that is not known to be harmless. Raw SQL that calls one invalidates every row of the models
   * whose tables it names, or everything if it names none. Default: none.
   */
  readonly writingFunctions?: true | readonly string[] | undefined
  /**
   * A name for the database, so that databases which share a store do not share entries. All clients of one
   * database must have the same. Default: the host, port, name and schema in the adapter's configuration, where
   * it shows them (`PrismaPg`); else `''`.
   */
  readonly keyspace?: string | undefined
  /**
   * Takes what the generator of this package writes at `prisma generate`, so that the schema need not be parsed when
   * the process starts. It must be of the same schema as the client. Default: the schema that the client carries
   * is parsed, by `@prisma/prisma-schema-wasm`.
   *
   * @example
   * ```ts
   * import { catalog } from './generated/prisma-cache-catalog.js'
   *
   * const prisma = new PrismaClient({ adapter }).$extends(cacheAside({ catalog }))
   * ```
   */
  readonly catalog?: GeneratedCatalog | undefined
  /** The text of the Prisma schema, for clients that do not carry it. */
  readonly schema?: string | undefined
}

export const optionNames = [
  'store',
  'ttl',
  'negativeTtl',
  'staleWhileRevalidate',
  'staleIfError',
  'jitter',
  'scope',
  'near',
  'mode',
  'operations',
  'models',
  'consistency',
  'replicaLag',
  'onStoreFailure',
  'writeDeadline',
  'leaseWait',
  'writingFunctions',
  'keyspace',
  'catalog',
  'schema',
] as const satisfies (keyof CacheAsideOptions)[]

/** Options for one model. */
export interface ModelOptions<M extends string = string> {
  /** How long an answer that sees this model may be served. */
  readonly ttl?: Duration | undefined
  /** As the option of the whole cache, for this model's own queries. */
  readonly negativeTtl?: Duration | undefined
  /** As the option of the whole cache, for this model's own queries. */
  readonly staleWhileRevalidate?: Duration | undefined
  /** As the option of the whole cache, for this model's own queries. */
  readonly staleIfError?: Duration | undefined
  /**
   * Fields that reads filter by, besides ids, unique fields and foreign keys: a read that gives them a
   * value is invalidated only by writes to rows that have this value. A list is a compound key. Every
   * process that shares the store must have the same `trackBy`.
   *
   * @example
   * ```ts
   * cacheAside({ models: { Post: { trackBy: ['status', ['tenantId', 'slug']] } } })
   * ```
   */
  readonly trackBy?: readonly (string | readonly string[])[] | undefined
  /**
   * Fields that the database does not compare exactly, though the schema does not show it, such as a
   * column with `COLLATE NOCASE` in a migration written by hand. Reads that filter by them depend on the
   * whole model. Default none. Fields whose type shows it, such as `@db.Citext`, need not be named.
   *
   * @example
   * ```ts
   * cacheAside({ models: { User: { inexact: ['email'] } } })
   * ```
   */
  readonly inexact?: readonly string[] | undefined
  /**
   * Fields that the database changes by itself when a row is written, though the schema does not show it,
   * such as by a trigger. Every write of a row counts as changing them. Default none. Fields with
   * `@default(dbgenerated())`, as Prisma shows generated columns, need not be named.
   *
   * @example
   * ```ts
   * cacheAside({ models: { Post: { computed: ['slug'] } } })
   * ```
   */
  readonly computed?: readonly string[] | undefined
  /**
   * Whether a row that `create`, `update` or `upsert` returned outside a transaction is read once more at
   * once, by each of its unique keys, so that the next plain `findUnique` of it is a hit. Default false.
   * It costs the database one query for each key.
   */
  readonly writeThrough?: boolean | undefined
  /**
   * The models that a view reads, with the join tables of their implicit many-to-many relations. Without it,
   * a view is not cached. A view that the schema declares as a `model` needs it, too: without it, answers
   * count as rows of an ordinary table.
   */
  readonly dependsOn?: readonly M[] | undefined
  /**
   * The column that counts the updates of a row, for optimistic locking: an Int or BigInt with a default.
   * Every update through this client increments it. An `update` or `delete` by `{ id, version }` of a row
   * that has another version throws `OptimisticLockError`. Default: there is none.
   *
   * @example
   * ```ts
   * cacheAside({ models: { Document: { version: 'version' } } })
   * ```
   */
  readonly version?: string | undefined
}

export const modelOptionNames = [
  'ttl',
  'negativeTtl',
  'staleWhileRevalidate',
  'staleIfError',
  'trackBy',
  'inexact',
  'computed',
  'writeThrough',
  'dependsOn',
  'version',
] as const satisfies (keyof ModelOptions)[]

/** Options for the copies that a process keeps of the entries it uses most. */
export interface NearOptions {
  /** The most copies. Default 1,000. */
  readonly maxEntries?: number | undefined
  /** The most bytes of encoded values. Default 16 MiB. */
  readonly maxBytes?: number | undefined
  /**
   * How long a copy is served without asking the store whether it is still valid. Writes of other
   * processes are seen that much later, writes of this process at once. Default 0: the store is asked
   * for each read.
   */
  readonly maxStaleness?: Duration | undefined
}

export const nearOptionNames = [
  'maxEntries',
  'maxBytes',
  'maxStaleness',
] as const satisfies (keyof NearOptions)[]
