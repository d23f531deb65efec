import type { Context } from '../context.js'
import type { WrittenVersions } from '../plan/row-versions.js'
import type { Tag } from '../plan/tag.js'
import { type Client, type TransactionTimes, transactionIdOf } from '../prisma-client/client.js'
import { Effects, type Outcome } from '../prisma-client/effects.js'
import { isValidationError, provesUnwritten } from '../prisma-client/failures.js'
import type { Transaction } from '../prisma-client/operation.js'
import type { AnnouncedWrite } from '../prisma-client/sentinel.js'
import { type RunningBatch, type RunningWrite, Transactions } from './transactions.js'
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
  /** Whether the application has declared the tags, so that the text of the SQL does not count. */
  readonly isDeclared?: boolean
}

/** Prisma's default time-out of an interactive transaction, in milliseconds. */
const DEFAULT_TRANSACTION_TIMEOUT = 5_000

/** Runs statements and transactions as the protocol wants it: announced before, settled or withdrawn after. */
export class TransactionRunner {
  readonly #context: Context
  readonly #options: WriteOptions
  readonly #transactions = new Transactions()
  /** Writes in interactive transactions that were begun on other clients, by the transactions' ids. */
  readonly #elsewhere = new Map<string, RunningWrite>()
  #hasLaterExtensions = false

  constructor(context: Context, options: WriteOptions) {
    this.#context = context
    this.#options = options
  }

  get isInTransaction(): boolean {
    return this.#transactions.isInside
  }

  /** Says that an extension was applied later: from now on, errors may come from it, and prove nothing. */
  extendedLater(): void {
    this.#hasLaterExtensions = true
  }

  /** Notes that an operation belongs to this client: a batch may also hold operations of others. */
  note(transaction: Transaction | undefined): void {
    if (transaction?.kind !== 'batch') return
    this.#transactions.batch?.own.add(transaction.index ?? 0)
  }

