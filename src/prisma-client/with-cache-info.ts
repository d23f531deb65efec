import { isRead } from '../plan/query.js'
import type { CacheInfo } from '../telemetry/cache-info.js'
import type { ClientTraits } from './client.js'

/** The argument that carries a read's listener. Prisma's deep copies of arguments keep functions as they are. */
export const LISTENER = '__cacheInfo'

/**
 * The argument that carries the effects of the client on answers: extensions that are applied later may add
 * computed fields, and a query extension does not know which client calls. It is a function for the same reason.
 */
export const TRAITS = '__cacheTraits'

type Listener = (info: CacheInfo) => void

/** Gives the traits of the client whose read it is; undefined while there is only one client. */
export type TraitsOf = () => ClientTraits | undefined

/** What methods such as `withCacheInfo()` return beside the answer, by the method's name. */
export type InfoViews = Readonly<Record<string, (info: CacheInfo) => unknown>>

export const OWN_VIEW: InfoViews = { withCacheInfo: (info) => info }

/**
 * The client, with `withCacheInfo()` on the promises that its reads return. A query extension cannot add
 * it, and methods on the models would hide the query from extensions applied later. So the promises are
 * wrapped, and `withCacheInfo()` makes the call once more, with a listener.
 *
 * @param delegates the names of the models on the client: `user`.
 * @param views the methods of the promises, by name, each with what it makes of the information.
 */
export function withCacheInfo<C extends object>(
  client: C,
  delegates: ReadonlySet<string>,
  traitsOf: TraitsOf,
  views: InfoViews = OWN_VIEW,
): C {
  const wrapped = new WeakMap<object, object>()
  return proxyOf(client, (target, name) => {
    const value: unknown = Reflect.get(target, name)
    if (!delegates.has(name) || !isObject(value)) return value
    const delegate = wrapped.get(value) ?? wrapDelegate(value, traitsOf, views)
    wrapped.set(value, delegate)
    return delegate
  })
}

function wrapDelegate(delegate: object, traitsOf: TraitsOf, views: InfoViews): object {
  // Prisma makes a new function each time. Spies and tests compare them, so the first one is kept.
  const methods = new Map<string, unknown>()
  const proxy: object = proxyOf(delegate, (target, name) => {
    if (methods.has(name)) return methods.get(name)
    const value: unknown = Reflect.get(target, name)
    if (typeof value !== 'function') return value
    const method = isRead(name)
      ? wrapMethod((args) => value.call(proxy, args), traitsOf, views)
      : value
    methods.set(name, method)
    return method
  })
  return proxy
}

function wrapMethod(call: (args?: object) => unknown, traitsOf: TraitsOf, views: InfoViews) {
  return (args?: object) =>
    wrapRead(views, (listener) => {
      const traits = traitsOf()
      if (listener === undefined && traits === undefined) return call(args)
      return call({
        ...args,
        ...(listener && { [LISTENER]: listener }),
        ...(traits && { [TRAITS]: () => traits }),
      })
    })
}

/**
 * A proxy whose properties `read` gives, except for symbols, and for properties that were set on it, such as
 * spies: what was set is what is read back.
 */
function proxyOf<T extends object>(object: T, read: (target: T, name: string) => unknown): T {
  const replaced = new Set<string | symbol>()
  return new Proxy(object, {
    get(target, name) {
      if (typeof name === 'symbol' || replaced.has(name)) return Reflect.get(target, name)
      return read(target, name)
    },
    set(target, name, value) {
      replaced.add(name)
      return Reflect.set(target, name, value)
    },
    defineProperty(target, name, descriptor) {
      replaced.add(name)
      return Reflect.defineProperty(target, name, descriptor)
    },
    deleteProperty(target, name) {
      replaced.delete(name)
      return Reflect.deleteProperty(target, name)
    },
  })
}

/** Wraps the promise of a read, or of a relation that the fluent API reads after it. */
function wrapRead(views: InfoViews, call: (listener?: Listener) => unknown): unknown {
  const promise = call()
  if (!isObject(promise)) return promise
  return new Proxy(promise, {
    get(target, name) {
      const view = typeof name === 'string' && Object.hasOwn(views, name) && views[name]
      if (view) return () => informed(call, view)
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (typeof name === 'symbol' || promiseMethods.has(name)) return value.bind(target)
      return (args?: object) => wrapRead(views, (listener) => methodOf(call(listener), name)(args))
    },
  })
}

async function informed(call: (listener: Listener) => unknown, view: (info: CacheInfo) => unknown) {
  let info: CacheInfo = { status: 'bypass', reason: 'unseen' }
  const data = await call((reported) => {
    info = reported
  })
  return { data, info: view(info) }
}

const promiseMethods: ReadonlySet<string> = new Set([
  'then',
  'catch',
  'finally',
  'requestTransaction',
])

function methodOf(promise: unknown, name: string): (args?: object) => unknown {
  return (promise as Record<string, (args?: object) => unknown>)[name]?.bind(promise) as (
    args?: object,
  ) => unknown
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
