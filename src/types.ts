import type { Prisma } from '@prisma/client/extension'
import type { Types } from '@prisma/client/runtime/client'
import type { QueryOptions } from './options.js'
import type { Explanation } from './plan/explain.js'
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
   * Invalidates every entry that depends on the model, as a write to all its rows would. Resolves
   * once no later read, of any process, is answered from them.
   *
   * @throws ConfigurationError if the schema has no such model.
   * @throws whatever the store failed with: then nothing is certain.
   *
   * @example
   * ```ts
   * await prisma.$cache.invalidate({ model: 'User' })
   * ```
   */
  invalidate(target: { readonly model: M }): Promise<void>

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
   * Calls the listener at every such event, until the returned function is called.
   *
   * @example
   * ```ts
   * const stop = prisma.$cache.on('error', ({ during, error }) => log.warn({ during, error }))
   * ```
   */
  on<K extends keyof CacheEvents>(name: K, listener: (event: CacheEvents[K]) => void): () => void
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
      { $allModels: CachedReads<C> },
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
 * Prisma's reads with the `cache` argument. They exist in the types only: real methods would hide
 * the query from extensions applied later, and lose the fluent API.
 *
 * `A` is unbounded: with a bound, TypeScript infers the bound instead of the argument.
 */
interface CachedReads<C> {
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
}

type ReadArgs<T, A, F extends Operation> = Prisma.Exact<A, Prisma.Args<T, F> & CacheArgument>

/** `Exact` lets what is required be missing. */
type Unique = { where: unknown }

type ReadResult<C, T, A, F extends Operation> = Prisma.PrismaPromise<
  Types.Result.GetResult<PayloadOf<T>, A, F, GlobalOmit<C>>
>

type FluentResult<C, T, A, F extends Operation, Null> = ReadResult<C, T, A, F> &
  Fluent<GlobalOmit<C>, PayloadOf<T>, SelectionOf<Prisma.Args<T, F>>, Null>

/** `.posts()` after a read of one row, and what may follow it. */
type Fluent<G, P extends Payload, Selection, Null> = {
  [K in keyof P['objects']]: <A>(
    args?: Prisma.Exact<A, RelationArgs<Selection, K>>,
  ) => Prisma.PrismaPromise<RelationResult<G, P, K, A> | Null> &
    (NonNullable<P['objects'][K]> extends infer Next extends Payload
      ? Fluent<G, Next, SelectionOf<RelationArgs<Selection, K>>, Null | NullOf<P['objects'][K]>>
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
