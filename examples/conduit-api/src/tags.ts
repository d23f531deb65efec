import { Hono } from 'hono'
import type { Prisma } from './prisma.js'
import type { Env } from './sessions.js'

/**
 * The route `/tags` with the most used tags. They are computed by raw SQL, which the cache does not
 * read, so `getOrLoad` says how long the answer is kept. Writes that change which tags are used
 * invalidate the cache tag `home`. With `dependsOn: ['Article']` instead, every edit of an article
 * would invalidate it.
 */
export function tags(prisma: Prisma): Hono<Env> {
  const count = () => prisma.$queryRaw<{ name: string }[]>`
    SELECT "B" AS "name" FROM "_ArticleToTag" JOIN "Article" ON "id" = "A" WHERE "status" = 'published'
    GROUP BY "B" ORDER BY COUNT(*) DESC, "B" LIMIT 20`
  return new Hono<Env>().get('/', async (context) => {
    const rows = await prisma.$cache.getOrLoad('popular tags', count, {
      ttl: '10m',
      tags: ['home'],
    })
    return context.json({ tags: rows.map(({ name }) => name) })
  })
}
