import { AsyncLocalStorage } from 'node:async_hooks'
import type { MiddlewareHandler } from 'hono'
import type { Prisma } from './prisma.js'

/** How the reads of one request were answered. */
interface Reads {
  hits: number
  stale: number
  misses: number
  bypasses: number
  /** Reads that this application excludes from the cache, such as reads of sessions. */
  uncached: number
  /** The age of the oldest answer, in milliseconds. */
  age: number
}

/**
 * Adds a header to every answer that says how the reads of the request were answered: `X-Cache:
 * hit; age=3` if the cache answered all of them, otherwise `stale`, `miss` or `bypass`. Reads that
 * are excluded from the cache, such as the session's, do not count; `uncached=1` is their number.
 */
export function xCache({ $cache }: Prisma): MiddlewareHandler {
  // Listeners run in the asynchronous context of the read, so the storage has the right request.
  const requests = new AsyncLocalStorage<Reads>()
  const count = (note: (reads: Reads) => void) => {
    const reads = requests.getStore()
    if (reads !== undefined) note(reads)
  }
  $cache.on('hit', ({ ageMs }) =>
    count((reads) => {
      reads.hits += 1
      reads.age = Math.max(reads.age, ageMs)
    }),
  )
  $cache.on('stale', ({ ageMs }) =>
    count((reads) => {
      reads.stale += 1
      reads.age = Math.max(reads.age, ageMs)
    }),
  )
  $cache.on('miss', () =>
    count((reads) => {
      reads.misses += 1
    }),
  )
  $cache.on('bypass', ({ reason }) =>
    count((reads) => {
      if (reason === 'disabled') reads.uncached += 1
      else reads.bypasses += 1
    }),
  )
  return async (context, next) => {
    const reads: Reads = { hits: 0, stale: 0, misses: 0, bypasses: 0, uncached: 0, age: 0 }
    await requests.run(reads, next)
    // The answer of `/events` is a stream, and its headers were sent at its beginning.
    if (context.req.path !== '/events') context.header('X-Cache', describe(reads))
  }
}

/** A request counts as its worst read. */
function describe({ hits, stale, misses, bypasses, uncached, age }: Reads): string {
  const parts: string[] = []
  if (bypasses > 0) parts.push('bypass')
  else if (misses > 0) parts.push('miss')
  else if (stale + hits > 0) {
    parts.push(stale > 0 ? 'stale' : 'hit', `age=${Math.floor(age / 1000)}`)
  } else parts.push('bypass')
  if (uncached > 0) parts.push(`uncached=${uncached}`)
  return parts.join('; ')
}
