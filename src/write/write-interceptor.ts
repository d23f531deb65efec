import type { Core } from '../context.js'
import { incremented } from '../optimistic-lock/increments.js'
import { Lock } from '../optimistic-lock/lock.js'
import { invalidatedBy } from '../options/query-settings.js'
import { objectOf, type Query } from '../plan/query.js'
import { asItIs } from '../plan/returning.js'
import type { WrittenRows } from '../plan/row-versions.js'
import type { Tag } from '../plan/tag.js'
import { userTag } from '../plan/user-tags.js'
import { type Versions, versionsOf } from '../plan/version-columns.js'
import { type Client, type TransactionTimes, txScope } from '../prisma-client/client.js'
import { type ModelOperation, type Operation, sqlOf } from '../prisma-client/operation.js'
import { provesUnwritten } from '../prisma-client/outcome.js'
import { newWriteId } from '../store/random-ids.js'
import { settle } from '../touch/local-touches.js'
import type { DeclaredTags } from './declared-tags.js'
import { type Transaction, Transactions } from './transactions.js'
import { Unmarking } from './unmarking.js'
import { Write, type WriterOptions, type WriteTerms } from './write.js'
import { WriteThrough } from './write-through.js'

/** What may change rows, and what it touches. */
interface Change {
  /** What stands for all that it may turn out to touch. */
  readonly tags: readonly Tag[]
  readonly run: () => Promise<unknown>
  /** What it did touch, given its result. */
  readonly touched: (result: unknown) => readonly Tag[]
  /** Given its result, what it made of rows. */
  readonly written?: (result: unknown) => WrittenRows
  /** Whether a rollback undoes it: raw SQL may commit by itself. */
  readonly isRevocable: boolean
}

/** Prisma's own default for an interactive transaction, in milliseconds. */
const PRISMA_TIMEOUT = 5_000

/** Plans writes and runs them as the protocol has it: announced, and settled when they have ended. */
export class Writes {
  readonly through: WriteThrough
  readonly #core: Core
  readonly #declared: DeclaredTags
  readonly #writer: WriterOptions
  readonly #transactions = new Transactions()
  readonly #versions: Versions
  readonly #lock: Lock

