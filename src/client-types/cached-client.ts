import type { Types } from '@prisma/client/runtime/client'
import type { ModelOperations } from './operations.js'

/**
 * The effect of the cache on the types of a client. `Cb` gives Prisma's map of types for the extensions in
 * `Args`, and `Extra` is what the cache adds to the client itself.
 *
 * The models are listed as if the extension had added them to the client. So their methods have types that
 * depend on the model alone, as Prisma's have, and not on the object on which they are called. Were they
 * listed as methods of models, TypeScript would resolve all methods of all models to check them.
 */
export interface CacheArgs<Cb extends TypeMapCb, Args extends ExtensionArgs, Extra> {
  /** Prisma resolves what it merges deeply, except functions: as one, this keeps its short name in declarations. */
  (): never
  result: Record<never, never>
  model: Record<never, never>
  query: Record<never, never>
  client: CacheClientArgs<Cb, Args, Extra> & {
    [P in ModelProps<Cb, Args>]: () => Types.Extensions.DynamicModelExtensionThis<
      TypeMapOf<Cb, Args>,
      Types.Extensions.ModelKey<TypeMapOf<Cb, Args>, P>,
      WithCacheArgs<Cb, Args, Extra>
    >
  }
}

/** A client of Prisma with the extensions in `Args`, and with the cache. */
export type CachedClient<
  Cb extends TypeMapCb,
  Args extends ExtensionArgs,
  Extra,
> = Types.Extensions.DynamicClientExtensionThis<
  TypeMapOf<Cb, Args>,
  Cb,
  WithCacheArgs<Cb, Args, Extra>
>

/** The extensions in `Args`, and the cache. */
export interface WithCacheArgs<Cb extends TypeMapCb, Args extends ExtensionArgs, Extra> {
  result: Args['result']
  model: Args['model'] & CachedModels<Cb, Args>
  query: Args['query']
  client: Omit<Args['client'], keyof CacheClientArgs<Cb, Args, Extra>> &
    CacheClientArgs<Cb, Args, Extra>
}

type CacheClientArgs<Cb extends TypeMapCb, Args extends ExtensionArgs, Extra> = {
  [K in keyof Extra]: () => Extra[K]
} & { $extends: () => CachedExtends<Cb, Args, Extra> }

type ModelProps<Cb extends TypeMapCb, Args extends ExtensionArgs> = TypeMapOf<
  Cb,
  Args
>['meta']['modelProps']

export type TypeMapOf<Cb extends TypeMapCb, Args extends ExtensionArgs> = Types.Utils.Call<
  Cb,
  { extArgs: Args }
>

export type CachedModels<Cb extends TypeMapCb, Args extends ExtensionArgs> = {
  [P in ModelProps<Cb, Args>]: CachedMethods<
    TypeMapOf<Cb, Args>,
    Types.Extensions.ModelKey<TypeMapOf<Cb, Args>, P>,
    Args['model'][P]
  >
}

/** The operations of a model, except where another extension has a method of the same name. */
type CachedMethods<Map extends Types.Extensions.TypeMapDef, M extends PropertyKey, Others> = {
  [F in Exclude<
    keyof ModelOperations<Map, M> & keyof Map['model'][M]['operations'],
    keyof Others
  >]: () => ModelOperations<Map, M>[F]
}

/** `$extends` of Prisma, with the same arguments, for a client with the cache. */
export interface CachedExtends<
  Cb extends TypeMapCb,
  Args extends ExtensionArgs,
  Extra,
  Map extends Types.Extensions.TypeMapDef = TypeMapOf<Cb, Args>,
> {
  extArgs: WithCacheArgs<Cb, Args, Extra>
  <
    R_ extends { [K in Map['meta']['modelProps'] | '$allModels']?: unknown },
    R,
    M_ extends { [K in Map['meta']['modelProps'] | '$allModels']?: unknown },
    M,
    Q_ extends {
      [K in
        | Map['meta']['modelProps']
        | '$allModels'
        | keyof Map['other']['operations']
        | '$allOperations']?: unknown
    },
    C_ extends { [K in string]?: unknown },
    C,
    Later extends ExtensionArgs = Types.Extensions.InternalArgs<R, M, Record<never, never>, C>,
    Merged extends ExtensionArgs = Types.Extensions.MergeExtArgs<Map, Args, Later>,
  >(
    extension:
      | ((client: CachedClient<Cb, Args, Extra>) => { $extends: { extArgs: Later } })
      | {
          name?: string
          query?: Types.Extensions.DynamicQueryExtensionArgs<Q_, Map>
          result?: Types.Extensions.DynamicResultExtensionArgs<R_, Map> & R
          model?: Types.Extensions.DynamicModelExtensionArgs<
            M_,
            Map,
            Cb,
            WithCacheArgs<Cb, Args, Extra>
          > &
            M
          client?: Types.Extensions.DynamicClientExtensionArgs<
            C_,
            Map,
            Cb,
            WithCacheArgs<Cb, Args, Extra>
          > &
            C
        },
  ): CachedClient<Cb, Merged, Extra>
}

type TypeMapCb = Types.Extensions.TypeMapCbDef

type ExtensionArgs = Types.Extensions.InternalArgs
