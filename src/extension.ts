import { inspect, isDeepStrictEqual } from 'node:util'
import { CacheAside } from './cache-aside.js'
import { ConfigurationError } from './errors.js'
import type { CacheAsideExtension, ClientOf, ModelNames } from './extension-types.js'
import type { CacheAsideOptions } from './options/options.js'
import {
  type Client,
  type ClientTraits,
  catalogOf,
  checkVersion,
  computedFields,
  delegatesOf,
  type TransactionTimes,
  traitsOf,
} from './prisma-client/client.js'
import type { Operation } from './prisma-client/operation.js'
import { sentinelOf } from './prisma-client/sentinel.js'
import { type InfoViews, OWN_VIEW, withCacheInfo } from './prisma-client/with-cache-info.js'

/**
 * The extension: `prisma.$extends(cacheAside())` answers reads from the cache, and writes invalidate what
 * they change. Apply it last: the cache does not see what an extension applied later does.
 *
 * @typeParam C the type of the client that is extended, or `Prisma.TypeMap`. It is needed only where the
 *   extension is made before it is passed to `$extends`: otherwise TypeScript infers the client, and checks
 *   the names of models. `typeof prisma` gives the same types as that; `Prisma.TypeMap` knows no global `omit`.
 * @typeParam Hook inferred; do not give it.
 * @throws ConfigurationError, from `$extends`, if an option is wrong or the schema cannot be read.
 *
 * @example
 * ```ts
 * const prisma = new PrismaClient({ adapter }).$extends(
 *   cacheAside({ ttl: '5m', models: { User: { ttl: '30s' }, AuditLog: false } }),
 * )
 * ```
 */
export function cacheAside<C = unknown, Hook = unknown>(
  options: CacheAsideOptions<ModelNames<ClientOf<C, Hook>>> = {},
): CacheAsideExtension<C, Hook> {
  refuseClient('cacheAside', options)
  const extension = (client: Client) => extend(client, options)
  // At run time, the methods that take a `cache` argument are Prisma's own.
  return extension as unknown as CacheAsideExtension<C, Hook>
}

/**
 * Wraps a driver adapter's factory by hand, so that caches see every write through it. It is needed only where
 * a client sends queries before it is extended: otherwise the extension does it.
 *
 * @returns the same factory.
 * @throws ConfigurationError if it is no factory of a driver adapter.
 *
 * @example
 * ```ts
 * const base = new PrismaClient({ adapter: cacheAside.adapter(new PrismaPg({ connectionString })) })
 * await base.user.count()
 * const prisma = base.$extends(cacheAside())
 * ```
 */
function adapter<F extends object>(factory: F): F {
  if (sentinelOf(factory) === undefined) {
    throw new ConfigurationError(
      `cacheAside.adapter: expected a driver adapter such as new PrismaPg(...), got ${inspect(factory, { depth: 0 })}`,
    )
  }
  return factory
}

cacheAside.adapter = adapter

/** @throws ConfigurationError if the extension itself was passed to `$extends`, instead of what it returns. */
export function refuseClient(name: string, options: object | null): void {
  if (typeof (options as { $extends?: unknown } | null)?.$extends !== 'function') return
  throw new ConfigurationError(
    `${name}: expected options, got a Prisma Client: call it, as in prisma.$extends(${name}())`,
  )
}

/**
 * Extends a client with a cache.
 *
 * @param views the methods that its reads have besides those of Prisma.
 * @throws ConfigurationError if an option is wrong or the schema cannot be read.
 */
export function extend(
  client: Client,
  options: CacheAsideOptions,
  views: InfoViews = OWN_VIEW,
): Client {
  checkVersion(client)
  // The check of the options needs the catalog.
  const catalog = catalogOf(client, options ?? {})
  const cache = new CacheAside(client, catalog, options)
  const computed = computedFields(client, catalog)
  const delegates = delegatesOf(catalog)
  // While there is one client, nobody needs to tell whose read it is.
  let hasLaterTraits = false
  const informing = (extended: Client) => {
    let traits: ClientTraits | undefined
    const ofLater = () => {
      if (!hasLaterTraits) return undefined
      traits ??= traitsOf(extended, catalog)
      return traits
    }
    return withCacheInfo(extended, delegates, ofLater, views)
  }

  const extended = client.$extends({
    name: 'cache-aside',
    query: {
      $allOperations: (operation: Operation) => cache.run(operation),
    },
    client: {
      $cache: cache.control,
      $transaction(this: Client, input: unknown, times?: TransactionTimes) {
        const body = typeof input === 'function' ? (tx: Client) => input(informing(tx)) : input
        return cache.transaction(this, body, times)
      },
      async $disconnect(this: Client) {
        await cache.rest()
        try {
          await client.$disconnect.call(this)
        } finally {
          await cache.close()
        }
      },
      $extends(this: Client, extension: object) {
        const extended = client.$extends.call(this, extension)
        const later = computedFields(extended, catalog)
        const isOther = !isDeepStrictEqual(later, computed)
        hasLaterTraits ||= isOther
        cache.extendedLater(isOther ? later.keys() : undefined)
        return informing(extended)
      },
    },
  })
  cache.use(extended)
  return informing(extended)
}
