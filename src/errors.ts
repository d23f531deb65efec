/** The base of every error that this package itself throws; `code` is stable, the message is for people. */
export abstract class CacheAsideError extends Error {
  abstract readonly code: string
}

/**
 * With `onStoreFailure: 'reject'`: the store could not be told of a write, so the database was not
 * asked. `cause` is what the store failed with.
 *
 * @example
 * ```ts
 * try {
 *   await prisma.user.update({ where: { id }, data })
 * } catch (error) {
 *   if (error instanceof StoreUnavailableError) return retryLater(id, data)
 *   throw error
 * }
 * ```
 */
export class StoreUnavailableError extends CacheAsideError {
  override readonly name = 'StoreUnavailableError'
  readonly code = 'CACHE_STORE_UNAVAILABLE'
}

/**
 * An option that cannot be right: thrown by `$extends(cacheAside(...))`, or by the query whose
 * `cache` argument it is; also an update that sets a version column itself. The message names the option, what was expected and what was given.
 *
 * @example
 * ```ts
 * prisma.$extends(cacheAside({ ttl: '5 minuts' }))
 * // ConfigurationError: ttl: expected seconds or a string such as '5m', got '5 minuts'
 * ```
 */
export class ConfigurationError extends CacheAsideError {
  override readonly name = 'ConfigurationError'
  readonly code = 'CACHE_CONFIGURATION'
}
