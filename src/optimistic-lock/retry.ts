import { setTimeout as pause } from 'node:timers/promises'
import { checkFunction, checkKeys, durationOf, shareOf, wholeOf, wrong } from '../checks.js'
import type { Duration } from '../options/options.js'
import { OptimisticLockError, OptimisticRetryError } from './errors.js'

/** What `retryOptimistic` takes, every part of it optional. */
export interface RetryOptions {
  /** How often the function runs at most. Default 5. */
  readonly attempts?: number | undefined
  /** The pause before the second attempt; it doubles with each further one, up to one second. Default 10 ms. */
  readonly backoff?: Duration | undefined
  /**
   * The share, from 0 to 1, by which a pause is at most shortened at random, so that those who met do
   * not meet again. Default 1: anything from no pause to the whole.
   */
  readonly jitter?: number | undefined
  /** Ends the waiting, and no further attempt begins. */
  readonly signal?: AbortSignal | undefined
}

export interface Attempt {
  /** 1 for the first. */
  readonly attempt: number
}

const DEFAULT_ATTEMPTS = 5
const DEFAULT_BACKOFF = 10
const DEFAULT_JITTER = 1
const LONGEST_PAUSE = 1_000

/**
 * Runs the function again where it failed with `OptimisticLockError`, after a pause. It is to read the
 * row anew each time, and begins a transaction of its own if it needs one.
 *
 * @returns what the function resolves to.
 * @throws OptimisticRetryError after the last attempt; `cause` is its `OptimisticLockError`.
 * @throws ConfigurationError if an option is wrong.
 * @throws the signal's reason, or whatever else the function fails with.
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
  const backoff = durationOf('retryOptimistic.backoff', options.backoff, 'zero') ?? DEFAULT_BACKOFF
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

/** Milliseconds. */
export function pauseAfter(attempt: number, backoff: number, jitter: number): number {
  const whole = Math.min(backoff * 2 ** (attempt - 1), Math.max(backoff, LONGEST_PAUSE))
  return whole * (1 - jitter * Math.random())
}

async function waited(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pause(milliseconds, undefined, { signal })
  } catch (error) {
    // Node's own error says only that it was aborted.
    signal?.throwIfAborted()
    throw error
  }
}
