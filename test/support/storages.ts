import { AsyncLocalStorage } from 'node:async_hooks'

const seen = new WeakSet<AsyncLocalStorage<unknown>>()
let collected: AsyncLocalStorage<unknown>[] | undefined

const { run } = AsyncLocalStorage.prototype
AsyncLocalStorage.prototype.run = function (this: AsyncLocalStorage<unknown>, ...args: unknown[]) {
  if (!seen.has(this)) collected?.push(this)
  seen.add(this)
  return run.apply(this, args as never)
} as typeof run

/**
 * Collects every storage that is used for the first time from now on.
 *
 * Before Node 24 each `AsyncLocalStorage` that was ever used makes every later promise of the process
 * slower by 0.15 µs, until it is disabled. A client with the cache has four of them, so a test that
 * makes clients by the hundred would spend most of its time there.
 *
 * @returns a function that disables them. Call it when their clients are not used any more.
 */
export function collectStorages(): () => void {
  const own: AsyncLocalStorage<unknown>[] = []
  collected = own
  return () => {
    collected = undefined
    for (const storage of own) storage.disable()
  }
}
