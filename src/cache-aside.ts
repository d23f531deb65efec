import { AsyncLocalStorage } from 'node:async_hooks'
import type { Catalog } from './catalog/catalog.js'
import { type Client, decimalClassOf, type TransactionTimes, traitsOf, txScope } from './client.js'
import { superjsonCodec } from './codec/superjson.js'
import { OwedTouches } from './coherence/owed-touches.js'
import { Reader } from './coherence/reader.js'
import { type Transaction, Transactions } from './coherence/transactions.js'
import { Write, type WriteTerms } from './coherence/writer.js'
import { ConfigurationError } from './errors.js'
import { type CacheAsideOptions, queryOptionsOf, type Settings, settingsOf } from './options.js'
import { provesUnwritten } from './outcome.js'
import { type Explanation, explainRead, explainWrite } from './plan/explain.js'
import { containsUndefined } from './plan/key.js'
import { Planner, type ReadPlan } from './plan/planner.js'
import { type Args, isRead, objectOf, type Query } from './plan/query.js'
import { asItIs } from './plan/returned.js'
import type { Tag } from './plan/tag.js'
import { defaultStore } from './store/default.js'
import type { Store } from './store/store.js'
import { newWriteId } from './store/version.js'
import type { BypassReason } from './telemetry/events.js'
import { Telemetry } from './telemetry/telemetry.js'
import type { CacheControl } from './types.js'

/** What Prisma hands to a query extension. */
export interface Operation {
  readonly model?: string
  readonly operation: string
  readonly args: unknown
  readonly query: (args: unknown) => Promise<unknown>
  readonly __internalParams?: {
    readonly transaction?: Transaction
    readonly dataPath?: readonly string[]
  }
}

/** What may change rows, and what it touches. */
interface Change {
  /** What stands for all that it may turn out to touch. */
  readonly tags: readonly Tag[]
  readonly run: () => Promise<unknown>
  /** What it did touch, given its result. */
  readonly touched: (result: unknown) => readonly Tag[]
  /** Whether a rollback undoes it: raw SQL may commit by itself. */
  readonly isRevocable: boolean
}

type ModelOperation = Operation & { readonly model: string }

/** One extended client's cache: tells reads from writes, plans them, and hands them to the protocol. */
export class CacheAside {
  readonly control: CacheControl
  readonly #client: Client
  readonly #catalog: Catalog
  readonly #settings: Settings
  readonly #planner: Planner
  readonly #store: Store
  readonly #telemetry = new Telemetry()
  readonly #owed: OwedTouches
  readonly #transactions = new Transactions()
  readonly #reader: Promise<Reader>
  readonly #strictUndefined: boolean
  readonly #computedLater = new Set<string>()
  readonly #explaining = new AsyncLocalStorage<(operation: Operation) => never>()

