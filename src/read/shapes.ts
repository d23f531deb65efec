import { LRUCache } from 'lru-cache'
import type { EntryKey } from '../plan/key.js'

/** The number of shapes, and of filled keys, that are remembered. */
const MAX_SHAPES = 1_000
const MAX_KEYS = 10_000
/** Queries that take longer than this are worth a lease, in milliseconds: a lease costs some tenths of one. */
const WORTH_A_LEASE = 2
/** The weight of the newest query in the moving average. */
const WEIGHT = 0.2
/** A shape that was filled so often without a hit is filled only once in a while. */
const MAX_UNUSED_FILLS = 50
const UNUSED_SAMPLE = 16
/** How long a shape whose answers are too large is not offered to the store, in milliseconds. */
const OVERSIZED_FOR = 10 * 60_000

/** Why the answers of a shape are not stored for a while. */
export type Pause = 'oversized' | 'unused'

interface Shape {
  /** How long the database takes, in milliseconds. */
  average: number | undefined
  /** The fills since the last hit. */
  unused: number
  oversizedUntil: number
}

/**
 * What is known of queries that differ only in their values: how long the database takes for them, and whether
 * storing their answers is of any use.
 */
export class Shapes {
  readonly #clock: () => number
  // With `max`, the library would take the room for all of them at once.
  readonly #shapes = new LRUCache<string, Shape>({ maxSize: MAX_SHAPES, sizeCalculation: () => 1 })
  /** The shapes of the entries that this process has filled. */
  readonly #filled = new LRUCache<EntryKey, string>({ maxSize: MAX_KEYS, sizeCalculation: () => 1 })

  /** @param clock milliseconds since any fixed moment. */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Whether the answer must not be stored, nor even encoded for the store, and why. */
  pauseOf(name: string): Pause | undefined {
    const shape = this.#shapes.get(name)
    if (shape === undefined) return undefined
    if (shape.oversizedUntil > this.#clock()) return 'oversized'
    if (shape.unused < MAX_UNUSED_FILLS) return undefined
    return 'unused'
  }

  /**
   * As `pauseOf`, for a read that is about to fill. Now and then one may, so that a use is noticed.
   *
   * @param isWanted whether the application has asked for the fill.
   */
  pauseNow(name: string, isWanted: boolean): Pause | undefined {
    const pause = this.pauseOf(name)
    if (pause !== 'unused') return pause
    if (isWanted) return undefined
    const shape = this.#of(name)
    shape.unused += 1
    return shape.unused % UNUSED_SAMPLE === 0 ? undefined : pause
  }

  /** Whether a query is so slow, or so unknown, that it is worth making other processes wait for it. */
  isWorthALease(name: string): boolean {
    const average = this.#shapes.get(name)?.average
    return average === undefined || average > WORTH_A_LEASE
  }

  /** @param took in milliseconds. */
  loaded(name: string, took: number): void {
    const shape = this.#of(name)
    shape.average =
      shape.average === undefined ? took : shape.average + WEIGHT * (took - shape.average)
  }

  filled(name: string, key: EntryKey): void {
    this.#of(name).unused += 1
    this.#filled.set(key, name)
  }

  oversized(name: string): void {
    this.#of(name).oversizedUntil = this.#clock() + OVERSIZED_FOR
  }

  /** Notes that an entry answered a read. */
  hit(key: EntryKey): void {
    const name = this.#filled.get(key)
    if (name !== undefined) this.#of(name).unused = 0
  }

  #of(name: string): Shape {
    const known = this.#shapes.get(name)
    if (known !== undefined) return known
    const shape: Shape = { average: undefined, unused: 0, oversizedUntil: 0 }
    this.#shapes.set(name, shape)
    return shape
  }
}

/** The shapes of all clients that share a store and a keyspace. */
export function shapesOf(token: object, clock: () => number): Shapes {
  const shapes = byToken.get(token) ?? new Shapes(clock)
  byToken.set(token, shapes)
  return shapes
}

const byToken = new WeakMap<object, Shapes>()
