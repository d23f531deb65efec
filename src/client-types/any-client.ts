import type { Types } from '@prisma/client/runtime/client'
import type { CacheArgument, WriteCacheArgument } from './arguments.js'
import type { CachedRead, ReadRelations, SelectionOf, WriteRelations } from './promises.js'

/**
 * The effect of the cache on the types of a client that is not known yet, where the extension is made before
 * it is passed to `$extends`. The types of the methods then depend on the object on which they are called: so
 * `ReturnType` of a method does not work. `Omitted` is what `omit` of the client says.
 */
export interface AnyClientArgs<Omitted, Extra> {
  /** Prisma resolves what it merges deeply, except functions: as one, this keeps its short name in declarations. */
  (): never
  result: Record<never, never>
  model: { $allModels: AnyModelMethods<Omitted> }
  query: Record<never, never>
  client: { [K in keyof Extra]: () => Extra[K] }
}

export type AnyModelMethods<Omitted> = {
  [F in keyof AnyModel<Omitted>]: () => AnyModel<Omitted>[F]
}

/** `A` is unbounded: with a bound that depends on `this`, TypeScript infers the bound instead of the argument. */
interface AnyModel<Omitted> {
  findUnique<T, A>(
    this: T,
    args: ReadArgs<T, A, 'findUnique'>,
  ): FluentReadOf<Omitted, T, A, 'findUnique', null>
  findUniqueOrThrow<T, A>(
    this: T,
    args: ReadArgs<T, A, 'findUniqueOrThrow'>,
  ): FluentReadOf<Omitted, T, A, 'findUniqueOrThrow', never>
  findFirst<T, A>(
    this: T,
    args?: ReadArgs<T, A, 'findFirst'>,
  ): FluentReadOf<Omitted, T, A, 'findFirst', null>
  findFirstOrThrow<T, A>(
    this: T,
    args?: ReadArgs<T, A, 'findFirstOrThrow'>,
  ): FluentReadOf<Omitted, T, A, 'findFirstOrThrow', never>
  findMany<T, A>(
    this: T,
    args?: ReadArgs<T, A, 'findMany'>,
  ): CachedRead<AnswerOf<Omitted, T, A, 'findMany'>>
  count<T, A>(this: T, args?: ReadArgs<T, A, 'count'>): CachedRead<AnswerOf<Omitted, T, A, 'count'>>
  aggregate<T, A>(
    this: T,
    args: ReadArgs<T, A, 'aggregate'>,
  ): CachedRead<AnswerOf<Omitted, T, A, 'aggregate'>>
  groupBy<T, A>(
    this: T,
    args: ReadArgs<T, A, 'groupBy'>,
  ): CachedRead<AnswerOf<Omitted, T, A, 'groupBy'>>

  create<T, A>(this: T, args: WriteArgs<T, A, 'create'>): FluentWriteOf<Omitted, T, A, 'create'>
  createMany<T, A>(
    this: T,
    args: WriteArgs<T, A, 'createMany'>,
  ): PromiseOf<AnswerOf<Omitted, T, A, 'createMany'>>
  createManyAndReturn<T, A>(
    this: T,
    args: WriteArgs<T, A, 'createManyAndReturn'>,
  ): PromiseOf<AnswerOf<Omitted, T, A, 'createManyAndReturn'>>
  update<T, A>(this: T, args: WriteArgs<T, A, 'update'>): FluentWriteOf<Omitted, T, A, 'update'>
  updateMany<T, A>(
    this: T,
    args: WriteArgs<T, A, 'updateMany'>,
  ): PromiseOf<AnswerOf<Omitted, T, A, 'updateMany'>>
  updateManyAndReturn<T, A>(
    this: T,
    args: WriteArgs<T, A, 'updateManyAndReturn'>,
  ): PromiseOf<AnswerOf<Omitted, T, A, 'updateManyAndReturn'>>
  upsert<T, A>(this: T, args: WriteArgs<T, A, 'upsert'>): FluentWriteOf<Omitted, T, A, 'upsert'>
  delete<T, A>(this: T, args: WriteArgs<T, A, 'delete'>): FluentWriteOf<Omitted, T, A, 'delete'>
  deleteMany<T, A>(
    this: T,
    args?: WriteArgs<T, A, 'deleteMany'>,
  ): PromiseOf<AnswerOf<Omitted, T, A, 'deleteMany'>>
}

/** `Exact` refuses unknown arguments, and the arguments themselves ask for the required ones. */
export type ReadArgs<T, A, F extends Operation> = Types.Public.Exact<
  A,
  Types.Public.Args<T, F> & CacheArgument
> &
  (Types.Public.Args<T, F> & CacheArgument)

/** `never` where the model lacks the operation: views cannot be written, and not every database has every operation. */
export type WriteArgs<T, A, F extends Operation> = T extends {
  [K: symbol]: { types: { operations: { [O in F]: unknown } } }
}
  ? Types.Public.Exact<A, Types.Public.Args<T, F> & WriteCacheArgument> &
      (Types.Public.Args<T, F> & WriteCacheArgument)
  : never

type PromiseOf<R> = Types.Public.PrismaPromise<R>

type AnswerOf<Omitted, T, A, F extends Operation> = Types.Result.GetResult<
  PayloadOf<T>,
  A,
  F,
  Omitted
>

type FluentReadOf<Omitted, T, A, F extends Operation, Null> = CachedRead<
  AnswerOf<Omitted, T, A, F>
> &
  ReadRelations<Omitted, PayloadOf<T>, SelectionOf<Types.Public.Args<T, F>>, Null>

type FluentWriteOf<Omitted, T, A, F extends Operation> = PromiseOf<AnswerOf<Omitted, T, A, F>> &
  WriteRelations<Omitted, PayloadOf<T>, SelectionOf<Types.Public.Args<T, F>>, never>

type PayloadOf<T> = T extends {
  [K: symbol]: { types: { payload: infer P extends Types.Payload } }
}
  ? P
  : never

type Operation = Types.Public.Operation
