import type { Types } from '@prisma/client/runtime/client'
import type { Kind, ReadOf } from './kinds.js'

/** The fluent API after a read of one row: `.posts()`, and the relations that may follow. */
export type ReadRelations<K extends Kind, Omit, P extends Types.Payload, Selection, Null> = {
  [R in keyof P['objects']]: <A>(
    args?: Types.Public.Exact<A, RelationArgs<Selection, R>>,
  ) => ReadOf<RelationResult<Omit, P, R, A> | Null>[K] &
    (NonNullable<P['objects'][R]> extends infer Next extends Types.Payload
      ? ReadRelations<
          K,
          Omit,
          Next,
          SelectionOf<RelationArgs<Selection, R>>,
          Null | NullOf<P['objects'][R]>
        >
      : unknown)
}

/** The fluent API after a write of one row. */
export type WriteRelations<Omit, P extends Types.Payload, Selection, Null> = {
  [K in keyof P['objects']]: <A>(
    args?: Types.Public.Exact<A, RelationArgs<Selection, K>>,
  ) => Types.Public.PrismaPromise<RelationResult<Omit, P, K, A> | Null> &
    (NonNullable<P['objects'][K]> extends infer Next extends Types.Payload
      ? WriteRelations<
          Omit,
          Next,
          SelectionOf<RelationArgs<Selection, K>>,
          Null | NullOf<P['objects'][K]>
        >
      : unknown)
}

/** The type of `select`, without `null` and `undefined`, in the arguments of an operation or of a relation. */
export type SelectionOf<A> = A extends { select?: infer S } ? NonNullable<S> : never

type RelationResult<Omit, P extends Types.Payload, K extends keyof P['objects'], A> =
  Types.Result.GetResult<P, { select: { [Q in K]: A } }, 'findUniqueOrThrow', Omit> extends {
    [Q in K]: infer Value
  }
    ? Value
    : never

/** The arguments that a relation takes inside a selection, without `true`. */
type RelationArgs<Selection, K> = K extends keyof Selection
  ? Exclude<Selection[K], boolean | null | undefined>
  : never

type NullOf<T> = null extends T ? null : never
