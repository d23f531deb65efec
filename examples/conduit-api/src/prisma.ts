import {
  type CacheAsideOptions,
  type CacheControl,
  cacheAside,
  memory,
} from 'prisma-extension-cache-aside'
import type { Client } from './database.js'
import { drafts, readerScope } from './drafts.js'

/** The application's client: Prisma's own, with the cache. */
export type Prisma = ReturnType<typeof withCache>

/**
 * All that the cache is told. Where the arguments of a query say who asks (see `article-json.ts`), it is
 * part of the key; drafts are kept to their authors by a rule that no query says, which takes a `scope`.
 */
export function withCache(client: Client, options: CacheAsideOptions = {}) {
  const cache = cacheAside<Client>({
    ttl: '5m',
    scope: readerScope,
    models: {
      // Sessions are not cached at all: `/// @cache(false)` in the schema.
      Article: {
        // Shown for as long as nobody writes it: only what other programs write is seen as late as this.
        ttl: '1h',
        staleWhileRevalidate: '1h',
        staleIfError: '1d',
        version: 'version',
        // Lists ask for what is published, of all or of an author, so a draft may be saved as often as
        // its author types: they stay. Ids, slugs and authors are tracked anyway, as the schema says.
        trackBy: ['status', ['authorId', 'status']],
      },
      User: { ttl: '10m', negativeTtl: '30s' },
    },
    ...options,
  })
  return client.$extends(cache).$extends(drafts)
}

/** The same client, with every read sent to the database: to compare with. */
export function withoutCache(client: Client): Prisma {
  const prisma = withCache(client, { mode: 'off', store: memory() })
  // What is computed is no operation.
  const getOrLoad: CacheControl['getOrLoad'] = async (_key, load) => load()
  const uncached = prisma.$extends({ client: { $cache: { ...prisma.$cache, getOrLoad } } })
  return uncached as unknown as Prisma
}
