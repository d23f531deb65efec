import { isRead } from '../plan/query.js'
import type { CacheInfo, WithCacheInfo } from '../telemetry/cache-info.js'
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

/**
 * The client, with `withCacheInfo()` on the promises that its reads return. A query extension cannot add
 * it, and methods on the models would hide the query from extensions applied later. So the promises are
 * wrapped, and `withCacheInfo()` makes the call once more, with a listener.
 *
 * @param delegates the names of the models on the client: `user`.
 */
export function withCacheInfo<C extends object>(
  client: C,
  delegates: ReadonlySet<string>,
  traitsOf: TraitsOf,
): C {
  const wrapped = new WeakMap<object, object>()
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof name === 'symbol' || !delegates.has(name) || !isObject(value)) return value
      const delegate = wrapped.get(value) ?? wrapDelegate(value, traitsOf)
      wrapped.set(value, delegate)
      return delegate
    },
  })
}

function wrapDelegate(delegate: object, traitsOf: TraitsOf): object {
  return new Proxy(delegate, {
    get(target, name, self) {
      const value: unknown = Reflect.get(target, name)
      if (typeof name === 'symbol' || !isRead(name) || typeof value !== 'function') return value
      return (args?: object) =>
        wrapRead((listener) => {
          const traits = traitsOf()
          if (listener === undefined && traits === undefined) return value.call(self, args)
          return value.call(self, {
            ...args,
            ...(listener && { [LISTENER]: listener }),
            ...(traits && { [TRAITS]: () => traits }),
          })
        })
    },
  })
}

/** Wraps the promise of a read, or of a relation that the fluent API reads after it. */
function wrapRead(call: (listener?: Listener) => unknown): unknown {
  const promise = call()
  if (!isObject(promise)) return promise
  return new Proxy(promise, {
    get(target, name) {
      if (name === 'withCacheInfo') return () => informed(call)
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (typeof name === 'symbol' || promiseMethods.has(name)) return value.bind(target)
      return (args?: object) => wrapRead((listener) => methodOf(call(listener), name)(args))
    },
  })
}

async function informed(call: (listener: Listener) => unknown): Promise<WithCacheInfo<unknown>> {
  let info: CacheInfo = { status: 'bypass', reason: 'unseen' }
  const data = await call((reported) => {
    info = reported
  })
  return { data, info }
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
