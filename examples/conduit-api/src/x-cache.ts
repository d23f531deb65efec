import { AsyncLocalStorage } from 'node:async_hooks'
import type { MiddlewareHandler } from 'hono'
import type { Prisma } from './prisma.js'

/** What became of one request's reads. */
interface Reads {
  hits: number
  stale: number
  misses: number
  bypasses: number
  /** Those that this application keeps out of the cache, such as sessions. */
  uncached: number
  /** Milliseconds: of the oldest answer. */
  age: number
}

/**
 * Answers every request with a header that says where what it read came from:
 * `X-Cache: hit; age=3` if the cache had all of it, `stale`, `miss` or `bypass` otherwise. What was
 * never to be cached, such as the session, does not count; `uncached=1` tells of it.
 */
export function xCache({ $cache }: Prisma): MiddlewareHandler {
  // Events are told in the context of the read, and so of the request that made it.
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
    // The headers of an answer that is a stream went out before it read anything.
    if (context.req.path !== '/events') context.header('X-Cache', describe(reads))
  }
}

/** The worst of the reads is what the request was. */
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
