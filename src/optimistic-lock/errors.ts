import { CacheAsideError } from '../errors.js'

/** The facts that an `OptimisticLockError` carries. */
export interface LockFailure {
  /** The model's name in the schema. */
  readonly model: string
  /** The `where` of the call, without the version. */
  readonly where: Readonly<Record<string, unknown>>
  /** The version that the call gave. */
  readonly expected: number | bigint
  /** The version that the row has. */
  readonly actual: number | bigint
}

/**
 * Someone changed the row after its version was read. An `update` or `delete` whose `where` has the version
 * column of `models.X.version` throws it in place of Prisma's P2025. Nothing was written, and the next
 * read of the row is fresh. `cause` is Prisma's error.
 *
 * @example
 * ```ts
 * try {
 *   await prisma.document.update({ where: { id, version: form.version }, data: { title: form.title } })
 * } catch (error) {
 *   if (error instanceof OptimisticLockError) return showConflict(error.expected, error.actual)
 *   throw error
 * }
 * ```
 */
export class OptimisticLockError extends CacheAsideError implements LockFailure {
  override readonly name = 'OptimisticLockError'
  override readonly code: 'CACHE_OPTIMISTIC_LOCK' = 'CACHE_OPTIMISTIC_LOCK'
  readonly model: string
  readonly where: Readonly<Record<string, unknown>>
  readonly expected: number | bigint
  readonly actual: number | bigint

  constructor({ model, where, expected, actual }: LockFailure, options?: ErrorOptions) {
    super(`${model}: expected version ${expected}, the row has ${actual}`, options)
    this.model = model
    this.where = where
    this.expected = expected
    this.actual = actual
  }
}

/** `retryOptimistic` gave up. `cause` is the last `OptimisticLockError`. */
export class OptimisticRetryError extends CacheAsideError {
  override readonly name = 'OptimisticRetryError'
  override readonly code: 'CACHE_OPTIMISTIC_RETRY' = 'CACHE_OPTIMISTIC_RETRY'
  /** The number of times that the function ran. */
  readonly attempts: number

  constructor(attempts: number, options: { readonly cause: OptimisticLockError }) {
    super(`the row was changed by others during each of ${attempts} attempts`, options)
    this.attempts = attempts
  }
}
