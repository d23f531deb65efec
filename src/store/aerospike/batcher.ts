/**
 * Collects the keys that are requested within one turn of the event loop, and fetches each of them
 * once, in one batch.
 *
 * The idea comes from graphql/dataloader. All callers of a turn get their answers in the same turn.
 * Prisma depends on that: it combines the `findUnique` calls of one turn into one SQL statement.
 */
export class Batcher<K, V> {
  readonly #fetch: (keys: readonly K[]) => Promise<readonly V[]>
  #indexes = new Map<K, number>()
  #answer: Promise<readonly V[]> | undefined

  /** @param fetch resolves to one value for each key, in the order of the keys. */
  constructor(fetch: (keys: readonly K[]) => Promise<readonly V[]>) {
    this.#fetch = fetch
  }

  async get(keys: readonly K[]): Promise<readonly V[]> {
    const indexes = keys.map((key) => this.#indexOf(key))
    this.#answer ??= this.#flushAfterThisTurn()
    const values = await this.#answer
    return indexes.map((index) => values[index] as V)
  }

  #indexOf(key: K): number {
    const index = this.#indexes.get(key) ?? this.#indexes.size
    this.#indexes.set(key, index)
    return index
  }

  async #flushAfterThisTurn(): Promise<readonly V[]> {
    // A callback of nextTick that is scheduled inside a promise's reaction runs after all other
    // reactions that are ready, so every caller of this turn has added its keys by then.
    await Promise.resolve()
    await new Promise<void>((resolve) => process.nextTick(resolve))
    const keys = [...this.#indexes.keys()]
    this.#indexes = new Map()
    this.#answer = undefined
    return this.#fetch(keys)
  }
}