  /** Runs a statement by itself, or as part of its transaction. */
  async run(statement: Statement, transaction: Transaction | undefined): Promise<unknown> {
    if (transaction === undefined) return this.#runAlone(statement)
    const running = this.#transactions.writeOf(transaction)
    if (running !== undefined) return this.#runIn(running, statement)
    if (this.#context.sentinel?.isWatching !== true) return this.#runUnwatched(statement)
    if (transaction.kind === 'itx') return this.#runElsewhere(statement, transaction.id)
    // All statements of a batch run in the context of its first operation, so the sentinel follows each.
    return statement.run()
  }

  /** Runs a transaction of the client, and ends its operations' writes when it has ended. */
  async transaction(self: Client, input: unknown, times?: TransactionTimes): Promise<unknown> {
    const begin = (body: unknown) => this.#context.client.$transaction.call(self, body, times)
    // A nested transaction is committed with the outermost one.
    if (transactionIdOf(self) !== undefined) return begin(input)
    const running = this.#begin()
    return typeof input === 'function'
      ? this.#interactive(running, begin, input as (tx: Client) => unknown)
      : this.#batch(running, begin, input)
  }

  #batch(
    running: RunningWrite,
    begin: (body: unknown) => Promise<unknown>,
    input: unknown,
  ): Promise<unknown> {
    const batch: RunningBatch = {
      ...running,
      own: new Set(),
      failures: new Set(),
      isDeclared: false,
    }
    const length = Array.isArray(input) ? input.length : 0
    const { write, effects } = batch
    const announced: AnnouncedWrite = {
      token: this.#context.token,
      effects,
      // With an operation of another client among them, nobody can tell the statements apart.
      covers: (models) =>
        batch.own.size === length && (batch.isDeclared || covers(write.announcedTags, models)),
    }
    const result = this.#transactions.runBatch(batch, () =>
      this.#runAnnounced(announced, () => begin(input)),
    )
    return write.endWith(result, (error) =>
      this.#outcomeOf(effects, error, batch.failures.has(error)),
    )
  }

  #interactive(
    running: RunningWrite,
    begin: (body: unknown) => Promise<unknown>,
    callback: (tx: Client) => unknown,
  ): Promise<unknown> {
    let id: string | undefined
    let failure: { readonly error: unknown } | undefined
    const result = begin(async (tx: Client) => {
      id = transactionIdOf(tx)
      if (id !== undefined) this.#transactions.enter(id, running)
      try {
        return await this.#transactions.inside(() => callback(tx))
      } catch (error) {
        failure = { error }
        throw error
      }
    })
    const outcomeOf = (error: unknown): Outcome => {
      if (running.effects.isSeen) return running.effects.outcome
      // Only if the callback itself failed is it certain that Prisma sent no COMMIT.
      return failure?.error === error ? 'unwritten' : 'unknown'
    }
    return running.write
      .endWith(result, outcomeOf)
      .finally(() => id !== undefined && this.#transactions.forget(id))
  }

  #runAlone(statement: Statement): Promise<unknown> {
    const running = this.#begin()
    return running.write.endWith(this.#runIn(running, statement), (error) =>
      this.#outcomeOf(running.effects, error, true),
    )
  }

  /** Announces a statement as a part of the write, and runs it. */
  async #runIn(running: RunningWrite, statement: Statement): Promise<unknown> {
    const { tags, run, touched, written, isRevocable, isDeclared = false } = statement
    const report = running.write.announce(tags, isRevocable)
    // The sentinel waits where it must: before the statement, or before COMMIT.
    const { sentinel, settings } = this.#context
    if (sentinel?.isWatching !== true || settings.rejectWrites) await running.write.ready()
    const announced: AnnouncedWrite = {
      token: this.#context.token,
      effects: running.effects,
      covers: (models) => isDeclared || covers(tags, models),
    }
    const { batch } = this.#transactions
    if (batch !== undefined) batch.isDeclared ||= isDeclared
    try {
      // All statements of a batch must run in the context of the batch.
      const result = await (running === batch ? run() : this.#runAnnounced(announced, run))
      sentinel?.answered()
      report(touched(result), written?.(result))
      return result
    } catch (error) {
      batch?.failures.add(error)
      throw error
    }
  }

  /** Runs a statement of an interactive transaction that was begun on another client. */
  async #runElsewhere(statement: Statement, id: string): Promise<unknown> {
    const running = this.#elsewhere.get(id) ?? this.#beginElsewhere(id)
    try {
      return await this.#runIn(running, statement)
    } finally {
      // Without a statement that writes, the end of the transaction is not reported to it.
      if (!running.effects.isOpen) await this.#endElsewhere(id, running, 'unwritten')
    }
  }

  #beginElsewhere(id: string): RunningWrite {
    const write = new Write(this.#options)
    const running: RunningWrite = {
      write,
      effects: new Effects({
        ready: () => write.ready(),
        onDecided: (outcome) => this.#endElsewhere(id, running, outcome),
      }),
    }
    this.#elsewhere.set(id, running)
    return running
  }

  async #endElsewhere(id: string, running: RunningWrite, outcome: Outcome): Promise<void> {
    if (this.#elsewhere.get(id) === running) this.#elsewhere.delete(id)
    await running.write.end(outcome)
  }

  /** Runs a statement of another client's transaction: until that must be over, nothing is cached. */
  async #runUnwatched(statement: Statement): Promise<unknown> {
    const running = this.#begin()
    const { writeDeadline } = this.#context.settings
    try {
      return await this.#runIn(running, statement)
    } finally {
      await running.write.end('unknown', writeDeadline + this.#timeout())
    }
  }

  #runAnnounced<T>(announced: AnnouncedWrite, run: () => Promise<T>): Promise<T> {
    const { sentinel } = this.#context
    return sentinel === undefined ? run() : sentinel.runAnnounced(announced, run)
  }

  #begin(): RunningWrite {
    const write = new Write(this.#options)
    return { write, effects: new Effects({ ready: () => write.ready() }) }
  }

  /**
   * Gives the outcome of a write that failed.
   *
   * @param isOwn whether the error came out of the query of an operation. An error of an extension around it
   *   proves nothing.
   */
  #outcomeOf(effects: Effects, error: unknown, isOwn: boolean): Outcome {
    if (effects.isSeen) return effects.outcome
    const isPrismas = isOwn && !this.#hasLaterExtensions
    if (this.#context.sentinel?.isWatching) {
      // No statement was sent through this adapter; but a later extension may have sent it elsewhere.
      return isPrismas || isValidationError(error) ? 'unwritten' : 'unknown'
    }
    return isPrismas && provesUnwritten(error) ? 'unwritten' : 'unknown'
  }

  /** How long a transaction of another client may take, in milliseconds. */
  #timeout(): number {
    const defaults = this.#context.client._engineConfig?.transactionOptions
    return defaults?.timeout ?? DEFAULT_TRANSACTION_TIMEOUT
  }
}

/** Whether the tags of each of these models are among the announced ones. */
function covers(announced: readonly Tag[], models: ReadonlySet<string> | 'all'): boolean {
  if (models === 'all') return false
  const names = new Set(announced.map(({ name }) => name))
  return [...models].every((model) => names.has(model))
}