  constructor(client: Client, catalog: Catalog, options: CacheAsideOptions) {
    this.#client = client
    this.#catalog = catalog
    this.#settings = settingsOf(options, catalog)
    this.#planner = new Planner({
      catalog,
      ...this.#settings,
      ...traitsOf(client, catalog),
      computedLater: this.#computedLater,
    })
    this.#store = options.store ?? defaultStore()
    this.#owed = new OwedTouches({
      store: this.#store,
      telemetry: this.#telemetry,
      holdUntil: () => this.#holdUntil(),
      everything: () => this.#planner.everything().map(({ id }) => id),
    })
    this.#reader = this.#createReader()
    this.#strictUndefined = client._previewFeatures?.includes('strictUndefinedChecks') ?? false
    this.control = {
      stats: () => this.#telemetry.stats(),
      on: (name, listener) => this.#telemetry.on(name, listener),
      health: async () => ({ ...(await this.#store.health()), owesTouches: !this.#owed.isEmpty }),
      invalidate: async (target) => this.#touch(this.#planner.model(this.#knownModel(target))),
      explain: (query) => this.#explain(query),
      clear: async () => {
        await this.#touch(this.#planner.everything())
        await this.#store.clear()
      },
    }
  }

  /** Runs one operation of the client, of any kind. */
  async run(operation: Operation): Promise<unknown> {
    this.#explaining.getStore()?.(operation)
    if (!hasModel(operation)) return this.#raw(operation)
    return isRead(operation.operation) ? this.#read(operation) : this.#write(operation)
  }

  /** Runs a transaction of the client, and settles what its operations announce when it has ended. */
  async transaction(self: Client, input: unknown, times?: TransactionTimes): Promise<unknown> {
    const begin = (body: unknown) => this.#client.$transaction.call(self, body, times)
    // Nested: what is written is committed with the outermost one.
    if (self[txScope] !== undefined) return begin(input)

    const write = this.#begin({ lifetime: this.#settings.writeDeadline + this.#timeoutOf(times) })
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
        return await input(tx)
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
    for (const field of fields) this.#computedLater.add(field)
  }

  async close(): Promise<void> {
    await this.#owed.deliver()
    await this.#store.close()
  }

  async #createReader(): Promise<Reader> {
    const [model] = this.#catalog.models.keys()
    const codec = superjsonCodec(await decimalClassOf(this.#client, model))
    const { strict, leaseWait } = this.#settings
    return new Reader({ ...this.#protocol(), codec, strict, leaseWait })
  }

  async #read({ model, operation, args, query, __internalParams }: ModelOperation) {
    const { cache, ...own } = objectOf(args)
    const load = () => query(own)
    const bypass = (reason: BypassReason) => {
      this.#telemetry.bypass({ model, operation, reason })
      return load()
    }
    const asked = typeof cache === 'object' ? queryOptionsOf(cache) : undefined
    if (cache !== undefined && typeof cache !== 'boolean' && asked === undefined) {
      throw new ConfigurationError(`cache: expected true, false or an object, got ${typeof cache}`)
    }
    if (__internalParams?.transaction !== undefined) return bypass('transaction')
    if (cache === false || (cache === undefined && !this.#isCached(operation))) {
      return bypass('disabled')
    }
    const dataPath = __internalParams?.dataPath ?? []
    const plan = this.#planRead({ model, operation, args: own, dataPath }, asked?.scope)
    if (!plan.cacheable) return bypass(plan.reason)
    const reader = await this.#reader
    const tags = plan.tags.map(({ id }) => id)
    const wide = plan.wide.map(({ id }) => id)
    const { key, narrow } = plan
    const ttl = asked?.ttl ?? plan.ttl
    return reader.read({ model, operation, key, tags, wide, narrow, ttl, load })
  }

  /** Takes the first operation that the call would run, and lets none run. */
  async #explain(query: () => PromiseLike<unknown>): Promise<Explanation> {
    let explained: Explanation | undefined
    const take = (operation: Operation) => {
      explained ??= this.#explanationOf(operation)
      throw new Explained()
    }
    try {
      await this.#explaining.run(take, async () => query())
    } catch (error) {
      if (!(error instanceof Explained)) throw error
    }
    if (explained !== undefined) return explained
    throw new ConfigurationError(
      'explain: expected a function that calls this client, such as () => prisma.user.findMany(), got one that does not',
    )
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
    if (!isRead(query.operation)) return explainWrite(query, this.#planner.write(query))
    const { scope } = typeof cache === 'object' ? queryOptionsOf(cache) : {}
    return explainRead(query, this.#planner.read(query, scope, true))
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

  async #write({ model, operation, args, query, __internalParams }: ModelOperation) {
    const dataPath = __internalParams?.dataPath ?? []
    const written = { model, operation, args, dataPath }
    const returning = this.#planWrite(
      () => this.#planner.returning(written),
      () => asItIs(args),
    )
    return this.#announced(
      {
        tags: this.#touches(() => this.#planner.write(written)),
        run: () => query(returning.args),
        touched: (result) => this.#touches(() => this.#planner.write(written, result)),
        isRevocable: true,
      },
      __internalParams?.transaction,
    ).then(returning.strip)
  }

  async #raw({ operation, args, query, __internalParams }: Operation) {
    const isQuery = operation.startsWith('$queryRaw')
    const tags = this.#touches(() => this.#planner.raw(sqlOf(args), isQuery))
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
    const { tags, run, touched, isRevocable } = change
    if (transaction === undefined) {
      const write = this.#begin({ lifetime: this.#settings.writeDeadline })
      const report = await write.announce(tags, isRevocable)
      const outcome = run().then((result) => {
        report(touched(result))
        return result
      })
      return write.endWith(outcome, provesUnwritten)
    }
    // Begun on another client, whose end is not seen here: nothing is cached until it must be over.
    const unseen = { lifetime: this.#settings.writeDeadline + this.#timeoutOf(), blocking: true }
    const write = this.#transactions.writeOf(transaction) ?? this.#begin(unseen)
    const report = await write.announce(tags, isRevocable)
    const result = await run()
    report(touched(result))
    return result
  }

  #begin(terms: WriteTerms): Write {
    const { rejectWrites } = this.#settings
    const holdUntil = () => this.#holdUntil()
    return new Write({ ...this.#protocol(), holdUntil, rejectWrites }, terms)
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
      telemetry: this.#telemetry,
      clock: () => Date.now(),
    }
  }

  async #touch(tags: readonly Tag[]): Promise<void> {
    const touched = tags.map(({ id }) => id)
    const holdUntil = this.#holdUntil()
    await this.#store.settle(newWriteId(), { touched, untouched: [], holdUntil })
    this.#telemetry.touch({ tags: tags.map(({ name }) => name) })
  }

  #knownModel(target: unknown): string {
    const { model } = objectOf(target)
    if (typeof model === 'string' && this.#catalog.models.has(model)) return model
    throw new ConfigurationError(
      `invalidate: expected { model } of the schema, got ${String(model)}`,
    )
  }

  #timeoutOf(times?: TransactionTimes): number {
    const defaults = this.#client._engineConfig?.transactionOptions
    return times?.timeout ?? defaults?.timeout ?? PRISMA_TIMEOUT
  }
}

/** Ends a call that is explained instead of run. */
class Explained extends Error {}

/** Prisma's own default for an interactive transaction, in milliseconds. */
const PRISMA_TIMEOUT = 5_000

function hasModel(operation: Operation): operation is ModelOperation {
  return operation.model !== undefined
}

/** The text of raw SQL, in any of the forms that Prisma hands on; undefined where there is none. */
function sqlOf(args: unknown): string | undefined {
  const text = Array.isArray(args) ? args[0] : (objectOf(args) as Args).sql
  return typeof text === 'string' ? text : undefined
}
