import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  ConfigurationError,
  OptimisticLockError,
  OptimisticRetryError,
  type RetryOptions,
  retryOptimistic,
} from '../../src/index.js'
import { pauseAfter } from '../../src/optimistic-lock/retry.js'

function lockError(actual: number) {
  return new OptimisticLockError({ model: 'Document', where: { id: 1 }, expected: 1, actual })
}

describe('retryOptimistic', () => {
  it('runs again after an OptimisticLockError, and gives the result', async () => {
    const seen: number[] = []
    const result = await retryOptimistic(
      async ({ attempt }) => {
        seen.push(attempt)
        if (attempt < 3) throw lockError(attempt)
        return 'saved'
      },
      { backoff: 0 },
    )
    expect(result).toBe('saved')
    expect(seen).toEqual([1, 2, 3])
  })

  it('does not run again after another error', async () => {
    const run = vi.fn(() => Promise.reject(new Error('another')))
    await expect(retryOptimistic(run)).rejects.toThrow('another')
    expect(run).toHaveBeenCalledTimes(1)
  })

  it.each<[RetryOptions, number]>([
    [{ backoff: 0 }, 5],
    [{ backoff: 0, attempts: 2 }, 2],
    [{ attempts: 1 }, 1],
  ])('with %o gives up after %i attempts', async (options, attempts) => {
    const run = vi.fn(({ attempt }: { attempt: number }) => Promise.reject(lockError(attempt)))
    const error = await retryOptimistic(run, options).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(OptimisticRetryError)
    expect(error).toMatchObject({
      code: 'CACHE_OPTIMISTIC_RETRY',
      attempts,
      cause: { actual: attempts },
    })
    expect(error.cause).toBeInstanceOf(OptimisticLockError)
    expect(run).toHaveBeenCalledTimes(attempts)
  })

  it('begins no attempt where the signal is aborted', async () => {
    const reason = new Error('enough')
    const run = vi.fn()
    const signal = AbortSignal.abort(reason)
    await expect(retryOptimistic(run, { signal })).rejects.toBe(reason)
    expect(run).not.toHaveBeenCalled()
  })

  it('stops waiting when the signal is aborted', async () => {
    const reason = new Error('enough')
    const controller = new AbortController()
    const run = vi.fn(() => {
      setImmediate(() => controller.abort(reason))
      return Promise.reject(lockError(2))
    })
    const options = { backoff: '1h', jitter: 0, signal: controller.signal }
    await expect(retryOptimistic(run, options)).rejects.toBe(reason)
    expect(run).toHaveBeenCalledTimes(1)
  })

  it.each<[unknown, string]>([
    [{ attempts: 0 }, 'retryOptimistic.attempts: expected a whole number above zero, got 0'],
    [
      { backoff: '5' },
      "retryOptimistic.backoff: expected seconds, 0 or a string such as '5m', got '5'",
    ],
    [{ jitter: 2 }, 'retryOptimistic.jitter: expected a number from 0 to 1, got 2'],
    [{ signal: {} }, 'retryOptimistic.signal: expected an AbortSignal, got {}'],
    [{ retries: 3 }, "unknown option 'retries' in retryOptimistic; did you mean 'jitter'?"],
    [null, 'retryOptimistic: expected an object, got null'],
  ])('refuses %o', async (options, message) => {
    const run = vi.fn()
    const retried = retryOptimistic(run, options as RetryOptions)
    await expect(retried).rejects.toThrow(new ConfigurationError(message))
    expect(run).not.toHaveBeenCalled()
  })
})

describe('the pauses of retryOptimistic', () => {
  it.each<[backoff: number, jitter: number, pauses: number[]]>([
    [10, 1, [7.5, 15, 30, 60, 120, 240, 480, 750]],
    [300, 0, [300, 600, 1_000, 1_000]],
    [2_000, 0.4, [1_800, 1_800]],
    [0, 1, [0, 0]],
  ])('double up to a second, less the jitter: %i ms, %f', (backoff, jitter, pauses) => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.25)
    onTestFinished(() => random.mockRestore())
    expect(pauses.map((_, index) => pauseAfter(index + 1, backoff, jitter))).toEqual(pauses)
  })
})
