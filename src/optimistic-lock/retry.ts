import { setTimeout as pause } from 'node:timers/promises'
import { checkFunction, checkKeys, durationOf, SHORT, shareOf, wholeOf, wrong } from '../checks.js'
import type { Duration } from '../options/options.js'
import { OptimisticLockError, OptimisticRetryError } from './errors.js'

/** The options of `retryOptimistic`, all of them optional. */
export interface RetryOptions {
  /** The most times that the function runs. Default 5. */
  readonly attempts?: number | undefined
  /** The pause before the second attempt. It doubles with each further attempt, up to one second. Default 10 ms. */
  readonly backoff?: Duration | undefined
  /**
   * The share, from 0 to 1, by which a pause is shortened at random at most, so that callers who collided
   * do not collide again. Default 1: anything from no pause to the whole pause.
   */
  readonly jitter?: number | undefined
  /** Ends the waiting; no further attempt begins. */
  readonly signal?: AbortSignal | undefined
}

export interface Attempt {
  /** The number of the attempt; the first is 1. */
  readonly attempt: number
}

const DEFAULT_ATTEMPTS = 5
/** Milliseconds. */
const DEFAULT_BACKOFF = 10
const BACKOFF_LIMITS = { ...SHORT, allowsZero: true }
const DEFAULT_JITTER = 1
/** Milliseconds. */
const LONGEST_PAUSE = 1_000

/**
 * Runs the function again, after a pause, where it failed with `OptimisticLockError`. The function must
 * read the row each time, and begin a transaction of its own if it needs one.
 *
 * @returns what the function resolves to.
 * @throws OptimisticRetryError after the last attempt; `cause` is its `OptimisticLockError`.
 * @throws ConfigurationError if an option is wrong.
 * @throws the signal's reason, or any other error of the function.
 *
 * @example
 * ```ts
 * await retryOptimistic(async () => {
 *   const { version, stock } = await prisma.product.findUniqueOrThrow({ where: { id } })
 *   return prisma.product.update({ where: { id, version }, data: { stock: stock - 1 } })
 * })
 * ```
 */
export async function retryOptimistic<T>(
  run: (attempt: Attempt) => PromiseLike<T> | T,
  options: RetryOptions = {},
): Promise<T> {
  checkFunction('retryOptimistic', run ?? null)
  checkKeys('retryOptimistic', options, retryOptionNames)
  const { signal } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrong('retryOptimistic.signal', 'an AbortSignal', signal)
  }
  const attempts = wholeOf('retryOptimistic.attempts', options.attempts) ?? DEFAULT_ATTEMPTS
  const backoff =
    durationOf('retryOptimistic.backoff', options.backoff, BACKOFF_LIMITS) ?? DEFAULT_BACKOFF
  const jitter = shareOf('retryOptimistic.jitter', options.jitter) ?? DEFAULT_JITTER
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted()
    try {
      return await run({ attempt })
    } catch (error) {
      if (!(error instanceof OptimisticLockError)) throw error
      if (attempt >= attempts) throw new OptimisticRetryError(attempts, { cause: error })
    }
    await waited(pauseAfter(attempt, backoff, jitter), signal)
  }
}

export const retryOptionNames = [
  'attempts',
  'backoff',
  'jitter',
  'signal',
] as const satisfies (keyof RetryOptions)[]

/** The pause after an attempt, in milliseconds. */
export function pauseAfter(attempt: number, backoff: number, jitter: number): number {
  const whole = Math.min(backoff * 2 ** (attempt - 1), Math.max(backoff, LONGEST_PAUSE))
  return whole * (1 - jitter * Math.random())
}

async function waited(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(milliseconds, undefined, { signal })
  } catch (error) {
    // Node's own error does not carry the signal's reason.
    signal?.throwIfAborted()
    throw error
  }
}
