import { Background } from './background.js'
import { LISTENER } from './cache-info.js'
import type { Catalog } from './catalog/catalog.js'
import { type Client, decimalClassOf, type TransactionTimes, traitsOf, txScope } from './client.js'
import { rowsCodec } from './codec/rows.js'
import { superjsonCodec } from './codec/superjson.js'
import { OwedTouches } from './coherence/owed-touches.js'
import { type PartialPolicy, type Policy, policyOf, UNSAID } from './coherence/policy.js'
import { Reader } from './coherence/reader.js'
import { settle } from './coherence/touches.js'
import { type Transaction, Transactions } from './coherence/transactions.js'
import { Unmarking } from './coherence/unmarking.js'
import { Write, type WriteTerms } from './coherence/writer.js'
import { createControl } from './control.js'
import { DeclaredTags } from './declared-tags.js'
import { Explainer } from './explain.js'
import { hasModel, type ModelOperation, type Operation, sqlOf } from './operation.js'
import type { CacheAsideOptions } from './options.js'
import { provesUnwritten } from './outcome.js'
import { type Explanation, explainRead, explainWrite } from './plan/explain.js'
import { containsUndefined } from './plan/key.js'
import { Planner, type ReadPlan } from './plan/planner.js'
import { isRead, objectOf, type Query } from './plan/query.js'
import { asItIs } from './plan/returned.js'
import type { Tag } from './plan/tag.js'
import { Report, type ReportOptions } from './report.js'
import { scopeOf } from './scope.js'
import { invalidatedBy, readSettingsOf, type Settings, settingsOf } from './settings.js'
import { defaultStore } from './store/default.js'
import type { Store } from './store/store.js'
import { newWriteId } from './store/version.js'
import type { BypassReason } from './telemetry/events.js'
import { Telemetry } from './telemetry/telemetry.js'
import type { CacheControl } from './types.js'
import { loadsTag, taggedKey, userTag } from './user-tags.js'
import { incremented } from './version/increments.js'
import { Lock } from './version/lock.js'
import type { WrittenRows } from './version/shown.js'
import { type Versions, versionsOf } from './version/versions.js'
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

/** One extended client's cache: tells reads from writes, plans them, and hands them to the protocol. */
export class CacheAside {
  readonly control: CacheControl
  readonly writeThrough: WriteThrough
  readonly #client: Client
  readonly #catalog: Catalog
  readonly #settings: Settings
  readonly #planner: Planner
  readonly #store: Store
  readonly #telemetry = new Telemetry()
  readonly #background = new Background()
  readonly #unmarking: Unmarking
  readonly #owed: OwedTouches
  readonly #transactions = new Transactions()
  readonly #declared = new DeclaredTags()
  readonly #reader: Promise<Reader>
  readonly #strictUndefined: boolean
  readonly #explainer = new Explainer<Operation>((operation) => this.#explanationOf(operation))
  readonly #versions: Versions
  readonly #lock: Lock

