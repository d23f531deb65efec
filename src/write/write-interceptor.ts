import type { Context } from '../context.js'
import { incremented } from '../optimistic-lock/increments.js'
import { Lock } from '../optimistic-lock/lock.js'
import { invalidatedBy } from '../options/query-settings.js'
import { objectOf, type Query } from '../plan/query.js'
import { asItIs } from '../plan/returning.js'
import type { Tag } from '../plan/tag.js'
import { userTag } from '../plan/user-tags.js'
import { type VersionColumns, versionColumnsOf } from '../plan/version-columns.js'
import { type ModelOperation, type Operation, sqlOf } from '../prisma-client/operation.js'
import { touchOrOwe } from '../touch/settle.js'
import type { DeclaredTags } from './declared-tags.js'
import { ForeignWrites } from './foreign-writes.js'
import { TransactionRunner } from './transaction-runner.js'
import type { WriteOptions } from './write.js'
import { WriteThrough } from './write-through.js'

/** Plans writes, and passes them to the transaction runner. */
export class WriteInterceptor {
  readonly transactions: TransactionRunner
  readonly through: WriteThrough
  readonly #context: Context
  readonly #declared: DeclaredTags
  readonly #versionColumns: VersionColumns
  readonly #lock: Lock
  /** The sentinel holds it weakly, so it lives as long as this client. */
  readonly #foreign: ForeignWrites

  constructor(context: Context, declared: DeclaredTags) {
    const { client, catalog, settings, planner, telemetry, background } = context
    this.#context = context
    this.#declared = declared
    const options = writeOptionsOf(context)
    this.transactions = new TransactionRunner(context, options)
    this.#foreign = new ForeignWrites(context, options)
    context.sentinel?.add(this.#foreign)
    this.#versionColumns = versionColumnsOf(settings.models)
    this.#lock = new Lock({
      client,
      versionColumns: this.#versionColumns,
      select: (model, fields) => planner.selection(model, fields),
      heal: (query, row) =>
        touchOrOwe(
          context,
          this.#touches(() => planner.write(query, row)),
        ),
    })
    this.through = new WriteThrough({
      catalog,
      isOn: (model) => settings.models.get(model)?.writeThrough ?? false,
      telemetry,
      background,
    })
  }

  /** Runs a write, which may name tags that it invalidates besides those of the rows that it changes. */
  async run({ model, operation, args, query, __internalParams }: ModelOperation): Promise<unknown> {
    const { planner, settings } = this.#context
    const { transaction, dataPath = [] } = __internalParams ?? {}
    const { cache, ...own } = objectOf(args)
    const named = invalidatedBy(cache).map((name) => userTag(settings.keyspace, name))
    const write = this.#counted({
      model,
      operation,
      args: cache === undefined ? args : own,
      dataPath,
    })
    const returning = this.#plan(
      () => planner.returning(write),
      () => asItIs(write.args),
    )
    const touches = (result?: unknown) => [
      ...this.#touches(() => planner.write(write, result)),
      ...named,
    ]
    const result = await this.transactions.run(
      {
        tags: touches(),
        run: () => this.#lock.guard(write, transaction, () => query(returning.args)),
        touched: touches,
        isRevocable: true,
        written: (shown) =>
          this.#plan(
            () => planner.writtenIn(write, shown),
            () => new Map(),
          ),
      },
      transaction,
    )
    if (transaction === undefined && dataPath.length === 0) {
      this.through.after(model, operation, result)
    }
    return returning.strip(result)
  }

  /** Runs raw SQL. */
  async raw({ args, query, __internalParams }: Operation): Promise<unknown> {
    const { planner } = this.#context
    const declared = this.#declared.current()
    const sql = sqlOf(args)
    const { models, cascades, mayCommit } = planner.effectOf(sql)
    // TRUNCATE ... CASCADE empties more tables than the application may think of.
    const isMore = cascades && models !== 'all'
    const ofText = declared === undefined || isMore ? this.#touches(() => planner.raw(sql)) : []
    const tags = [...(declared ?? []), ...ofText]
    const isRevocable = !mayCommit
    if (tags.length === 0 && isRevocable && declared === undefined) return query(args)
    const statement = {
      tags,
      run: () => query(args),
      touched: () => tags,
      isRevocable,
      isDeclared: declared !== undefined,
    }
    return this.transactions.run(statement, __internalParams?.transaction)
  }

  /** The tags that a write would announce. */
  planned(query: Query): readonly Tag[] {
    return this.#context.planner.write(this.#counted(query))
  }

  /** The write as the database gets it: an update counts in the version column. */
  #counted(query: Query): Query {
    return { ...query, args: incremented(this.#context.catalog, this.#versionColumns, query) }
  }

  /** Planned tags; those of everything where planning fails. */
  #touches(plan: () => readonly Tag[]): readonly Tag[] {
    return this.#plan(plan, () => this.#context.planner.everything())
  }

  #plan<T>(plan: () => T, otherwise: () => T): T {
    try {
      return plan()
    } catch (error) {
      this.#context.telemetry.error('plan', error)
      return otherwise()
    }
  }
}

function writeOptionsOf(context: Context): WriteOptions {
  const { store, members, owed, telemetry, clock, holdUntil, settings } = context
  return {
    store,
    members,
    owed,
    telemetry,
    clock,
    holdUntil,
    writeDeadline: settings.writeDeadline,
    rejectWrites: settings.rejectWrites,
  }
}
