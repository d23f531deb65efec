import { checkKeys, wrong } from '../checks.js'
import type { CacheStrategy } from '../client-types/accelerate.js'
import { ConfigurationError } from '../errors.js'
import type { QueryOptions } from '../options/query-options.js'
import { isRead, objectOf } from '../plan/query.js'

const strategyNames = ['ttl', 'swr', 'tags'] as const satisfies (keyof CacheStrategy)[]

/**
 * The life time of an answer that may be served only while it is asked for again: `swr` without `ttl`. An
 * answer without a life time is not stored.
 */
const SHORTEST_TTL = '1ms'

/**
 * The arguments of an operation, with the argument `cache` instead of `cacheStrategy`.
 *
 * @throws ConfigurationError naming the option, what was expected and what was given.
 */
export function withCacheArgument(operation: string, args: unknown): unknown {
  const { cacheStrategy, ...others } = objectOf(args)
  if (cacheStrategy === undefined) return args
  if (!isRead(operation)) {
    throw new ConfigurationError(`cacheStrategy: expected in reads only, got one in ${operation}`)
  }
  if (others.cache !== undefined) {
    throw new ConfigurationError('cacheStrategy: expected no argument cache beside it, got both')
  }
  const cache = queryOptionsOf(cacheStrategy)
  return cache === undefined ? others : { ...others, cache }
}

/** Undefined where the strategy says no time: Accelerate does not cache such a read either. */
function queryOptionsOf(strategy: unknown): QueryOptions | undefined {
  checkKeys('cacheStrategy', strategy, strategyNames)
  const { ttl, swr, tags } = strategy as CacheStrategy
  const seconds = secondsOf('ttl', ttl)
  const staleSeconds = secondsOf('swr', swr)
  if (seconds === 0 && staleSeconds === 0) return undefined
  return {
    ttl: seconds === 0 ? SHORTEST_TTL : `${seconds}s`,
    ...(staleSeconds > 0 && { swr: `${staleSeconds}s` }),
    ...(tags !== undefined && { tags }),
  }
}

/** Numbers are always seconds here, however large. */
function secondsOf(name: 'ttl' | 'swr', given: unknown): number {
  if (given === undefined) return 0
  if (typeof given === 'number' && given >= 0 && Number.isFinite(given)) return given
  throw wrong(`cacheStrategy.${name}`, 'a number of seconds', given)
}
