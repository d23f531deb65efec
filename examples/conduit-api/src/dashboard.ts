import { readFile } from 'node:fs/promises'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { CacheStats, ReadCounts } from 'prisma-extension-cache-aside'
import type { Database } from './database.js'
import type { Prisma } from './prisma.js'

const page = new URL('../public/index.html', import.meta.url)

/** The page, a stream of the cache's events for it, and statistics. */
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
        // If the page has closed the stream, this must not become an error of the query that sends
        // the event.
        const send = (event: string, data: object) => {
          stream.writeSSE({ event, data: JSON.stringify(data) }).catch(() => stream.abort())
        }
        const stops = [
          $cache.on('hit', ({ model, operation, ageMs }) =>
            send('hit', { model, operation, ageMs }),
          ),
          $cache.on('miss', ({ model, operation, reason }) =>
            send('miss', { model, operation, reason }),
          ),
          // This event comes after the write is done, so a page that reads now gets the new state.
          $cache.on('invalidate', ({ tags }) =>
            send('invalidate', { tags: tags.filter(isPublic) }),
          ),
        ]
        send('open', {})
        await new Promise<void>((resolve) => stream.onAbort(resolve))
        for (const stop of stops) stop()
      }),
    )
}

/**
 * Returns whether anybody may see this tag. Everyone can listen to the events, so tags with ids are
 * sent, but not tags with other values, such as the slug of a draft or the email address of a user.
 */
function isPublic(tag: string): boolean {
  return /^\w+({\w+(:\d+)?})?$/.test(tag)
}

function ratios({ models, ...all }: CacheStats) {
  const byModel = Object.entries(models).map(([name, counts]) => [name, withRatio(counts)] as const)
  return { ...withRatio(all), models: Object.fromEntries(byModel) }
}

/** Adds the share of reads that the cache answered, among those that could be cached. */
function withRatio<C extends ReadCounts>(counts: C): C & { readonly hitRatio: number | null } {
  const answered = counts.hits + counts.stale
  const lookups = answered + counts.misses
  return { ...counts, hitRatio: lookups === 0 ? null : answered / lookups }
}
