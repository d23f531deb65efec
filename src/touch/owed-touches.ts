import type { TagId } from '../plan/tag.js'
import { newWriteId } from '../store/random-ids.js'
import { remembered } from '../store/remembered-row.js'
import type { SettledRow, SettledTags, Store } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import { settle } from './settle.js'

export interface OwedTouchesOptions {
  readonly store: Store
  readonly telemetry: Telemetry
  /** Until when tags that are touched now are held, see `SettledTags`. */
  readonly holdUntil: () => number | undefined
  /** The tags that invalidate every entry. */
  readonly everything: () => readonly TagId[]
}

/** The pause between attempts doubles from the first to the last; milliseconds. */
const FIRST_PAUSE = 50
const LAST_PAUSE = 500

/** The number of owed tags that are kept. Beyond it everything is owed, so that no touch is lost. */
const MAX_OWED_TAGS = 10_000

/**
 * The touches of acknowledged writes that the store did not take. They are offered again until it takes
 * them. While any is owed, the store answers no read of this client: a write may have overtaken the answer.
 */
export class OwedTouches {
  readonly #options: OwedTouchesOptions
  #owed = new Set<TagId>()
  /** The versions of rows whose tags are owed. */
  #rows = new Map<TagId, SettledRow>()
  /** Until when all of them are held. */
  #holdUntil: number | undefined
  #delivery: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #pause = FIRST_PAUSE

  constructor(options: OwedTouchesOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#owed.size === 0 && this.#delivery === undefined
  }

  /** Rows are dropped where everything is owed. */
  add(
    tags: readonly TagId[],
    { rows = new Map(), holdUntil }: Omit<SettledTags, 'touched'> = {},
  ): void {
    this.#holdUntil = latest(this.#holdUntil, holdUntil)
    for (const tag of tags) this.#owed.add(tag)
    for (const [tag, row] of rows) {
      const known = this.#rows.get(tag)
      const forgets = Math.max(row.forgets, known?.forgets ?? row.forgets)
      this.#rows.set(tag, { ...remembered(known, row), forgets })
    }
    if (this.#owed.size > MAX_OWED_TAGS) {
      this.#owed = new Set(this.#options.everything())
      this.#rows = new Map()
    }
    this.#schedule()
  }

  /** Offers the owed touches once, now. It does not reject: what the store does not take stays owed. */
  async deliver(): Promise<void> {
    await this.#delivery
    if (this.#owed.size === 0) return
    const { holdUntil } = this.#options
    this.#delivery = this.#offer([...this.#owed], {
      rows: this.#rows,
      holdUntil: latest(this.#holdUntil, holdUntil()),
    })
    await this.#delivery
  }

  async #offer(touched: readonly TagId[], settled: Omit<SettledTags, 'touched'>): Promise<void> {
    // A tag that is added from here on is not part of this delivery, even if it is one of these tags.
    this.#owed = new Set()
    this.#rows = new Map()
    this.#holdUntil = undefined
    try {
      await settle(this.#options.store, newWriteId(), { touched, ...settled })
      this.#pause = FIRST_PAUSE
    } catch (error) {
      this.#options.telemetry.error('invalidate', error)
      this.#pause = Math.min(this.#pause * 2, LAST_PAUSE)
      this.add(touched, settled)
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
    // The timer must not keep the process alive. If it ends, TTL bounds how old other processes' answers are.
    this.#timer.unref()
  }
}

function latest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.max(one, other)
}
