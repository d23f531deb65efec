import type { TagId } from '../plan/tag.js'
import { newWriteId } from '../store/random-ids.js'
import { remembered } from '../store/remembered-row.js'
import type { SettledRow, SettledRows, Store } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import { settle } from './local-touches.js'

export interface OwedTouchesOptions {
  readonly store: Store
  readonly telemetry: Telemetry
  /** Until when what is touched now is held, see `SettledTags`. */
  readonly holdUntil: () => number | undefined
  /** Touching these invalidates every entry. */
  readonly everything: () => readonly TagId[]
}

/** Between attempts, doubled from the first to the last, in milliseconds. */
const FIRST_PAUSE = 50
const LAST_PAUSE = 500

/** How many tags are kept apart; beyond that everything is owed, which loses no touch. */
const LIMIT = 10_000

/**
 * The touches of acknowledged writes that the store did not take, offered again until it does. While
 * any is owed no read of this client is answered from the store, as it might have been overtaken.
 */
export class OwedTouches {
  readonly #options: OwedTouchesOptions
  #owed = new Set<TagId>()
  /** Of rows whose tags are owed. */
  #rows = new Map<TagId, SettledRow>()
  #delivery: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #pause = FIRST_PAUSE

  constructor(options: OwedTouchesOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#owed.size === 0 && this.#delivery === undefined
  }

  /** @param rows what the writes made of rows; beyond the limit it is forgotten. */
  add(tags: readonly TagId[], rows: SettledRows = new Map()): void {
    for (const tag of tags) this.#owed.add(tag)
    for (const [tag, row] of rows) {
      const known = this.#rows.get(tag)
      const forgets = Math.max(row.forgets, known?.forgets ?? row.forgets)
      this.#rows.set(tag, { ...remembered(known, row), forgets })
    }
    if (this.#owed.size > LIMIT) {
      this.#owed = new Set(this.#options.everything())
      this.#rows = new Map()
    }
    this.#schedule()
  }

  /** Offers what is owed once, now. It does not reject: what is not taken stays owed. */
  async deliver(): Promise<void> {
    await this.#delivery
    if (this.#owed.size === 0) return
    this.#delivery = this.#offer([...this.#owed], this.#rows)
    await this.#delivery
  }

  async #offer(tags: readonly TagId[], rows: SettledRows): Promise<void> {
    // What is added from here on is not in this delivery, also where the tag is the same.
    this.#owed = new Set()
    this.#rows = new Map()
    const { store, holdUntil } = this.#options
    try {
      const settled = { touched: tags, holdUntil: holdUntil(), rows }
      await settle(store, newWriteId(), settled)
      this.#pause = FIRST_PAUSE
    } catch (error) {
      this.#options.telemetry.error('settle', error)
      this.#pause = Math.min(this.#pause * 2, LAST_PAUSE)
      this.add(tags, rows)
    } finally {
      this.#delivery = undefined
    }
  }

  #schedule(): void {
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.deliver()
    }, this.#pause)
    // The application may end: then TTL bounds how long others are answered from before the write.
    this.#timer.unref()
  }
}
