import { type CacheAsideOptions, cacheAside, memory } from 'prisma-extension-cache-aside'
import type { Client } from './database.js'
import { drafts, readerScope } from './drafts.js'

/** The client of the application: Prisma's own client with the cache. */
export type Prisma = ReturnType<typeof withCache>

/**
 * All options of the cache are here. Where the arguments of a query contain the viewer (see
 * `article-json.ts`), the viewer is part of the entry's key. The rule that hides drafts is not part
 * of any query's arguments, so it needs a `scope`.
 */
export function withCache(client: Client, options: CacheAsideOptions = {}) {
  const cache = cacheAside<Client>({
    ttl: '5m',
    scope: readerScope,
    models: {
      // The model Session is not cached at all, because the schema says `/// @cache(false)`.
      Article: {
        // The TTL can be long: writes of this application are seen at once, and only writes of
        // other programs are seen as late as this.
        ttl: '1h',
        staleWhileRevalidate: '1h',
        staleIfError: '1d',
        version: 'version',
        // Lists filter by the status, some also by the author. With these keys, saving a draft does
        // not invalidate lists of published articles. Ids, slugs and authors are tracked without
        // this, because they are unique or foreign keys.
        trackBy: ['status', ['authorId', 'status']],
      },
      User: { ttl: '10m', negativeTtl: '30s' },
    },
    ...options,
  })
  return client.$extends(cache).$extends(drafts)
}

/** The same client without the cache, for comparisons: it sends every read to the database. */
export function withoutCache(client: Client): Prisma {
  return withCache(client, { mode: 'off', store: memory() })
}
