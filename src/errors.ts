/** The base of every error of this package. `code` is stable and begins with `CACHE_`; the message is for people. */
export abstract class CacheAsideError extends Error {
  abstract readonly code: string
}

/**
 * The store could not be reached, so the write was not sent to the database. Only thrown with
 * `onStoreFailure: 'reject'`. `cause` is the store's error.
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
 * An option or argument that cannot be right. Thrown by `$extends(cacheAside(...))`, by a query with a wrong
 * `cache` argument, by the methods of `$cache`, and by an update that sets a version column itself. The
 * message names the option, what was expected and what was given.
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
