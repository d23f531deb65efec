import { ContextValue } from '../event-loop/context-value.js'
import type { Effects } from '../prisma-client/effects.js'
import type { Transaction } from '../prisma-client/operation.js'
import type { Write } from './write.js'

/** A function that runs in a transaction may see rows that nobody else sees yet, whichever client reads them. */
const insideTransaction = new ContextValue<true>()

/** A write under way, and what the database has done with it so far. */
export interface RunningWrite {
  readonly write: Write
  readonly effects: Effects
}

/** A batch under way. */
export interface RunningBatch extends RunningWrite {
  /** The indexes of the operations that belong to this client. The others were begun on another client. */
  readonly own: Set<number>
  /** Whether the application has declared what one of its operations changes. */
  isDeclared: boolean
  /** The errors of its operations. */
  readonly failures: Set<unknown>
}

/**
 * Finds the write that an operation in a transaction belongs to: in an interactive transaction by its id,
 * in a batch by the asynchronous context in which the client runs its operations.
 */
export class Transactions {
  readonly #interactive = new Map<string, RunningWrite>()
  readonly #batch = new ContextValue<RunningBatch>()

  /** Whether the caller runs inside the callback of an interactive transaction, of any client with the cache. */
  get isInside(): boolean {
    return insideTransaction.get() ?? false
  }

  /** Runs the callback of an interactive transaction. */
  inside<T>(run: () => T): T {
    return insideTransaction.run(true, run)
  }

  /** The batch that the caller runs in, if this client began it. */
  get batch(): RunningBatch | undefined {
    return this.#batch.get()
  }

  /** The transaction's write; undefined for a transaction that was begun on another client. */
  writeOf(transaction: Transaction): RunningWrite | undefined {
    return transaction.kind === 'itx' ? this.#interactive.get(transaction.id) : this.batch
  }

  /** Runs a function that begins a batch. */
  runBatch<T>(batch: RunningBatch, run: () => T): T {
    return this.#batch.run(batch, run)
  }

  /** Says that operations of the interactive transaction belong to the write. */
  enter(id: string, running: RunningWrite): void {
    this.#interactive.set(id, running)
  }

  /** Says that the interactive transaction has ended. */
  forget(id: string): void {
    this.#interactive.delete(id)
  }
}
