import type { CacheEvents } from './events.js'

type Listener<E> = (event: E) => void

/** Numbers of reads, of one model or of all models, by how they were answered. */
export interface ReadCounts {
  readonly hits: number
  /** Reads answered from entries whose TTL is over, within `staleWhileRevalidate` or `staleIfError`. */
  readonly stale: number
  readonly misses: number
  readonly bypasses: number
}

/** All counts begin at zero when the client is extended. */
export interface CacheStats extends ReadCounts {
  /** Entries that were stored. */
  readonly fills: number
  /**
   * Answers that were not stored because they are older than an acknowledged write, see
   * `models.X.version`.
   */
  readonly olderFills: number
  /**
   * Reads whose answers were not offered to the store, because such answers are too large for it, or because many
   * were stored and none was ever read: see the reasons `oversized` and `unused` of the event `bypass`.
   */
  readonly pausedFills: number
  /** Acknowledged writes that invalidated something. */
  readonly invalidations: number
  /** Failures of the cache, see the event `error`. */
  readonly errors: number
  /** Counts by model name. A model that was not read yet is absent. */
  readonly models: Readonly<Record<string, ReadCounts>>
}

type Counter = keyof ReadCounts

/** Counts the events of the cache and calls their listeners. */
export class Telemetry {
  readonly #listeners = new Map<keyof CacheEvents, Set<Listener<never>>>()
  readonly #reads = new Map<string, Record<Counter, number>>()
  readonly #totals = {
    fills: 0,
    olderFills: 0,
    pausedFills: 0,
    invalidations: 0,
    errors: 0,
  }

  /** @returns a function that removes the listener. */
  on<K extends keyof CacheEvents>(name: K, listener: Listener<CacheEvents[K]>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  hit(event: CacheEvents['hit']): void {
    this.#countRead(event.model, 'hits')
    this.#emit('hit', event)
  }

  stale(event: CacheEvents['stale']): void {
    this.#countRead(event.model, 'stale')
    this.#emit('stale', event)
  }

  miss(event: CacheEvents['miss']): void {
    this.#countRead(event.model, 'misses')
    this.#emit('miss', event)
  }

  bypass(event: CacheEvents['bypass']): void {
    this.#countRead(event.model, 'bypasses')
    const { reason } = event
    if (reason === 'oversized' || reason === 'unused') this.#totals.pausedFills += 1
    this.#emit('bypass', event)
  }

  fill(event: CacheEvents['fill']): void {
    if (event.outcome === 'stored') this.#totals.fills += 1
    if (event.outcome === 'older') this.#totals.olderFills += 1
    this.#emit('fill', event)
  }

  invalidate(event: CacheEvents['invalidate']): void {
    this.#totals.invalidations += 1
    this.#emit('invalidate', event)
  }

  recover(event: CacheEvents['recover']): void {
    this.#emit('recover', event)
  }

  error(during: CacheEvents['error']['during'], error: unknown): void {
    this.#totals.errors += 1
    this.#emit('error', { during, error })
  }

  stats(): CacheStats {
    const models = Object.fromEntries(
      [...this.#reads].map(([name, counts]) => [name, { ...counts }]),
    )
    const total = (counter: Counter) =>
      [...this.#reads.values()].reduce((sum, counts) => sum + counts[counter], 0)
    return {
      hits: total('hits'),
      stale: total('stale'),
      misses: total('misses'),
      bypasses: total('bypasses'),
      ...this.#totals,
      models,
    }
  }

  #countRead(model: string, counter: Counter): void {
    let counts = this.#reads.get(model)
    if (counts === undefined) {
      counts = { hits: 0, stale: 0, misses: 0, bypasses: 0 }
      this.#reads.set(model, counts)
    }
    counts[counter] += 1
  }

  #emit<K extends keyof CacheEvents>(name: K, event: CacheEvents[K]): void {
    const listeners = this.#listeners.get(name)
    if (listeners === undefined) return
    for (const listener of listeners) {
      try {
        ;(listener as Listener<CacheEvents[K]>)(event)
      } catch (error) {
        // A warning lets the application see that its listener threw, without failing the query or
        // the process.
        process.emitWarning(
          `a listener of '${name}' threw: ${error instanceof Error ? error.stack : String(error)}`,
          { type: 'CacheAsideWarning', code: 'CACHE_LISTENER' },
        )
      }
    }
  }
}
