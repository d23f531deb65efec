import { ContextValue } from '../event-loop/context-value.js'
import { objectOf } from '../plan/query.js'
import { Effects, isRefusal, type Outcome } from './effects.js'

/**
 * A cache that must hear of every write which the clients of an engine send. They all share one driver
 * adapter: wrapped, it shows each statement and each COMMIT, and an AsyncLocalStorage says which of them
 * belong to an operation that the cache has announced. Any other belongs to someone else: the base client,
 * an extension that was applied earlier, a query builder on top of either.
 */
export interface Watcher {
  /** Caches with the same store and keyspace have the same token, so that only one of them handles a write. */
  readonly token: object
  /** Whether a SELECT may change rows, because it may call a function that does. */
  readonly selectsMayWrite: boolean
  /** Finds the effects that the SQL may have, by its text. */
  effectOf(sql: string): StatementEffect
  /** Begins to follow writes that nobody has announced. */
  follow(): ForeignWrite
}

export interface StatementEffect {
  /** The names of the models that may change; empty if it only reads. */
  readonly models: ReadonlySet<string> | 'all'
  /** Whether it may commit the transaction that it runs in. */
  readonly mayCommit: boolean
}

/** One statement outside a transaction, or the statements of one transaction, that nobody has announced. */
export interface ForeignWrite {
  /** Begins to announce a statement that is about to be sent. */
  announce(models: StatementEffect['models']): void
  /** Resolves when what was announced may be committed. Where it rejects, it must not be. */
  ready(): Promise<void>
  /** Settles or withdraws what was announced. */
  end(outcome: Outcome): Promise<void>
}

/** An operation that a cache has announced. */
export interface AnnouncedWrite {
  readonly token: object
  readonly effects: Effects
  /** Whether a statement that may change these models was announced with it. */
  covers(models: StatementEffect['models']): boolean
}

/** Watches the statements of all clients that share a driver adapter's factory. */
export class Sentinel {
  #isConnected = false
  #isBlind = false
  #selectsMayWrite = false
  readonly #watchers = new Map<object, WeakRef<Watcher>[]>()
  /** The operations in whose contexts a statement runs: several caches may be stacked on one client. */
  readonly #announced = new ContextValue<AnnouncedWrite>()

  /** Whether it sees the statements: it does if it has seen the connection begin. */
  get isWatching(): boolean {
    return this.#isConnected
  }

  /** Whether a query was answered through a connection that it has not seen begin. */
  get isBlind(): boolean {
    return this.#isBlind
  }

  /** Notes that a query was answered. */
  answered(): void {
    if (!this.#isConnected) this.#isBlind = true
  }

  /** Runs an operation that is announced. Prisma sends its query when it is awaited, which happens here. */
  runAnnounced<T>(write: AnnouncedWrite, run: () => PromiseLike<T>): Promise<T> {
    return this.#announced.run(write, async () => await run())
  }

  /** @param watcher held weakly: a client that is gone needs to hear nothing. */
  add(watcher: Watcher): void {
    this.#selectsMayWrite ||= watcher.selectsMayWrite
    const others = this.#watchers.get(watcher.token) ?? []
    const alive = others.filter((reference) => reference.deref() !== undefined)
    this.#watchers.set(watcher.token, [...alive, new WeakRef(watcher)])
  }

  /** Wraps a connection of the adapter. */
  connected(connection: Connection): Connection {
    this.#isConnected = true
    this.#isBlind = false
    this.#wrap(connection, undefined)
    const { startTransaction } = connection
    if (startTransaction !== undefined) {
      connection.startTransaction = async (...args) =>
        this.#transaction(await startTransaction.apply(connection, args))
    }
    return connection
  }

  #transaction(connection: TransactionConnection): TransactionConnection {
    const { executeRaw } = connection
    const transaction = new WatchedTransaction(() => executeRaw.call(connection, ROLLBACK))
    this.#wrap(connection, transaction)
    const { commit, rollback } = connection
    connection.commit = async () => {
      await transaction.ready()
      try {
        await commit.call(connection)
      } catch (error) {
        await transaction.end(isRefusal(error) ? 'unwritten' : 'unknown')
        throw error
      }
      await transaction.end('written')
    }
    connection.rollback = async () => {
      try {
        await rollback.call(connection)
      } finally {
        await transaction.end(transaction.mayBeCommitted ? 'unknown' : 'unwritten')
      }
    }
    return connection
  }

