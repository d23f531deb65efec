import type { Catalog } from './catalog/catalog.js'
import { type Core, coreOf } from './context.js'
import { createControl } from './control/create-control.js'
import { Explainer } from './control/explainer.js'
import type { CacheControl } from './extension-types.js'
import type { CacheAsideOptions } from './options/options.js'
import { readSettingsOf } from './options/query-settings.js'
import { type Explanation, explainRead, explainWrite } from './plan/explain.js'
import { isRead, objectOf } from './plan/query.js'
import type { Client, TransactionTimes } from './prisma-client/client.js'
import { hasModel, type Operation, sqlOf } from './prisma-client/operation.js'
import { Reads } from './read/read-interceptor.js'
import { DeclaredTags } from './write/declared-tags.js'
import { Writes } from './write/write-interceptor.js'

/** One extended client's cache. */
export class CacheAside {
  readonly control: CacheControl
  readonly #core: Core
  readonly #reads: Reads
  readonly #writes: Writes
  readonly #explainer = new Explainer<Operation>((operation) => this.#explanationOf(operation))

  constructor(client: Client, catalog: Catalog, options: CacheAsideOptions) {
    const core = coreOf(client, catalog, options)
    const declared = new DeclaredTags()
    this.#core = core
    this.#reads = new Reads(core)
    this.#writes = new Writes(core, declared)
    this.control = createControl({
      ...core,
      declared,
      reader: this.#reads.reader,
      explain: (query) => this.#explainer.explain(query),
      touch: (tags) => this.#writes.touch(tags),
      owesTouches: () => !core.owed.isEmpty,
      isInTransaction: () => this.#writes.isInTransaction,
    })
  }

  /** @param client the extended one, whose reads are those of the application. */
  use(client: Client): void {
    this.#writes.through.use(client)
  }

  /** Runs one operation of the client, of any kind. */
  async run(operation: Operation): Promise<unknown> {
    this.#explainer.take(operation)
    if (!hasModel(operation)) return this.#writes.raw(operation)
    return isRead(operation.operation) ? this.#reads.run(operation) : this.#writes.run(operation)
  }

  /** Runs a transaction of the client, and settles what its operations announce when it has ended. */
  transaction(self: Client, input: unknown, times?: TransactionTimes): Promise<unknown> {
    return this.#writes.transaction(self, input, times)
  }

  /** From now on, clients with these computed fields may call, as `User.fullName`, beyond the fingerprint. */
  computedLater(fields: Iterable<string>): void {
    this.#core.planner.computedLater(fields)
  }

  /** Resolves when nothing goes on in the background. */
  rest(): Promise<void> {
    return this.#core.background.rest()
  }

  async close(): Promise<void> {
    await this.#core.owed.deliver()
    await this.#core.store.close()
  }

  #explanationOf(operation: Operation): Explanation {
    const { planner } = this.#core
    if (!hasModel(operation)) {
      const isQuery = operation.operation.startsWith('$queryRaw')
      return explainWrite(operation, planner.raw(sqlOf(operation.args), isQuery))
    }
    const { model, __internalParams } = operation
    const { cache, ...args } = objectOf(operation.args)
    const dataPath = __internalParams?.dataPath ?? []
    const query = { model, operation: operation.operation, args, dataPath }
    if (!isRead(query.operation)) return explainWrite(query, this.#writes.planned(query))
    const { scope } = readSettingsOf(cache)
    return explainRead(query, planner.read(query, scope), planner.parts(query))
  }
}
