import { Hono } from 'hono'
import type { Prisma } from './prisma.js'
import type { Env } from './sessions.js'

/**
 * `/tags`: the most used ones. The cache does not read SQL, so this says by itself what is kept and
 * for how long; writes that change which tags there are invalidate `home`. With `dependsOn: ['Article']`
 * every edit of any article would.
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
