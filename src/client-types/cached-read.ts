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
