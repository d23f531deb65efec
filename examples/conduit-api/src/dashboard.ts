import { readFile } from 'node:fs/promises'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { CacheStats, ReadCounts } from 'prisma-extension-cache-aside'
import type { Database } from './database.js'
import type { Prisma } from './prisma.js'

const page = new URL('../public/index.html', import.meta.url)

/** The page, what the cache does while you look at it, and how it has done so far. */
export function dashboard(prisma: Prisma, statements: Database['statements']): Hono {
  const { $cache } = prisma
  return new Hono()
    .get('/', async (context) => context.html(await readFile(page, 'utf8')))
    .get('/stats', (context) => {
      const { user, system } = process.cpuUsage()
      return context.json({
        statements: statements(),
        cpu: (user + system) / 1000,
        ...ratios($cache.stats()),
      })
    })
    .get('/events', (context) =>
      streamSSE(context, async (stream) => {
        // A page that does not listen any more shall not be an error of the query's that tells it.
        const tell = (event: string, data: object) => {
          stream.writeSSE({ event, data: JSON.stringify(data) }).catch(() => stream.abort())
        }
        const stops = [
          $cache.on('hit', ({ model, operation, ageMs }) =>
            tell('hit', { model, operation, ageMs }),
          ),
          $cache.on('miss', ({ model, operation, reason }) =>
            tell('miss', { model, operation, reason }),
          ),
          // Told when the write is done: what is read from now on is as new.
          $cache.on('invalidate', ({ tags }) => tell('touch', { tags: tags.filter(isPublic) })),
        ]
        tell('open', {})
        await new Promise<void>((resolve) => stream.onAbort(resolve))
        for (const stop of stops) stop()
      }),
    )
}

/** Anyone may listen: of values in tags they hear ids, but no slugs of drafts, nor who logs in. */
function isPublic(tag: string): boolean {
  return /^\w+({\w+(:\d+)?})?$/.test(tag)
}

function ratios({ models, ...all }: CacheStats) {
  const byModel = Object.entries(models).map(([name, counts]) => [name, withRatio(counts)] as const)
  return { ...withRatio(all), models: Object.fromEntries(byModel) }
}

/** Of the reads that the cache had a part in, how many it answered. */
function withRatio<C extends ReadCounts>(counts: C): C & { readonly hitRatio: number | null } {
  const answered = counts.hits + counts.stale
  const asked = answered + counts.misses
  return { ...counts, hitRatio: asked === 0 ? null : answered / asked }
}
