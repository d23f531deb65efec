import type { Prisma } from '@prisma/client/extension'
import type { Types } from '@prisma/client/runtime/client'
import type { QueryOptions, WriteOptions } from './options/options.js'
import type { Explanation } from './plan/explain.js'
import type { WithCacheInfo } from './prisma-client/with-cache-info.js'
import type { StoreHealth } from './store/store.js'
import type { CacheEvents } from './telemetry/events.js'
import type { CacheStats } from './telemetry/telemetry.js'

/** What every read takes besides Prisma's own arguments. */
export interface CacheArgument {
  /**
   * `false`: this read goes to the database, and its answer nowhere. `true`: it is cached, also with
   * `mode: 'opt-in'`. An object: it is cached with options of its own.
   *
   * @example
   * ```ts
   * await prisma.user.findMany({ where: { role: 'ADMIN' }, cache: { ttl: '10s' } })
   * ```
   */
  cache?: boolean | QueryOptions
}

/** What every write takes besides Prisma's own arguments. */
export interface WriteCacheArgument {
  /**
   * What the write invalidates besides what it changes: with it, or after the commit of the
   * transaction that it is part of.
   *
   * @example
   * ```ts
   * await prisma.post.create({ data, cache: { invalidate: ['home'] } })
   * ```
   */
  cache?: WriteOptions
}

/** `prisma.$cache`. `M` is the model names of the schema. */
export interface CacheControl<M extends string = string> {
  /** Counts since the client was extended. */
  stats(): CacheStats

  /**
   * How the store is, with advice in words.
   *
   * @example
   * ```ts
   * const { state, latency, advice } = await prisma.$cache.health()
   * ```
   */
  health(): Promise<CacheHealth>

  /**
   * Invalidates every entry that depends on the model, as a write to all its rows would; on the rows
   * that `where` describes, as writes to these would (what it does not say of them may have any value);
   * or that was given one of the tags. Resolves once no later read, of any process, is answered from them.
   *
   * @throws ConfigurationError if the schema has no such model or field.
   * @throws whatever the store failed with: then nothing is certain.
   *
   * @example
   * ```ts
   * await prisma.$cache.invalidate({ model: 'User' })
   * await prisma.$cache.invalidate({ model: 'Post', where: { id: 7, authorId: 1 } })
   * await prisma.$cache.invalidate({ tags: ['home'] })
   * ```
   */
  invalidate(
    target: { readonly model: M; readonly where?: Where } | { readonly tags: readonly string[] },
  ): Promise<void>

  /**
   * What the cache makes of a call, without running it: what a read depends on or a write touches, and
   * why it is not more precise.
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
   * Invalidates every entry, as `invalidate` does, and frees what the store can free.
   *
   * @throws whatever the store failed with.
   */
  clear(): Promise<void>

  /**
   * Answers from the cache what any function computes, with the flights, the leases and the
   * validation of queries. The value may hold what JSON can, and Date, Decimal, bigint, bytes, Map, Set
   * and undefined; whoever asks gets a copy of its own. Inside an interactive transaction it is loaded
   * each time.
   *
   * @param key names the value, among those of `getOrLoad` with the same keyspace and scope.
   * @throws what `load` throws.
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
   * Says what the raw SQL that runs in the function changes: rows of these models, or rows with these
   * values before or after, and what referential actions reach from there, instead of what its text names.
   *
   * @example
   * ```ts
   * await prisma.$cache.touching({ models: ['User'] }, () => prisma.$executeRaw`CALL merge_users()`)
   * await prisma.$cache.touching(
   *   { keys: { Post: { id: 7 } } },
   *   () => prisma.$executeRaw`UPDATE posts SET views = views + 1 WHERE id = 7`,
   * )
   * ```
   */
  touching<T>(
    target: { readonly models?: readonly M[]; readonly keys?: { readonly [K in M]?: Where } },
    run: () => PromiseLike<T>,
  ): Promise<T>

  /**
   * Runs reads so that their answers are stored, a few at a time. One that fails does not stop the
   * others.
   *
   * @returns how many were run, and how many failed.
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
   * @example
   * ```ts
   * const stop = prisma.$cache.on('error', ({ during, error }) => log.warn({ during, error }))
   * ```
   */
  on<K extends keyof CacheEvents>(name: K, listener: (event: CacheEvents[K]) => void): () => void
}

