import type { Context } from '../context.js'
import type { WrittenVersions } from '../plan/row-versions.js'
import type { Tag } from '../plan/tag.js'
import { type Client, type TransactionTimes, txScope } from '../prisma-client/client.js'
import { provesUnwritten } from '../prisma-client/failures.js'
import type { Transaction } from '../prisma-client/operation.js'
import { Transactions } from './transactions.js'
import { Unmarking } from './unmarking.js'
import { Write, type WriteOptions } from './write.js'

/** One call that may change rows, and the tags that it touches. */
export interface Statement {
  /** Tags that cover all that the call may turn out to touch. */
  readonly tags: readonly Tag[]
  readonly run: () => Promise<unknown>
  /** The tags that the call touched, given its result. */
  readonly touched: (result: unknown) => readonly Tag[]
  /** The versions that the call gave to rows, given its result. */
  readonly written?: (result: unknown) => WrittenVersions
  /** Whether a rollback undoes it: raw SQL may commit by itself. */
  readonly isRevocable: boolean
}

/** Prisma's default time-out of an interactive transaction, in milliseconds. */
const DEFAULT_TRANSACTION_TIMEOUT = 5_000

/** Runs statements and transactions as the protocol wants it: announced before, settled or withdrawn after. */
export class TransactionRunner {
  readonly #context: Context
  readonly #options: WriteOptions
  readonly #transactions = new Transactions()

  constructor(context: Context) {
    const { store, owed, telemetry, background, clock, holdUntil, settings } = context
    this.#context = context
    this.#options = {
      store,
      owed,
      unmarking: new Unmarking({ store, telemetry, background }),
      telemetry,
      clock,
      holdUntil,
      rejectWrites: settings.rejectWrites,
    }
  }

  get isInTransaction(): boolean {
    return this.#transactions.isInside
  }

  /** Runs a statement by itself, or as part of its transaction. */
  async run(statement: Statement, transaction: Transaction | undefined): Promise<unknown> {
    const { tags, touched, isRevocable, written } = statement
    const write = this.#writeFor(transaction)
    const report = await write.announce(tags, isRevocable)
    const outcome = statement.run().then((result) => {
      report(touched(result), written?.(result))
      return result
    })
    return transaction === undefined ? write.endWith(outcome, provesUnwritten) : outcome
  }

  /** Runs a transaction of the client, and ends its operations' writes when it has ended. */
  async transaction(self: Client, input: unknown, times?: TransactionTimes): Promise<unknown> {
    const begin = (body: unknown) => this.#context.client.$transaction.call(self, body, times)
    // A nested transaction is committed with the outermost one.
    if (self[txScope] !== undefined) return begin(input)
    const lifetime = this.#lifetime() + this.#timeoutOf(times)
    const write = new Write(this.#options, { lifetime })
    if (typeof input === 'function') {
      return this.#interactive(write, begin, input as (tx: Client) => unknown)
    }
    const outcome = this.#transactions.batch(write, () => begin(input))
    return write.endWith(outcome, provesUnwritten)
  }

  #interactive(
    write: Write,
    begin: (body: unknown) => Promise<unknown>,
    callback: (tx: Client) => unknown,
  ): Promise<unknown> {
    let id: string | undefined
    let failure: { readonly error: unknown } | undefined
    const outcome = begin(async (tx: Client) => {
      id = tx[txScope]?.txId
      if (id !== undefined) this.#transactions.enter(id, write)
      try {
        return await this.#transactions.inside(() => callback(tx))
      } catch (error) {
        failure = { error }
        throw error
      }
    })
    // Only if the callback itself failed is it certain that Prisma sent no COMMIT.
    return write
      .endWith(outcome, (error) => failure?.error === error)
      .finally(() => id !== undefined && this.#transactions.forget(id))
  }

  #writeFor(transaction: Transaction | undefined): Write {
    const lifetime = this.#lifetime()
    if (transaction === undefined) return new Write(this.#options, { lifetime })
    // Nobody reports the end of another client's transaction: until it must be over, nothing is cached.
    const terms = { lifetime: lifetime + this.#timeoutOf(), blocking: true }
    return this.#transactions.writeOf(transaction) ?? new Write(this.#options, terms)
  }

  /** The lifetime of a write. Whoever repairs it holds nothing, so replicas must have caught up by then. */
  #lifetime(): number {
    const { writeDeadline, replicaLag } = this.#context.settings
    return writeDeadline + (replicaLag ?? 0)
  }

  #timeoutOf(times?: TransactionTimes): number {
    const defaults = this.#context.client._engineConfig?.transactionOptions
    return times?.timeout ?? defaults?.timeout ?? DEFAULT_TRANSACTION_TIMEOUT
  }
}
