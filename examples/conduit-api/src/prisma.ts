import {
  type CacheAsideOptions,
  type CacheControl,
  cacheAside,
  memory,
} from 'prisma-extension-cache-aside'
import type { Client } from './database.js'

/** The application's client: Prisma's own, with the cache. */
export type Prisma = ReturnType<typeof withCache>

/**
 * All that the cache is told. Who asks stands in the arguments of each query that depends on it (see
 * `articles.ts`), so that none needs a `scope` and what does not depend on it is shared by everyone.
 */
export function withCache(client: Client, options: CacheAsideOptions = {}) {
  return client.$extends(
    cacheAside<Client>({
      ttl: '5m',
      models: {
        // Sessions are not cached at all: `/// @cache(false)` in the schema.
        // Articles are found by ids, slugs and authors, which the schema says, and shown for as long as
        // nobody writes them: only what other programs write is seen as late as this.
        Article: { ttl: '1h', swr: '1h', staleIfError: '1d', version: 'version' },
        User: { ttl: '10m', negativeTtl: '30s' },
      },
      ...options,
    }),
  )
}

/** The same client, with every read sent to the database: to compare with. */
export function withoutCache(client: Client): Prisma {
  const prisma = withCache(client, { operations: [], store: memory() })
  // What is computed is no operation.
  const getOrLoad: CacheControl['getOrLoad'] = async (_key, load) => load()
  const uncached = prisma.$extends({ client: { $cache: { ...prisma.$cache, getOrLoad } } })
  return uncached as unknown as Prisma
}