/** What `getOrLoad` takes: what a read does, and what the value depends on. */
export interface LoadOptions<M extends string = string> extends QueryOptions {
  /** The models whose writes invalidate the value, or the rows, by values of a tracked key. */
  readonly dependsOn?: readonly (M | { readonly [K in M]?: Where })[] | undefined
}

/** Values of a model's fields, as its own `where` takes them. */
export type Where = Readonly<Record<string, unknown>>

export interface WarmOptions {
  /** How many reads at once. Default 4. */
  readonly concurrency?: number | undefined
  /** Called after each read; `error` is what it failed with, if it did. */
  readonly onProgress?:
    | ((progress: WarmProgress & { readonly error?: unknown }) => void)
    | undefined
}

export interface WarmProgress {
  /** Reads that were run. */
  readonly done: number
  /** Of these, those that failed. */
  readonly failed: number
  readonly total: number
}

export interface CacheHealth extends StoreHealth {
  /** Whether acknowledged writes wait to be told to the store; until then reads go to the database. */
  readonly owesTouches: boolean
}

/**
 * What `prisma.$extends(cacheAside())` does to the client's types. `C` is nothing, `Prisma.TypeMap`
 * or the type of the client that is extended.
 */
export type CacheAsideExtension<C> = (
  // biome-ignore lint/suspicious/noExplicitAny: Prisma passes a client whose type cannot be named here.
  client: any,
) => {
  $extends: {
    extArgs: Types.Extensions.InternalArgs<
      Record<never, never>,
      { $allModels: CachedOperations<C> },
      Record<never, never>,
      { $cache: CacheControl<ModelNames<C>> }
    >
  }
}

export type ModelNames<C> =
  TypeMapOf<C> extends { model: infer Models } ? keyof Models & string : string

/** A type map names itself; a client carries its own in the type of its `$extends`. */
type TypeMapOf<C> = C extends { meta: unknown; model: unknown }
  ? C
  : C extends { $extends: Types.Extensions.ExtendsHook<infer _V, infer _Cb, infer _Ext, infer Map> }
    ? Map
    : unknown

type GlobalOmit<C> = TypeMapOf<C> extends { globalOmitOptions: infer Omit } ? Omit : unknown

/**
 * Prisma's operations with the `cache` argument, and `withCacheInfo()` after reads. They exist in the
 * types only: real methods would hide the query from extensions applied later, and lose the fluent API.
 *
 * `A` is unbounded: with a bound, TypeScript infers the bound instead of the argument.
 */
interface CachedOperations<C> {
  findUnique<T, A>(
    this: T,
    args: ReadArgs<T, A, 'findUnique'> & Unique,
  ): FluentResult<C, T, A, 'findUnique', null>
  findUniqueOrThrow<T, A>(
    this: T,
    args: ReadArgs<T, A, 'findUniqueOrThrow'> & Unique,
  ): FluentResult<C, T, A, 'findUniqueOrThrow', never>
  findFirst<T, A>(
    this: T,
    args?: ReadArgs<T, A, 'findFirst'>,
  ): FluentResult<C, T, A, 'findFirst', null>
  findFirstOrThrow<T, A>(
    this: T,
    args?: ReadArgs<T, A, 'findFirstOrThrow'>,
  ): FluentResult<C, T, A, 'findFirstOrThrow', never>
  findMany<T, A>(this: T, args?: ReadArgs<T, A, 'findMany'>): ReadResult<C, T, A, 'findMany'>
  count<T, A>(this: T, args?: ReadArgs<T, A, 'count'>): ReadResult<C, T, A, 'count'>
  aggregate<T, A>(this: T, args: ReadArgs<T, A, 'aggregate'>): ReadResult<C, T, A, 'aggregate'>
  groupBy<T, A>(this: T, args: ReadArgs<T, A, 'groupBy'>): ReadResult<C, T, A, 'groupBy'>