  #wrap(connection: Queryable, transaction: WatchedTransaction | undefined): void {
    const { queryRaw, executeRaw, executeScript } = connection
    connection.queryRaw = (query) =>
      this.#run(query.sql, transaction, () => queryRaw.call(connection, query))
    connection.executeRaw = (query) =>
      this.#run(query.sql, transaction, () => executeRaw.call(connection, query))
    if (executeScript !== undefined) {
      connection.executeScript = (script) =>
        this.#run(script, transaction, () => executeScript.call(connection, script))
    }
  }

  #run<T>(
    sql: string,
    transaction: WatchedTransaction | undefined,
    send: () => Promise<T>,
  ): Promise<T> {
    const own = [...this.#announced.all()]
    for (const { effects } of own) effects.see()
    if (this.#watchers.size === 0) return send()
    if (!this.#selectsMayWrite && plainRead.test(sql)) return send()
    return this.#watched(sql, own, transaction, send)
  }

  async #watched<T>(
    sql: string,
    announced: readonly AnnouncedWrite[],
    transaction: WatchedTransaction | undefined,
    send: () => Promise<T>,
  ): Promise<T> {
    const affected = new Set<Effects>()
    let mayCommit = false
    for (const watcher of this.#alive()) {
      const { models, mayCommit: commits } = watcher.effectOf(sql)
      mayCommit ||= commits
      if (models !== 'all' && models.size === 0) continue
      const own = announced.find(({ token }) => token === watcher.token)
      if (own !== undefined) affected.add(own.effects)
      if (own?.covers(models)) continue
      affected.add(followed(watcher, models, transaction))
    }
    if (transaction !== undefined) return transaction.run(affected, mayCommit, send)
    return runAlone(affected, sql, send)
  }

  /** One watcher for each token: the first that is still in use. */
  #alive(): readonly Watcher[] {
    const watchers: Watcher[] = []
    for (const [token, references] of this.#watchers) {
      let watcher = references[0]?.deref()
      while (watcher === undefined && references.length > 0) {
        references.shift()
        watcher = references[0]?.deref()
      }
      if (watcher === undefined) this.#watchers.delete(token)
      else watchers.push(watcher)
    }
    return watchers
  }
}

/** Announces a statement that nobody else has announced. */
function followed(
  watcher: Watcher,
  models: StatementEffect['models'],
  transaction: WatchedTransaction | undefined,
): Effects {
  const known = transaction?.foreign.get(watcher.token)
  const foreign = known ?? begin(watcher)
  transaction?.foreign.set(watcher.token, foreign)
  foreign.write.announce(models)
  return foreign.effects
}

interface Followed {
  readonly write: ForeignWrite
  readonly effects: Effects
}

function begin(watcher: Watcher): Followed {
  const write = watcher.follow()
  const effects = new Effects({
    ready: () => write.ready(),
    onDecided: (outcome) => write.end(outcome),
  })
  return { write, effects }
}

/** Runs a statement outside a transaction, which commits by itself. */
async function runAlone<T>(
  affected: ReadonlySet<Effects>,
  sql: string,
  send: () => Promise<T>,
): Promise<T> {
  for (const effects of affected) effects.begin()
  let outcome: Outcome = 'unwritten'
  try {
    for (const effects of affected) await effects.ready()
    outcome = 'written'
    const result = await send()
    if (changedNothing(sql, result)) outcome = 'unwritten'
    return result
  } catch (error) {
    if (outcome === 'written') outcome = isRefusal(error) ? 'unwritten' : 'unknown'
    throw error
  } finally {
    for (const effects of affected) await effects.end(outcome)
  }
}

