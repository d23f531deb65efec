import type { Prisma } from '@prisma/client/extension'
import type { Types } from '@prisma/client/runtime/client'
import type { CacheControl } from './control/cache-control.js'
import type { QueryOptions, WriteOptions } from './options/query-options.js'
import type { WithCacheInfo } from './telemetry/cache-info.js'

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

/**
 * The effect of `prisma.$extends(cacheAside())` on the client's types. `C` is nothing, `Prisma.TypeMap` or
 * the type of the client that is extended.
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

/** The type map, which is either `C` itself or in the type of `$extends` of the client `C`. */
type TypeMapOf<C> = C extends { meta: unknown; model: unknown }
  ? C
  : C extends { $extends: Types.Extensions.ExtendsHook<infer _V, infer _Cb, infer _Ext, infer Map> }
    ? Map
    : unknown

type GlobalOmit<C> = TypeMapOf<C> extends { globalOmitOptions: infer Omit } ? Omit : unknown

/**
 * Prisma's operations with the `cache` argument, and with `withCacheInfo()` after reads. They exist in the
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
 * The types of the methods are exported, so that the declarations of an application which exports its
 * client can name them. Otherwise TypeScript would write them out, relation by relation, without end.
 */

export type ReadArgs<T, A, F extends Operation> = Prisma.Exact<A, Prisma.Args<T, F> & CacheArgument>

/** `never` where the model lacks the operation: views cannot be written, and not every database has every operation. */
export type WriteArgs<T, A, F extends Operation> = T extends {
  [K: symbol]: { types: { operations: { [O in F]: unknown } } }
}
  ? Prisma.Exact<A, Prisma.Args<T, F> & WriteCacheArgument>
  : never

/** `Exact` accepts arguments that lack required fields. */
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
   * Returns the answer, and whether it came from the cache. It does not affect caching. It returns an
   * ordinary promise, which `$transaction([...])` does not accept.
   *
   * @example
   * ```ts
   * const { data, info } = await prisma.user.findMany().withCacheInfo()
   * if (info.status === 'hit') console.log(`${info.ageMs} ms old`)
   * ```
   */
  withCacheInfo(): Promise<WithCacheInfo<R>>
}

/** The fluent API: `.posts()` after a read of one row, and the relations that may follow. */
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

/** The arguments that a relation takes inside a selection, without `true`. */
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