  create<T, A>(
    this: T,
    args: WriteArgs<T, A, 'create'> & Data,
  ): FluentWriteResult<C, T, A, 'create'>
  createMany<T, A>(
    this: T,
    args?: WriteArgs<T, A, 'createMany'>,
  ): WriteResult<C, T, A, 'createMany'>
  createManyAndReturn<T, A>(
    this: T,
    args?: WriteArgs<T, A, 'createManyAndReturn'>,
  ): WriteResult<C, T, A, 'createManyAndReturn'>
  update<T, A>(
    this: T,
    args: WriteArgs<T, A, 'update'> & Unique & Data,
  ): FluentWriteResult<C, T, A, 'update'>
  updateMany<T, A>(
    this: T,
    args: WriteArgs<T, A, 'updateMany'> & Data,
  ): WriteResult<C, T, A, 'updateMany'>
  updateManyAndReturn<T, A>(
    this: T,
    args: WriteArgs<T, A, 'updateManyAndReturn'> & Data,
  ): WriteResult<C, T, A, 'updateManyAndReturn'>
  upsert<T, A>(
    this: T,
    args: WriteArgs<T, A, 'upsert'> & Unique & { create: unknown; update: unknown },
  ): FluentWriteResult<C, T, A, 'upsert'>
  delete<T, A>(
    this: T,
    args: WriteArgs<T, A, 'delete'> & Unique,
  ): FluentWriteResult<C, T, A, 'delete'>
  deleteMany<T, A>(
    this: T,
    args?: WriteArgs<T, A, 'deleteMany'>,
  ): WriteResult<C, T, A, 'deleteMany'>
}

/*
 * The types of the methods are exported, so that declarations of an application which exports its
 * client name them; otherwise TypeScript would write them out, relation by relation, without end.
 */

export type ReadArgs<T, A, F extends Operation> = Prisma.Exact<A, Prisma.Args<T, F> & CacheArgument>

/** Nothing where the model has no such operation: views are not written, and some databases lack some. */
export type WriteArgs<T, A, F extends Operation> = T extends {
  [K: symbol]: { types: { operations: { [O in F]: unknown } } }
}
  ? Prisma.Exact<A, Prisma.Args<T, F> & WriteCacheArgument>
  : never

/** `Exact` lets what is required be missing. */
type Unique = { where: unknown }
type Data = { data: unknown }

type Answer<C, T, A, F extends Operation> = Types.Result.GetResult<
  PayloadOf<T>,
  A,
  F,
  GlobalOmit<C>
>

export type ReadResult<C, T, A, F extends Operation> = Prisma.PrismaPromise<Answer<C, T, A, F>> &
  Informing<Answer<C, T, A, F>>

export type WriteResult<C, T, A, F extends Operation> = Prisma.PrismaPromise<Answer<C, T, A, F>>

export type FluentResult<C, T, A, F extends Operation, Null> = ReadResult<C, T, A, F> &
  Fluent<GlobalOmit<C>, PayloadOf<T>, SelectionOf<Prisma.Args<T, F>>, Null, true>

export type FluentWriteResult<C, T, A, F extends Operation> = WriteResult<C, T, A, F> &
  Fluent<GlobalOmit<C>, PayloadOf<T>, SelectionOf<Prisma.Args<T, F>>, never, false>

interface Informing<R> {
  /**
   * The answer, and whether it came from the cache. Asking does not change what is cached. What it
   * returns is an ordinary promise, so it is not for `$transaction([...])`.
   *
   * @example
   * ```ts
   * const { data, info } = await prisma.user.findMany().withCacheInfo()
   * if (info.status === 'hit') console.log(`${info.age} ms old`)
   * ```
   */
  withCacheInfo(): Promise<WithCacheInfo<R>>
}

/** `.posts()` after a read of one row, and what may follow it. */
type Fluent<G, P extends Payload, Selection, Null, IsRead> = {
  [K in keyof P['objects']]: <A>(
    args?: Prisma.Exact<A, RelationArgs<Selection, K>>,
  ) => Prisma.PrismaPromise<RelationResult<G, P, K, A> | Null> &
    (IsRead extends true ? Informing<RelationResult<G, P, K, A> | Null> : unknown) &
    (NonNullable<P['objects'][K]> extends infer Next extends Payload
      ? Fluent<
          G,
          Next,
          SelectionOf<RelationArgs<Selection, K>>,
          Null | NullOf<P['objects'][K]>,
          IsRead
        >
      : unknown)
}

type RelationResult<G, P extends Payload, K extends keyof P['objects'], A> =
  Types.Result.GetResult<P, { select: { [Q in K]: A } }, 'findUniqueOrThrow', G> extends {
    [Q in K]: infer Value
  }
    ? Value
    : never

/** The arguments that a relation takes inside a selection, without the `true` that stands for none. */
type RelationArgs<Selection, K> = K extends keyof Selection
  ? Exclude<Selection[K], boolean | null | undefined>
  : never

type SelectionOf<A> = A extends { select?: infer S } ? NonNullable<S> : never

type NullOf<T> = null extends T ? null : never

type PayloadOf<T> = T extends { [K: symbol]: { types: { payload: infer P extends Payload } } }
  ? P
  : never

type Payload = Types.Payload

type Operation = Types.Public.Operation
