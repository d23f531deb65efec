import type { WarmOptions, WarmProgress } from '../options/query-options.js'
import { want } from '../read/wanted.js'

/** Runs the reads, a few at a time. A read that fails is reported, and does not stop the others. */
export async function warm(
  reads: readonly (() => PromiseLike<unknown>)[],
  { concurrency, onProgress }: WarmOptions & { readonly concurrency: number },
): Promise<WarmProgress> {
  const { length: total } = reads
  let progress: WarmProgress = { done: 0, failed: 0, total }
  const left = reads.values()
  const work = async () => {
    for (const read of left) {
      const failure = await failureOf(read)
      const { done, failed } = progress
      progress = { done: done + 1, failed: failed + (failure === undefined ? 0 : 1), total }
      onProgress?.({ ...progress, ...failure })
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, total) }, work))
  return progress
}

async function failureOf(
  read: () => PromiseLike<unknown>,
): Promise<{ readonly error: unknown } | undefined> {
  try {
    await want(read)
    return undefined
  } catch (error) {
    return { error }
  }
}