/** Whether the result of a single statement says that it changed no row. */
function changedNothing(sql: string, result: unknown): boolean {
  if (!singleWrite.test(sql)) return false
  if (typeof result === 'number') return result === 0
  const { rows } = objectOf(result)
  return returning.test(sql) && Array.isArray(rows) && rows.length === 0
}

const singleWrite = /^\s*(UPDATE|DELETE|INSERT)\b[^;]*$/i
const returning = /\bRETURNING\b/i

/** The writes that have statements in one transaction. */
class WatchedTransaction {
  /** The writes that nobody has announced, by the caches that follow them. */
  readonly foreign = new Map<object, Followed>()
  readonly #affected = new Set<Effects>()
  readonly #rollBack: () => Promise<unknown>
  #mayBeCommitted = false

  /** @param rollBack sends ROLLBACK. */
  constructor(rollBack: () => Promise<unknown>) {
    this.#rollBack = rollBack
  }

  /** Whether a statement may have committed it: then a rollback does not prove that nothing was written. */
  get mayBeCommitted(): boolean {
    return this.#mayBeCommitted
  }

  async run<T>(
    affected: ReadonlySet<Effects>,
    mayCommit: boolean,
    send: () => Promise<T>,
  ): Promise<T> {
    for (const effects of affected) {
      if (!this.#affected.has(effects)) effects.begin()
      this.#affected.add(effects)
    }
    if (!mayCommit) return send()
    await this.ready()
    try {
      const result = await send()
      this.#mayBeCommitted = true
      return result
    } catch (error) {
      this.#mayBeCommitted ||= !isRefusal(error)
      throw error
    }
  }

  /** Resolves when it may be committed. Where it rejects, it is rolled back. */
  async ready(): Promise<void> {
    try {
      for (const effects of this.#affected) await effects.ready()
    } catch (error) {
      // Prisma returns the connection to its pool after a COMMIT that failed.
      await this.#rollBack()
      throw error
    }
  }

  /** Tells every write, before the caller hears of the end. */
  async end(outcome: Outcome): Promise<void> {
    const affected = [...this.#affected]
    this.#affected.clear()
    for (const effects of affected) await effects.end(outcome)
  }
}

/** A single SELECT without strings, as Prisma writes them: it changes no rows. */
const plainRead = /^\s*SELECT\b[^;']*$/

interface Query {
  readonly sql: string
  readonly args?: readonly unknown[]
  readonly argTypes?: readonly unknown[]
}

const ROLLBACK: Query = { sql: 'ROLLBACK', args: [], argTypes: [] }

interface Queryable {
  queryRaw(query: Query): Promise<unknown>
  executeRaw(query: Query): Promise<unknown>
  executeScript?(script: string): Promise<void>
}

interface Connection extends Queryable {
  startTransaction?(...args: unknown[]): Promise<TransactionConnection>
}

interface TransactionConnection extends Queryable {
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** The factory of a driver adapter, which all clients of an engine share. */
export interface AdapterFactory {
  connect(): Promise<Connection>
}

/** Other copies of this package find the sentinel of a factory under the same key. */
const SENTINEL = Symbol.for('prisma-extension-cache-aside.sentinel')

/** The sentinel of the factory. Its `connect` is wrapped once; undefined where there is nothing to wrap. */
export function sentinelOf(factory: unknown): Sentinel | undefined {
  if (typeof factory !== 'object' || factory === null) return undefined
  const { connect, [SENTINEL]: known } = factory as AdapterFactory & { [SENTINEL]?: Sentinel }
  if (known !== undefined) return known
  if (typeof connect !== 'function' || !Object.isExtensible(factory)) return undefined
  const sentinel = new Sentinel()
  Object.defineProperty(factory, SENTINEL, { value: sentinel })
  Object.defineProperty(factory, 'connect', {
    value: async () => sentinel.connected(await connect.call(factory as AdapterFactory)),
    configurable: true,
    writable: true,
  })
  return sentinel
}
