import type { Types } from '@prisma/client/runtime/client'
import type { WriteCacheArgument } from './arguments.js'
import type { Kind, ReadArgument, ReadOf } from './kinds.js'
import type { ReadRelations, SelectionOf, WriteRelations } from './relations.js'

/**
 * The effect of the cache on the types of a client that is not known yet, where the extension is made before
 * it is passed to `$extends`. The types of the methods then depend on the object on which they are called: so
 * `ReturnType` of a method does not work. `Omitted` is what `omit` of the client says.
 */
export interface AnyClientArgs<K extends Kind, Omitted, Extra> {
  /** Prisma resolves what it merges deeply, except functions: as one, this keeps its short name in declarations. */
  (): never
  result: Record<never, never>
  model: { $allModels: AnyModelMethods<K, Omitted> }
  query: Record<never, never>
  client: { [P in keyof Extra]: () => Extra[P] }
}

export type AnyModelMethods<K extends Kind, Omitted> = {
  [F in keyof AnyModel<K, Omitted>]: () => AnyModel<K, Omitted>[F]
}

/** `A` is unbounded: with a bound that depends on `this`, TypeScript infers the bound instead of the argument. */
interface AnyModel<K extends Kind, Omitted> {
  findUnique<T, A>(
    this: T,
    args: ReadArgs<K, T, A, 'findUnique'>,
  ): FluentReadOf<K, Omitted, T, A, 'findUnique', null>
  findUniqueOrThrow<T, A>(
    this: T,
    args: ReadArgs<K, T, A, 'findUniqueOrThrow'>,
  ): FluentReadOf<K, Omitted, T, A, 'findUniqueOrThrow', never>
  findFirst<T, A>(
    this: T,
    args?: ReadArgs<K, T, A, 'findFirst'>,
  ): FluentReadOf<K, Omitted, T, A, 'findFirst', null>
  findFirstOrThrow<T, A>(
    this: T,
    args?: ReadArgs<K, T, A, 'findFirstOrThrow'>,
  ): FluentReadOf<K, Omitted, T, A, 'findFirstOrThrow', never>
  findMany<T, A>(
    this: T,
    args?: ReadArgs<K, T, A, 'findMany'>,
  ): ReadOf<AnswerOf<Omitted, T, A, 'findMany'>>[K]
  count<T, A>(
    this: T,
    args?: ReadArgs<K, T, A, 'count'>,
  ): ReadOf<AnswerOf<Omitted, T, A, 'count'>>[K]
  aggregate<T, A>(
    this: T,
    args: ReadArgs<K, T, A, 'aggregate'>,
  ): ReadOf<AnswerOf<Omitted, T, A, 'aggregate'>>[K]
  groupBy<T, A>(
    this: T,
    args: ReadArgs<K, T, A, 'groupBy'>,
  ): ReadOf<AnswerOf<Omitted, T, A, 'groupBy'>>[K]

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
type ReadArgs<K extends Kind, T, A, F extends Operation> = Types.Public.Exact<
  A,
  Types.Public.Args<T, F> & ReadArgument[K]
> &
  (Types.Public.Args<T, F> & ReadArgument[K])

/** `never` where the model lacks the operation: views cannot be written, and not every database has every operation. */
type WriteArgs<T, A, F extends Operation> = T extends {
  [S: symbol]: { types: { operations: { [O in F]: unknown } } }
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

type FluentReadOf<K extends Kind, Omitted, T, A, F extends Operation, Null> = ReadOf<
  AnswerOf<Omitted, T, A, F> | Null
>[K] &
  ReadRelations<K, Omitted, PayloadOf<T>, SelectionOf<Types.Public.Args<T, F>>, Null>

type FluentWriteOf<Omitted, T, A, F extends Operation> = PromiseOf<AnswerOf<Omitted, T, A, F>> &
  WriteRelations<Omitted, PayloadOf<T>, SelectionOf<Types.Public.Args<T, F>>, never>

type PayloadOf<T> = T extends {
  [S: symbol]: { types: { payload: infer P extends Types.Payload } }
}
  ? P
  : never

type Operation = Types.Public.Operation
