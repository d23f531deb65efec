import type { Types } from '@prisma/client/runtime/client'
import type { Kind } from './kinds.js'
import type { ModelOperations } from './operations.js'

/**
 * The effect of the cache on the types of a client. `Cb` gives Prisma's map of types for the extensions in
 * `Args`, `Extra` is what the cache adds to the client itself, and `K` says which words it uses.
 *
 * The models are listed as if the extension had added them to the client. So their methods have types that
 * depend on the model alone, as Prisma's have, and not on the object on which they are called. Were they
 * listed as methods of models, TypeScript would resolve all methods of all models to check them.
 */
export interface CacheArgs<
  K extends Kind,
  Cb extends TypeMapCb,
  Args extends ExtensionArgs,
  Extra,
> {
  /** Prisma resolves what it merges deeply, except functions: as one, this keeps its short name in declarations. */
  (): never
  result: Record<never, never>
  model: Record<never, never>
  query: Record<never, never>
  client: CacheClientArgs<K, Cb, Args, Extra> & {
    [P in ModelProps<Cb, Args>]: () => Types.Extensions.DynamicModelExtensionThis<
      TypeMapOf<Cb, Args>,
      Types.Extensions.ModelKey<TypeMapOf<Cb, Args>, P>,
      WithCacheArgs<K, Cb, Args, Extra>
    >
  }
}

/** A client of Prisma with the extensions in `Args`, and with the cache. */
export type CachedClient<
  K extends Kind,
  Cb extends TypeMapCb,
  Args extends ExtensionArgs,
  Extra,
> = Types.Extensions.DynamicClientExtensionThis<
  TypeMapOf<Cb, Args>,
  Cb,
  WithCacheArgs<K, Cb, Args, Extra>
>

/** The extensions in `Args`, and the cache. */
export interface WithCacheArgs<
  K extends Kind,
  Cb extends TypeMapCb,
  Args extends ExtensionArgs,
  Extra,
> {
  result: Args['result']
  model: Args['model'] & CachedModels<K, Cb, Args>
  query: Args['query']
  client: Omit<Args['client'], keyof CacheClientArgs<K, Cb, Args, Extra>> &
    CacheClientArgs<K, Cb, Args, Extra>
}

type CacheClientArgs<K extends Kind, Cb extends TypeMapCb, Args extends ExtensionArgs, Extra> = {
  [P in keyof Extra]: () => Extra[P]
} & { $extends: () => CachedExtends<K, Cb, Args, Extra> }

type ModelProps<Cb extends TypeMapCb, Args extends ExtensionArgs> = TypeMapOf<
  Cb,
  Args
>['meta']['modelProps']

export type TypeMapOf<Cb extends TypeMapCb, Args extends ExtensionArgs> = Types.Utils.Call<
  Cb,
  { extArgs: Args }
>

export type CachedModels<K extends Kind, Cb extends TypeMapCb, Args extends ExtensionArgs> = {
  [P in ModelProps<Cb, Args>]: CachedMethods<
    K,
    TypeMapOf<Cb, Args>,
    Types.Extensions.ModelKey<TypeMapOf<Cb, Args>, P>,
    Args['model'][P]
  >
}

/** The operations of a model, except where another extension has a method of the same name. */
type CachedMethods<
  K extends Kind,
  Map extends Types.Extensions.TypeMapDef,
  M extends PropertyKey,
  Others,
> = {
  [F in Exclude<
    keyof ModelOperations<K, Map, M> & keyof Map['model'][M]['operations'],
    keyof Others
  >]: () => ModelOperations<K, Map, M>[F]
}

/** `$extends` of Prisma, with the same arguments, for a client with the cache. */
export interface CachedExtends<
  K extends Kind,
  Cb extends TypeMapCb,
  Args extends ExtensionArgs,
  Extra,
  Map extends Types.Extensions.TypeMapDef = TypeMapOf<Cb, Args>,
> {
  extArgs: WithCacheArgs<K, Cb, Args, Extra>
  <
    R_ extends { [P in Map['meta']['modelProps'] | '$allModels']?: unknown },
    R,
    M_ extends { [P in Map['meta']['modelProps'] | '$allModels']?: unknown },
    M,
    Q_ extends {
      [P in
        | Map['meta']['modelProps']
        | '$allModels'
        | keyof Map['other']['operations']
        | '$allOperations']?: unknown
    },
    C_ extends { [P in string]?: unknown },
    C,
    Later extends ExtensionArgs = Types.Extensions.InternalArgs<R, M, Record<never, never>, C>,
    Merged extends ExtensionArgs = Types.Extensions.MergeExtArgs<Map, Args, Later>,
  >(
    extension:
      | ((client: CachedClient<K, Cb, Args, Extra>) => { $extends: { extArgs: Later } })
      | {
          name?: string
          query?: Types.Extensions.DynamicQueryExtensionArgs<Q_, Map>
          result?: Types.Extensions.DynamicResultExtensionArgs<R_, Map> & R
          model?: Types.Extensions.DynamicModelExtensionArgs<
            M_,
            Map,
            Cb,
            WithCacheArgs<K, Cb, Args, Extra>
          > &
            M
          client?: Types.Extensions.DynamicClientExtensionArgs<
            C_,
            Map,
            Cb,
            WithCacheArgs<K, Cb, Args, Extra>
          > &
            C
        },
  ): CachedClient<K, Cb, Merged, Extra>
}

type TypeMapCb = Types.Extensions.TypeMapCbDef

type ExtensionArgs = Types.Extensions.InternalArgs
