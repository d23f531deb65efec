import type { Types } from '@prisma/client/runtime/client'
import type { WriteCacheArgument } from './arguments.js'
import type { Kind, ReadArgument, ReadOf } from './kinds.js'
import type { ReadRelations, SelectionOf, WriteRelations } from './relations.js'

/**
 * Prisma's operations of one model, with the `cache` argument, and with `withCacheInfo()` after reads. They
 * exist in the types only: real methods would hide the query from extensions applied later, and lose the
 * fluent API. `Map` is Prisma's map of the client's types.
 */
export interface ModelOperations<K extends Kind, Map extends TypeMap, M extends PropertyKey> {
  findUnique<A extends ReadArgs<K, Map, M, 'findUnique'>>(
    args: Exact<A, ReadArgs<K, Map, M, 'findUnique'>>,
  ): FluentRead<K, Map, M, A, 'findUnique', null>
  findUniqueOrThrow<A extends ReadArgs<K, Map, M, 'findUniqueOrThrow'>>(
    args: Exact<A, ReadArgs<K, Map, M, 'findUniqueOrThrow'>>,
  ): FluentRead<K, Map, M, A, 'findUniqueOrThrow', never>
  findFirst<A extends ReadArgs<K, Map, M, 'findFirst'>>(
    args?: Exact<A, ReadArgs<K, Map, M, 'findFirst'>>,
  ): FluentRead<K, Map, M, A, 'findFirst', null>
  findFirstOrThrow<A extends ReadArgs<K, Map, M, 'findFirstOrThrow'>>(
    args?: Exact<A, ReadArgs<K, Map, M, 'findFirstOrThrow'>>,
  ): FluentRead<K, Map, M, A, 'findFirstOrThrow', never>
  findMany<A extends ReadArgs<K, Map, M, 'findMany'>>(
    args?: Exact<A, ReadArgs<K, Map, M, 'findMany'>>,
  ): ReadOf<AnswerOf<Map, M, A, 'findMany'>>[K]
  count<A extends ReadArgs<K, Map, M, 'count'>>(
    args?: Exact<A, ReadArgs<K, Map, M, 'count'>>,
  ): ReadOf<AnswerOf<Map, M, A, 'count'>>[K]
  aggregate<A extends ReadArgs<K, Map, M, 'aggregate'>>(
    args: Exact<A, ReadArgs<K, Map, M, 'aggregate'>>,
  ): ReadOf<AnswerOf<Map, M, A, 'aggregate'>>[K]
  groupBy<A extends ReadArgs<K, Map, M, 'groupBy'>>(
    args: Exact<A, ReadArgs<K, Map, M, 'groupBy'>>,
  ): ReadOf<AnswerOf<Map, M, A, 'groupBy'>>[K]

  create<A extends WriteArgs<Map, M, 'create'>>(
    args: Exact<A, WriteArgs<Map, M, 'create'>>,
  ): FluentWrite<Map, M, A, 'create'>
  createMany<A extends WriteArgs<Map, M, 'createMany'>>(
    args: Exact<A, WriteArgs<Map, M, 'createMany'>>,
  ): Write<Map, M, A, 'createMany'>
  createManyAndReturn<A extends WriteArgs<Map, M, 'createManyAndReturn'>>(
    args: Exact<A, WriteArgs<Map, M, 'createManyAndReturn'>>,
  ): Write<Map, M, A, 'createManyAndReturn'>
  update<A extends WriteArgs<Map, M, 'update'>>(
    args: Exact<A, WriteArgs<Map, M, 'update'>>,
  ): FluentWrite<Map, M, A, 'update'>
  updateMany<A extends WriteArgs<Map, M, 'updateMany'>>(
    args: Exact<A, WriteArgs<Map, M, 'updateMany'>>,
  ): Write<Map, M, A, 'updateMany'>
  updateManyAndReturn<A extends WriteArgs<Map, M, 'updateManyAndReturn'>>(
    args: Exact<A, WriteArgs<Map, M, 'updateManyAndReturn'>>,
  ): Write<Map, M, A, 'updateManyAndReturn'>
  upsert<A extends WriteArgs<Map, M, 'upsert'>>(
    args: Exact<A, WriteArgs<Map, M, 'upsert'>>,
  ): FluentWrite<Map, M, A, 'upsert'>
  delete<A extends WriteArgs<Map, M, 'delete'>>(
    args: Exact<A, WriteArgs<Map, M, 'delete'>>,
  ): FluentWrite<Map, M, A, 'delete'>
  deleteMany<A extends WriteArgs<Map, M, 'deleteMany'>>(
    args?: Exact<A, WriteArgs<Map, M, 'deleteMany'>>,
  ): Write<Map, M, A, 'deleteMany'>
}

type TypeMap = Types.Extensions.TypeMapDef

type Exact<A, W> = Types.Public.Exact<A, W>

type ArgsOf<
  Map extends TypeMap,
  M extends PropertyKey,
  F extends PropertyKey,
> = Map['model'][M]['operations'][F]['args']

type ReadArgs<
  K extends Kind,
  Map extends TypeMap,
  M extends PropertyKey,
  F extends PropertyKey,
> = ArgsOf<Map, M, F> & ReadArgument[K]

type WriteArgs<Map extends TypeMap, M extends PropertyKey, F extends PropertyKey> = ArgsOf<
  Map,
  M,
  F
> &
  WriteCacheArgument

type AnswerOf<
  Map extends TypeMap,
  M extends PropertyKey,
  A,
  F extends Types.Public.Operation,
> = Types.Result.GetResult<Map['model'][M]['payload'], A, F, Map['globalOmitOptions']>

type FluentRead<
  K extends Kind,
  Map extends TypeMap,
  M extends PropertyKey,
  A,
  F extends Types.Public.Operation,
  Null,
> = ReadOf<AnswerOf<Map, M, A, F> | Null>[K] &
  ReadRelations<
    K,
    Map['globalOmitOptions'],
    Map['model'][M]['payload'],
    SelectionOf<ArgsOf<Map, M, F>>,
    Null
  >

type Write<
  Map extends TypeMap,
  M extends PropertyKey,
  A,
  F extends Types.Public.Operation,
> = Types.Public.PrismaPromise<AnswerOf<Map, M, A, F>>

type FluentWrite<
  Map extends TypeMap,
  M extends PropertyKey,
  A,
  F extends Types.Public.Operation,
> = Write<Map, M, A, F> &
  WriteRelations<
    Map['globalOmitOptions'],
    Map['model'][M]['payload'],
    SelectionOf<ArgsOf<Map, M, F>>,
    never
  >
