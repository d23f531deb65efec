import type { TagId } from '../plan/tag.js'
import { remembered } from '../store/remembered-row.js'
import type { SettledRow, Store, Touched } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import { settle } from './settle.js'

export interface OwedTouchesOptions {
  readonly store: Store
  readonly telemetry: Telemetry
  /** Until when tags that are touched now are held, see `Touched`. */
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
  /** Called when the store has taken them. */
  #delivered: (() => void)[] = []
  #delivery: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #pause = FIRST_PAUSE

  constructor(options: OwedTouchesOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#owed.size === 0 && this.#delivery === undefined
  }

  /**
   * Rows are dropped where everything is owed.
   *
   * @param delivered called when the store has taken the touches.
   */
  add(
    tags: readonly TagId[],
    { rows = new Map(), holdUntil }: Owed = {},
    delivered: readonly (() => void)[] = [],
  ): void {
    this.#delivered.push(...delivered)
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

  async #offer(tags: readonly TagId[], owed: Owed): Promise<void> {
    const delivered = this.#delivered
    // A tag that is added from here on is not part of this delivery, even if it is one of these tags.
    this.#owed = new Set()
    this.#rows = new Map()
    this.#holdUntil = undefined
    this.#delivered = []
    try {
      await settle(this.#options.store, { tags, ...owed })
      this.#pause = FIRST_PAUSE
      for (const notify of delivered) notify()
    } catch (error) {
      this.#options.telemetry.error('invalidate', error)
      this.#pause = Math.min(this.#pause * 2, LAST_PAUSE)
      this.add(tags, owed, delivered)
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

/** What is said of all tags that are owed. */
type Owed = Pick<Touched, 'rows' | 'holdUntil'>

function latest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.max(one, other)
}
