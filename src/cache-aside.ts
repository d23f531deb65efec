import type { Catalog } from './catalog/catalog.js'
import { type Context, createContext } from './context.js'
import type { CacheControl } from './control/cache-control.js'
import { createControl } from './control/create-control.js'
import { Explainer } from './control/explainer.js'
import type { CacheAsideOptions } from './options/options.js'
import { readSettingsOf } from './options/query-settings.js'
import { type Explanation, explainRead, explainWrite } from './plan/explain.js'
import { isRead, objectOf } from './plan/query.js'
import { shapeOf } from './plan/shape.js'
import type { Client, TransactionTimes } from './prisma-client/client.js'
import { hasModel, type Operation, sqlOf } from './prisma-client/operation.js'
import { TRAITS, type TraitsOf } from './prisma-client/with-cache-info.js'
import { ReadInterceptor } from './read/read-interceptor.js'
import { DeclaredTags } from './write/declared-tags.js'
import { WriteInterceptor } from './write/write-interceptor.js'

/** The cache of one extended client. */
export class CacheAside {
  readonly control: CacheControl
  readonly #context: Context
  readonly #reads: ReadInterceptor
  readonly #writes: WriteInterceptor
  readonly #explainer = new Explainer<Operation>((operation) => this.#explanationOf(operation))

  constructor(client: Client, catalog: Catalog, options: CacheAsideOptions) {
    const context = createContext(client, catalog, options)
    const declared = new DeclaredTags()
    this.#context = context
    this.#reads = new ReadInterceptor(context)
    this.#writes = new WriteInterceptor(context, declared)
    this.control = createControl({
      context,
      reader: this.#reads.reader,
      decimalClass: this.#reads.decimalClass,
      declared,
      explain: (query) => this.#explainer.explain(query),
      isInTransaction: () => this.#writes.transactions.isInTransaction,
    })
  }

  /** @param client the extended client, whose reads are those of the application. */
  use(client: Client): void {
    this.#writes.through.use(client)
  }

  /** Runs one operation of the client, of any kind. */
  async run(operation: Operation): Promise<unknown> {
    this.#explainer.take(operation)
    this.#writes.transactions.note(operation.__internalParams?.transaction)
    if (!hasModel(operation)) return this.#writes.raw(operation)
    return isRead(operation.operation) ? this.#reads.run(operation) : this.#writes.run(operation)
  }

  /** Runs a transaction of the client, and settles what its operations announced when it has ended. */
  transaction(self: Client, input: unknown, times?: TransactionTimes): Promise<unknown> {
    return this.#writes.transactions.transaction(self, input, times)
  }

  /** @param computed the computed fields, as `User.fullName`, if the later extension changed them. */
  extendedLater(computed: Iterable<string> | undefined): void {
    this.#writes.transactions.extendedLater()
    if (computed !== undefined) this.#context.planner.computedLater(computed)
  }

  /** Resolves when nothing runs in the background. */
  rest(): Promise<void> {
    return this.#context.background.rest()
  }

  async close(): Promise<void> {
    const { owed, members, store, telemetry } = this.#context
    await owed.deliver()
    await members.leave().catch((error) => telemetry.error('members', error))
    await store.close()
  }

  async #explanationOf(operation: Operation): Promise<Explanation> {
    const { planner } = this.#context
    if (!hasModel(operation)) {
      return explainWrite(operation, planner.raw(sqlOf(operation.args)))
    }
    const { model, __internalParams } = operation
    const { cache, [TRAITS]: traits, ...args } = objectOf(operation.args)
    const dataPath = __internalParams?.dataPath ?? []
    const query = { model, operation: operation.operation, args, dataPath }
    if (!isRead(query.operation)) return explainWrite(query, this.#writes.planned(query))
    const { scope } = readSettingsOf(cache)
    const { plan } = planner.read(query, scope, (traits as TraitsOf | undefined)?.())
    const reader = await this.#reads.reader
    const paused = reader.pauseOf(shapeOf(query))
    return { ...explainRead(query, plan, planner.parts(query)), ...(paused && { paused }) }
  }
}
