import type { Types } from '@prisma/client/runtime/client'
import type { WithCacheInfo } from '../telemetry/cache-info.js'

/*
 * The types of this folder are exported from the package, so that the declarations of an application which
 * exports queries can name them. Otherwise TypeScript would write them out, relation by relation.
 */

/** The promise of a read. */
export interface CachedRead<T> extends Types.Public.PrismaPromise<T> {
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
  withCacheInfo(): Promise<WithCacheInfo<T>>
}

/** The fluent API after a read of one row: `.posts()`, and the relations that may follow. */
export type ReadRelations<Omit, P extends Types.Payload, Selection, Null> = {
  [K in keyof P['objects']]: <A>(
    args?: Types.Public.Exact<A, RelationArgs<Selection, K>>,
  ) => CachedRead<RelationResult<Omit, P, K, A> | Null> &
    (NonNullable<P['objects'][K]> extends infer Next extends Types.Payload
      ? ReadRelations<
          Omit,
          Next,
          SelectionOf<RelationArgs<Selection, K>>,
          Null | NullOf<P['objects'][K]>
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