  constructor(core: Core, declared: DeclaredTags) {
    this.#core = core
    this.#declared = declared
    const { client, settings, planner } = core
    this.#writer = { ...core, unmarking: new Unmarking(core), rejectWrites: settings.rejectWrites }
    this.#versions = versionsOf(settings.models)
    this.#lock = new Lock({
      client,
      versions: this.#versions,
      select: (model, fields) => planner.selection(model, fields),
      heal: (query, row) => this.#heal(this.#touches(() => planner.write(query, row))),
    })
    this.through = new WriteThrough({
      ...core,
      isOn: (model) => settings.models.get(model)?.writeThrough ?? false,
    })
  }

  get isInTransaction(): boolean {
    return this.#transactions.isInside
  }

  /** A write that may name tags which it invalidates, besides those of what it changes. */
  async run(operation: ModelOperation): Promise<unknown> {
    const { cache, ...args } = objectOf(operation.args)
    const names = invalidatedBy(cache)
    const write = () => this.#write(cache === undefined ? operation : { ...operation, args })
    if (names.length === 0) return write()
    const tags = names.map((name) => userTag(this.#core.settings.keyspace, name))
    const change = { tags, run: write, touched: () => tags, isRevocable: true }
    return this.#announced(change, operation.__internalParams?.transaction)
  }

  async raw({ operation, args, query, __internalParams }: Operation): Promise<unknown> {
    const { planner } = this.#core
    const isQuery = operation.startsWith('$queryRaw')
    const tags = this.#declared.current() ?? this.#touches(() => planner.raw(sqlOf(args), isQuery))
    if (tags.length === 0) return query(args)
    const run = () => query(args)
    const raw = { tags, run, touched: () => tags, isRevocable: false }
    return this.#announced(raw, __internalParams?.transaction)
  }

  /** Runs a transaction of the client, and settles what its operations announce when it has ended. */
  async transaction(self: Client, input: unknown, times?: TransactionTimes): Promise<unknown> {
    const begin = (body: unknown) => this.#core.client.$transaction.call(self, body, times)
    // Nested: what is written is committed with the outermost one.
    if (self[txScope] !== undefined) return begin(input)

    const write = this.#begin({ lifetime: this.#lifetime() + this.#timeoutOf(times) })
    if (typeof input !== 'function') {
      const outcome = this.#transactions.batch(write, () => begin(input))
      return write.endWith(outcome, provesUnwritten)
    }
    let id: string | undefined
    let failure: { readonly error: unknown } | undefined
    const outcome = begin(async (tx: Client) => {
      id = tx[txScope]?.txId
      if (id !== undefined) this.#transactions.enter(id, write)
      try {
        return await this.#transactions.inside(() => input(tx))
      } catch (error) {
        failure = { error }
        throw error
      }
    })
    // Only if the callback itself failed is it certain that no COMMIT was sent.
    return write
      .endWith(outcome, (error) => failure?.error === error)
      .finally(() => id !== undefined && this.#transactions.forget(id))
  }

  /** What a write would announce. */
  planned(query: Query): readonly Tag[] {
    return this.#core.planner.write(this.#counted(query))
  }

  /** Invalidates what depends on these tags. */
  async touch(tags: readonly Tag[]): Promise<void> {
    const { store, telemetry, holdUntil } = this.#core
    const touched = tags.map(({ id }) => id)
    await settle(store, newWriteId(), { touched, holdUntil: holdUntil() })
    telemetry.touch({ tags: tags.map(({ name }) => name) })
  }

  async #write({ model, operation, args, query, __internalParams }: ModelOperation) {
    const { planner } = this.#core
    const { transaction, dataPath = [] } = __internalParams ?? {}
    const counted = this.#counted({ model, operation, args, dataPath })
    const returning = this.#plan(
      () => planner.returning(counted),
      () => asItIs(counted.args),
    )
    const change = {
      tags: this.#touches(() => planner.write(counted)),
      run: () => this.#lock.guard(counted, transaction, () => query(returning.args)),
      touched: (result: unknown) => this.#touches(() => planner.write(counted, result)),
      isRevocable: true,
      written: (result: unknown) =>
        this.#plan(
          () => planner.writtenIn(counted, result),
          () => new Map(),
        ),
    }
    const result = await this.#announced(change, transaction)
    if (transaction === undefined && dataPath.length === 0) {
      this.through.after(model, operation, result)
    }
    return returning.strip(result)
  }

  /** As it is sent to the database: an update counts in the version column. */
  #counted(query: Query): Query {
    return { ...query, args: incremented(this.#core.catalog, this.#versions, query) }
  }

  #touches(plan: () => readonly Tag[]): readonly Tag[] {
    return this.#plan(plan, () => this.#core.planner.everything())
  }

  #plan<T>(plan: () => T, otherwise: () => T): T {
    try {
      return plan()
    } catch (error) {
      this.#core.telemetry.error('plan', error)
      return otherwise()
    }
  }

  /** Runs what may change rows: by itself, or as part of its transaction. */
  async #announced(change: Change, transaction: Transaction | undefined): Promise<unknown> {
    const { tags, run, touched, isRevocable, written } = change
    if (transaction === undefined) {
      const write = this.#begin({ lifetime: this.#lifetime() })
      const report = await write.announce(tags, isRevocable)
      const outcome = run().then((result) => {
        report(touched(result), written?.(result))
        return result
      })
      return write.endWith(outcome, provesUnwritten)
    }
    // Begun on another client, whose end is not seen here: nothing is cached until it must be over.
    const unseen = { lifetime: this.#lifetime() + this.#timeoutOf(), blocking: true }
    const write = this.#transactions.writeOf(transaction) ?? this.#begin(unseen)
    const report = await write.announce(tags, isRevocable)
    const result = await run()
    report(touched(result), written?.(result))
    return result
  }

  #begin(terms: WriteTerms): Write {
    return new Write(this.#writer, terms)
  }

  /** Of a write: who touches in its place holds nothing, so replicas must have caught up by then. */
  #lifetime(): number {
    const { writeDeadline, replicaLag } = this.#core.settings
    return writeDeadline + (replicaLag ?? 0)
  }

  #timeoutOf(times?: TransactionTimes): number {
    const defaults = this.#core.client._engineConfig?.transactionOptions
    return times?.timeout ?? defaults?.timeout ?? PRISMA_TIMEOUT
  }

  /** Touches where nothing hangs on it: what the store does not take now, it is offered again. */
  async #heal(tags: readonly Tag[]): Promise<void> {
    try {
      await this.touch(tags)
    } catch (error) {
      this.#core.telemetry.error('settle', error)
      this.#core.owed.add(tags.map(({ id }) => id))
    }
  }
}
