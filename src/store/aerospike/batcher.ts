/**
 * Gathers the keys that are asked for within one turn of the event loop, and asks for each once.
 *
 * The idea is graphql/dataloader's. That all askers of a turn are answered together matters to
 * Prisma, which makes one statement of the `findUnique` calls that reach it in the same turn.
 */
export class Batcher<K, V> {
  readonly #fetch: (keys: readonly K[]) => Promise<readonly V[]>
  #indexes = new Map<K, number>()
  #answer: Promise<readonly V[]> | undefined

  /** @param fetch answers as many values as it was given keys, in their order. */
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
    // From within a promise's reaction, nextTick runs after all reactions that are ready.
    await Promise.resolve()
    await new Promise<void>((resolve) => process.nextTick(resolve))
    const keys = [...this.#indexes.keys()]
    this.#indexes = new Map()
    this.#answer = undefined
    return this.#fetch(keys)
  }
}
