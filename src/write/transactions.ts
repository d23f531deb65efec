import { AsyncLocalStorage } from 'node:async_hooks'
import type { Transaction } from '../prisma-client/operation.js'
import type { Write } from './write.js'

/**
 * Finds the write that an operation in a transaction belongs to: in an interactive transaction by its id,
 * in a batch by the asynchronous context in which the client runs its operations.
 */
export class Transactions {
  readonly #interactive = new Map<string, Write>()
  readonly #batch = new AsyncLocalStorage<Write>()
  readonly #inside = new AsyncLocalStorage<true>()

  /** Whether the caller runs inside the callback of an interactive transaction. */
  get isInside(): boolean {
    return this.#inside.getStore() ?? false
  }

  /** Runs the callback of an interactive transaction. */
  inside<T>(run: () => T): T {
    return this.#inside.run(true, run)
  }

  /** The transaction's write; undefined for a transaction of another client, whose end nobody reports here. */
  writeOf(transaction: Transaction): Write | undefined {
    return transaction.kind === 'itx'
      ? this.#interactive.get(transaction.id)
      : this.#batch.getStore()
  }

  /** Runs a function that begins a batch, whose operations belong to the write. */
  batch<T>(write: Write, run: () => T): T {
    return this.#batch.run(write, run)
  }

  /** Says that operations of the interactive transaction belong to the write. */
  enter(id: string, write: Write): void {
    this.#interactive.set(id, write)
  }

  /** Says that the interactive transaction has ended. */
  forget(id: string): void {
    this.#interactive.delete(id)
  }
}
