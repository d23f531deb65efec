import { randomUUID } from 'node:crypto'
import { checkKeys } from '../checks.js'
import type { AccelerateControl, AccelerateInfo } from '../client-types/accelerate.js'
import type { CacheControl } from '../control/cache-control.js'
import { extend, refuseClient } from '../extension.js'
import type { CachingExtension, ClientOf, ModelNames } from '../extension-types.js'
import type { CacheAsideOptions } from '../options/options.js'
import type { Client } from '../prisma-client/client.js'
import type { ModelOperation } from '../prisma-client/operation.js'
import { OWN_VIEW } from '../prisma-client/with-cache-info.js'
import type { CacheInfo } from '../telemetry/cache-info.js'
import { withCacheArgument } from './cache-strategy.js'

/** The effect of `prisma.$extends(accelerateCompatible())` on the client's types. */
export type AccelerateCompatibleExtension<C = unknown, Hook = unknown> = CachingExtension<
  'accelerate',
  C,
  Hook,
  { $cache: CacheControl<ModelNames<C>>; $accelerate: AccelerateControl }
>

/**
 * `cacheAside()` in the words of Prisma Accelerate: reads with a `cacheStrategy` are cached, others are not.
 * Reads also have `.withAccelerateInfo()`, and the client `$accelerate.invalidate` and
 * `$accelerate.invalidateAll`. All else is as with `cacheAside()`: writes invalidate what they change, the
 * argument `cache` and `$cache` work, and `mode: 'all'` caches reads without a `cacheStrategy` as well.
 *
 * @param options those of `cacheAside()`; `mode` is `'opt-in'` unless they say otherwise.
 * @typeParam C as for `cacheAside()`.
 * @typeParam Hook inferred; do not give it.
 * @throws ConfigurationError, from `$extends`, if an option is wrong or the schema cannot be read.
 *
 * @example
 * ```ts
 * const prisma = new PrismaClient({ adapter }).$extends(accelerateCompatible())
 * await prisma.user.findMany({ cacheStrategy: { ttl: 60, swr: 300, tags: ['users'] } })
 * await prisma.$accelerate.invalidate({ tags: ['users'] })
 * ```
 */
export function accelerateCompatible<C = unknown, Hook = unknown>(
  options: CacheAsideOptions<ModelNames<ClientOf<C, Hook>>> = {},
): AccelerateCompatibleExtension<C, Hook> {
  refuseClient('accelerateCompatible', options)
  const extension = (client: Client) => {
    // An extension that is applied earlier sees the arguments first.
    const translating = client.$extends({
      name: 'cache-aside-accelerate',
      query: {
        $allModels: {
          $allOperations: ({ operation, args, query }: ModelOperation) =>
            query(withCacheArgument(operation, args)),
        },
      },
    })
    const cached = extend(
      translating,
      { mode: 'opt-in', ...options },
      { ...OWN_VIEW, withAccelerateInfo: accelerateInfoOf },
    )
    const { $cache } = cached as unknown as { $cache: CacheControl }
    return cached.$extends({ client: { $accelerate: controlOf($cache) } })
  }
  // At run time, the methods that take a `cacheStrategy` are Prisma's own.
  return extension as unknown as AccelerateCompatibleExtension<C, Hook>
}

function controlOf(cache: CacheControl): AccelerateControl {
  return {
    async invalidate(input) {
      checkKeys('$accelerate.invalidate', input, ['tags'])
      await cache.invalidate({ tags: input.tags })
      return { requestId: randomUUID() }
    },
    async invalidateAll() {
      await cache.clear()
      return { requestId: randomUUID() }
    },
  }
}

function accelerateInfoOf(info: CacheInfo): AccelerateInfo {
  const ageMs = 'ageMs' in info ? info.ageMs : 0
  return {
    cacheStatus: statusOf(info),
    lastModified: new Date(Date.now() - ageMs),
    region: 'unspecified',
    requestId: randomUUID(),
    signature: 'key' in info ? info.key : 'unspecified',
  }
}

function statusOf(info: CacheInfo): AccelerateInfo['cacheStatus'] {
  if (info.status === 'hit') return 'ttl'
  if (info.status === 'stale') return 'swr'
  // Where the store failed, the read has a strategy, and the database answered it.
  return info.status === 'bypass' && info.reason === 'disabled' ? 'none' : 'miss'
}
