import { isRead } from '../plan/query.js'
import type { BypassReason, HitSource, MissReason, StaleReason } from '../telemetry/events.js'

/** How one read was answered. Times are in milliseconds. */
export type CacheInfo =
  /** Without the database; `age` since it was asked, `ttl` for how much longer this may be served. */
  | (KnownEntry & {
      readonly status: 'hit'
      readonly source: HitSource
      readonly age: number
      readonly ttl: number
    })
  /** By an entry that is past its TTL, and that no write has invalidated. */
  | (KnownEntry & { readonly status: 'stale'; readonly reason: StaleReason; readonly age: number })
  /** By the database; `ttl` for how long its answer is stored, if it can be. */
  | (KnownEntry & { readonly status: 'miss'; readonly reason: MissReason; readonly ttl: number })
  /** By the database or, `unseen`, by another extension: the cache had no part in it. */
  | { readonly status: 'bypass'; readonly reason: BypassReason | 'unseen' }

export interface KnownEntry {
  /** As in events. */
  readonly key: string
  /** The names of what the answer may depend on; those that the application gave begin with `#`. */
  readonly tags: readonly string[]
}

/** An answer, and how it came about. */
export interface WithCacheInfo<T> {
  readonly data: T
  readonly info: CacheInfo
}

/** The argument of a read that takes who wants to know of it. Prisma's deep copies keep functions as they are. */
export const LISTENER = '__cacheInfo'

type Listener = (info: CacheInfo) => void

/**
 * The client, with `withCacheInfo()` on what its models' reads return. A query extension cannot add
 * it, and methods of the models' own would hide the query from extensions applied later: so what
 * Prisma returns is wrapped, and the call made once more, with someone listening, if it is asked for.
 *
 * @param delegates the names of the models on the client: `user`.
 */
export function withCacheInfo<C extends object>(client: C, delegates: ReadonlySet<string>): C {
  const wrapped = new WeakMap<object, object>()
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof name === 'symbol' || !delegates.has(name) || !isObject(value)) return value
      const delegate = wrapped.get(value) ?? wrapDelegate(value)
      wrapped.set(value, delegate)
      return delegate
    },
  })
}

function wrapDelegate(delegate: object): object {
  return new Proxy(delegate, {
    get(target, name, self) {
      const value: unknown = Reflect.get(target, name)
      if (typeof name === 'symbol' || !isRead(name) || typeof value !== 'function') return value
      return (args?: object) =>
        wrapRead((listener) =>
          value.call(self, listener ? { ...args, [LISTENER]: listener } : args),
        )
    },
  })
}

/** What a read returned, or what a relation of the fluent API after it did. */
function wrapRead(call: (listener?: Listener) => unknown): unknown {
  const promise = call()
  if (!isObject(promise)) return promise
  return new Proxy(promise, {
    get(target, name) {
      if (name === 'withCacheInfo') return () => informed(call)
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (typeof name === 'symbol' || ofPromises.has(name)) return value.bind(target)
      return (args?: object) => wrapRead((listener) => methodOf(call(listener), name)(args))
    },
  })
}

async function informed(call: (listener: Listener) => unknown): Promise<WithCacheInfo<unknown>> {
  let info: CacheInfo = { status: 'bypass', reason: 'unseen' }
  const data = await call((told) => {
    info = told
  })
  return { data, info }
}

const ofPromises: ReadonlySet<string> = new Set(['then', 'catch', 'finally', 'requestTransaction'])

function methodOf(promise: unknown, name: string): (args?: object) => unknown {
  return (promise as Record<string, (args?: object) => unknown>)[name]?.bind(promise) as (
    args?: object,
  ) => unknown
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
