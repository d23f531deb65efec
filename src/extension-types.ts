import type { Types } from '@prisma/client/runtime/client'
import type { AnyClientArgs } from './client-types/any-client.js'
import type { CacheArgs, CachedExtends } from './client-types/cached-client.js'
import type { Kind } from './client-types/kinds.js'
import type { CacheControl } from './control/cache-control.js'

/**
 * The effect of `prisma.$extends(cacheAside())` on the client's types. `C` is nothing, `Prisma.TypeMap` or
 * the type of the client that is extended. If it is nothing, TypeScript infers `Hook`, the type of `$extends`
 * of that client, from the call.
 */
export type CacheAsideExtension<C = unknown, Hook = unknown> = CachingExtension<
  'cache',
  C,
  Hook,
  { $cache: CacheControl<ModelNames<C>> }
>

/** The same for any words in which reads ask for the cache, where it adds `Extra` to the client. */
export type CachingExtension<K extends Kind, C, Hook, Extra> = (
  // biome-ignore lint/suspicious/noExplicitAny: the client that Prisma passes has another type than `C`.
  client: unknown extends C ? { $extends: Hook } : any,
) => { $extends: { extArgs: ArgsOf<K, ClientOf<C, Hook>, Extra> } }

/** The client that is extended, as far as it is known. */
export type ClientOf<C, Hook> = unknown extends C ? { $extends: Hook } : C

type ArgsOf<K extends Kind, Client, Extra> =
  HookOf<Client> extends HookTypes<infer Cb, infer Args>
    ? CacheArgs<K, Cb, Args, Extra>
    : AnyClientArgs<K, GlobalOmit<Client>, Extra>

export type ModelNames<C> =
  TypeMapOf<C> extends { model: infer Models } ? keyof Models & string : string

/** Names what `$extends` of the client knows: Prisma's types for all extensions, and the extensions so far. */
type HookOf<C> = C extends {
  $extends: Types.Extensions.ExtendsHook<
    infer _V,
    infer Cb extends TypeMapCb,
    infer Args extends ExtensionArgs,
    infer _Map
  >
}
  ? HookTypes<Cb, Args>
  : C extends {
        $extends: CachedExtends<
          infer _K,
          infer Cb extends TypeMapCb,
          infer Args extends ExtensionArgs,
          infer _Extra
        >
      }
    ? HookTypes<Cb, Args>
    : unknown

interface HookTypes<Cb extends TypeMapCb, Args extends ExtensionArgs> {
  cb: Cb
  args: Args
}

/** The type map, which is either `C` itself or in the type of `$extends` of the client `C`. */
type TypeMapOf<C> = C extends { meta: unknown; model: unknown }
  ? C
  : HookOf<C> extends HookTypes<infer Cb extends TypeMapCb, infer Args extends ExtensionArgs>
    ? Types.Utils.Call<Cb, { extArgs: Args }>
    : unknown

type GlobalOmit<C> = TypeMapOf<C> extends { globalOmitOptions: infer Omit } ? Omit : unknown

type TypeMapCb = Types.Extensions.TypeMapCbDef

type ExtensionArgs = Types.Extensions.InternalArgs
