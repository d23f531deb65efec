import { AsyncLocalStorage } from 'node:async_hooks'
import type { Write } from './write.js'

/** Where an operation runs, as Prisma tells an extension. */
export type Transaction =
  | { readonly kind: 'itx'; readonly id: string }
  | { readonly kind: 'batch'; readonly id: number; readonly index?: number }

/**
 * Finds the write that an operation in a transaction belongs to: in an interactive transaction by
 * its id, in a batch by the asynchronous context in which the client runs its operations.
 */
export class Transactions {
  readonly #interactive = new Map<string, Write>()
  readonly #batch = new AsyncLocalStorage<Write>()
  readonly #inside = new AsyncLocalStorage<true>()

  /** Whether what runs here is the body of an interactive transaction. */
  get isInside(): boolean {
    return this.#inside.getStore() ?? false
  }

  /** Runs the body of an interactive transaction. */
  inside<T>(run: () => T): T {
    return this.#inside.run(true, run)
  }

  /** Absent for a transaction that was begun on another client: nobody will tell when that one ends. */
  writeOf(transaction: Transaction): Write | undefined {
    return transaction.kind === 'itx'
      ? this.#interactive.get(transaction.id)
      : this.#batch.getStore()
  }

  /** Runs what begins a batch; the operations in it belong to the write. */
  batch<T>(write: Write, run: () => T): T {
    return this.#batch.run(write, run)
  }

  /** From now on, operations of the interactive transaction belong to the write. */
  enter(id: string, write: Write): void {
    this.#interactive.set(id, write)
  }

  /** The interactive transaction has ended, whichever way. */
  forget(id: string): void {
    this.#interactive.delete(id)
  }
}