  constructor(client: Client, catalog: Catalog, options: CacheAsideOptions) {
    this.#client = client
    this.#catalog = catalog
    this.#settings = settingsOf(options, catalog)
    this.#planner = new Planner({ catalog, ...this.#settings, ...traitsOf(client, catalog) })
    this.#versions = versionsOf(this.#settings.models)
    this.#lock = new Lock({
      client,
      versions: this.#versions,
      select: (model, fields) => this.#planner.selection(model, fields),
      heal: (query, row) => this.#heal(this.#touches(() => this.#planner.write(query, row))),
    })
    this.#store = options.store ?? defaultStore()
    this.#unmarking = new Unmarking({
      store: this.#store,
      telemetry: this.#telemetry,
      background: this.#background,
    })
    this.#owed = new OwedTouches({
      store: this.#store,
      telemetry: this.#telemetry,
      holdUntil: () => this.#holdUntil(),
      everything: () => this.#everything().map(({ id }) => id),
    })
    this.#reader = this.#createReader()
    this.#strictUndefined = client._previewFeatures?.includes('strictUndefinedChecks') ?? false
    this.writeThrough = new WriteThrough({
      catalog,
      isOn: (model) => this.#settings.models.get(model)?.writeThrough ?? false,
      telemetry: this.#telemetry,
      background: this.#background,
    })
    this.control = createControl({
      catalog,
      settings: this.#settings,
      planner: this.#planner,
      ...this.#protocol(),
      reader: this.#reader,
      declared: this.#declared,
      explain: (query) => this.#explainer.explain(query),
      everything: () => this.#everything(),
      touch: (tags) => this.#touch(tags),
      owesTouches: () => !this.#owed.isEmpty,
      isInTransaction: () => this.#transactions.isInside,
    })
  }

  /** Runs one operation of the client, of any kind. */
  async run(operation: Operation): Promise<unknown> {
    this.#explainer.take(operation)
    if (!hasModel(operation)) return this.#raw(operation)
    return isRead(operation.operation) ? this.#read(operation) : this.#invalidating(operation)
  }

  /** Runs a transaction of the client, and settles what its operations announce when it has ended. */
  async transaction(self: Client, input: unknown, times?: TransactionTimes): Promise<unknown> {
    const begin = (body: unknown) => this.#client.$transaction.call(self, body, times)
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

  /** From now on, clients with these computed fields may call, as `User.fullName`, beyond the fingerprint. */
  computedLater(fields: Iterable<string>): void {
    this.#planner.computedLater(fields)
  }

  /** Resolves when nothing goes on in the background. */
  rest(): Promise<void> {
    return this.#background.rest()
  }

  async close(): Promise<void> {
    await this.#owed.deliver()
    await this.#store.close()
  }

  async #createReader(): Promise<Reader> {
    const [model] = this.#catalog.models.keys()
    const Decimal = await decimalClassOf(this.#client, model)
    const codec = rowsCodec(Decimal, superjsonCodec(Decimal))
    return new Reader({ ...this.#settings, ...this.#protocol(), codec })
  }

  async #read({ model, operation, args, query, __internalParams }: ModelOperation) {
    const { cache, [LISTENER]: listener, ...own } = objectOf(args)
    const asked = readSettingsOf(cache)
    const load = () => query(own)
    const report = new Report({
      telemetry: this.#telemetry,
      clock: Date.now,
      model,
      operation,
      listener: listener as ReportOptions['listener'],
    })
    const bypass = (reason: BypassReason) => {
      report.bypass(reason)
      return load()
    }
    if (__internalParams?.transaction !== undefined) return bypass('transaction')
    if (!(asked.enabled ?? this.#isCached(operation))) return bypass('disabled')
    const who = asked.scope === undefined ? scopeOf(this.#settings.scope, this.#telemetry) : asked
    if (who === undefined) return bypass('scope')
    const read = { model, operation, args: own, dataPath: __internalParams?.dataPath ?? [] }
    const plan = this.#planRead(read, who.scope)
    if (!plan.cacheable) return bypass(plan.reason)

    const given = asked.tags.map((name) => userTag(this.#settings.keyspace, name))
    const key = taggedKey(plan.key, asked.tags)
    const entry = {
      key,
      get tags() {
        return [...plan.tags, ...given, ...plan.wide].map(({ name }) => name)
      },
    }
    const idsOf = (tags: readonly Tag[]) => tags.map(({ id }) => id)
    const reader = await this.#reader
    return reader.read({
      model,
      operation,
      key,
      tags: [...idsOf(plan.tags), ...idsOf(given)],
      wide: idsOf(plan.wide),
      narrow: (answer) => this.#planner.narrow(read, answer),
      rowVersions: (answer) => this.#planner.versionsIn(read, answer),
      policy: this.#policyOf(model, plan.ttl, asked),
      refresh: asked.refresh,
      load,
      report: (outcome) => report.outcome(entry, outcome),
    })
  }

  /** @param ttl of all models that the read sees. */
  #policyOf(model: string, ttl: number, asked: PartialPolicy): Policy {
    const own = this.#settings.models.get(model) ?? UNSAID
    return policyOf(asked, { ...UNSAID, ttl }, own, this.#settings)
  }

  #explanationOf(operation: Operation): Explanation {
    const { model, args } = operation
    const dataPath = operation.__internalParams?.dataPath ?? []
    if (!hasModel(operation) || model === undefined) {
      const isQuery = operation.operation.startsWith('$queryRaw')
      return explainWrite(operation, this.#planner.raw(sqlOf(args), isQuery))
    }
    const { cache, ...own } = objectOf(args)
    const query = { model, operation: operation.operation, args: own, dataPath }
    if (!isRead(query.operation)) {
      const written = { ...query, args: incremented(this.#catalog, this.#versions, query) }
      return explainWrite(query, this.#planner.write(written))
    }
    const { scope } = readSettingsOf(cache)
    return explainRead(query, this.#planner.read(query, scope), this.#planner.parts(query))
  }

  #isCached(operation: string): boolean {
    return !this.#settings.optIn && this.#settings.operations.has(operation)
  }

  #planRead(query: Query, scope: string | undefined): ReadPlan {
    if (this.#strictUndefined && containsUndefined(query.args)) {
      return { cacheable: false, reason: 'uncacheable' }
    }
    try {
      return this.#planner.read(query, scope)
    } catch (error) {
      this.#telemetry.error('plan', error)
      return { cacheable: false, reason: 'uncacheable' }
    }
  }

  /** A write that may name tags which it invalidates, besides those of what it changes. */
  async #invalidating(operation: ModelOperation) {
    const { cache, ...args } = objectOf(operation.args)
    const names = invalidatedBy(cache)
    const write = () => this.#write(cache === undefined ? operation : { ...operation, args })
    if (names.length === 0) return write()
    const tags = names.map((name) => userTag(this.#settings.keyspace, name))
    const change = { tags, run: write, touched: () => tags, isRevocable: true }
    return this.#announced(change, operation.__internalParams?.transaction)
  }

  async #write({ model, operation, args, query, __internalParams }: ModelOperation) {
    const { transaction, dataPath = [] } = __internalParams ?? {}
    const counted = incremented(this.#catalog, this.#versions, { model, operation, args })
    const written = { model, operation, args: counted, dataPath }
    const returning = this.#planWrite(
      () => this.#planner.returning(written),
      () => asItIs(counted),
    )
    const change = {
      tags: this.#touches(() => this.#planner.write(written)),
      run: () => this.#lock.guard(written, transaction, () => query(returning.args)),
      touched: (result: unknown) => this.#touches(() => this.#planner.write(written, result)),
      isRevocable: true,
      written: (result: unknown) =>
        this.#planWrite(
          () => this.#planner.writtenIn(written, result),
          () => new Map(),
        ),
    }
    const result = await this.#announced(change, transaction)
    if (transaction === undefined && dataPath.length === 0) {
      this.writeThrough.after(model, operation, result)
    }
    return returning.strip(result)
  }

  async #raw({ operation, args, query, __internalParams }: Operation) {
    const isQuery = operation.startsWith('$queryRaw')
    const tags =
      this.#declared.current() ?? this.#touches(() => this.#planner.raw(sqlOf(args), isQuery))
    if (tags.length === 0) return query(args)
    const run = () => query(args)
    const raw = { tags, run, touched: () => tags, isRevocable: false }
    return this.#announced(raw, __internalParams?.transaction)
  }

  #touches(plan: () => readonly Tag[]): readonly Tag[] {
    return this.#planWrite(plan, () => this.#planner.everything())
  }

  #planWrite<T>(plan: () => T, otherwise: () => T): T {
    try {
      return plan()
    } catch (error) {
      this.#telemetry.error('plan', error)
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
    const { rejectWrites } = this.#settings
    const holdUntil = () => this.#holdUntil()
    return new Write({ ...this.#protocol(), holdUntil, rejectWrites }, terms)
  }

  /** Of a write: who touches in its place holds nothing, so replicas must have caught up by then. */
  #lifetime(): number {
    const { writeDeadline, replicaLag } = this.#settings
    return writeDeadline + (replicaLag ?? 0)
  }

  /** Replicas that lag behind may answer reads for so long. */
  #holdUntil(): number | undefined {
    const { replicaLag } = this.#settings
    return replicaLag === undefined ? undefined : Date.now() + replicaLag
  }

  #protocol() {
    return {
      store: this.#store,
      owed: this.#owed,
      background: this.#background,
      unmarking: this.#unmarking,
      telemetry: this.#telemetry,
      clock: () => Date.now(),
    }
  }

  async #touch(tags: readonly Tag[]): Promise<void> {
    const touched = tags.map(({ id }) => id)
    const holdUntil = this.#holdUntil()
    await settle(this.#store, newWriteId(), { touched, holdUntil })
    this.#telemetry.touch({ tags: tags.map(({ name }) => name) })
  }

  /** The same where nothing hangs on it: what the store does not take now, it is offered again. */
  async #heal(tags: readonly Tag[]): Promise<void> {
    try {
      await this.#touch(tags)
    } catch (error) {
      this.#telemetry.error('settle', error)
      this.#owed.add(tags.map(({ id }) => id))
    }
  }

  /** Touching these invalidates every entry. */
  #everything(): readonly Tag[] {
    return [...this.#planner.everything(), loadsTag(this.#settings.keyspace)]
  }

  #timeoutOf(times?: TransactionTimes): number {
    const defaults = this.#client._engineConfig?.transactionOptions
    return times?.timeout ?? defaults?.timeout ?? PRISMA_TIMEOUT
  }
}

/** Prisma's own default for an interactive transaction, in milliseconds. */
const PRISMA_TIMEOUT = 5_000
