import { StoreUnavailableError } from '../errors.js'
import type { WrittenRow, WrittenRows } from '../plan/row-versions.js'
import type { Tag } from '../plan/tag.js'
import { newWriteId } from '../store/random-ids.js'
import type { SettledRows, Store } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import { settle } from '../touch/local-touches.js'
import type { OwedTouches } from '../touch/owed-touches.js'
import { Renewal } from './renewal.js'
import type { Unmarking } from './unmarking.js'
import { addWritten, settledRows } from './written-rows.js'

export interface WriterOptions {
  readonly store: Store
  readonly owed: OwedTouches
  readonly unmarking: Unmarking
  readonly telemetry: Telemetry
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Until when what is touched now is held, see `SettledTags`. */
  readonly holdUntil: () => number | undefined
  /** Whether a write that cannot be announced fails, instead of going on. */
  readonly rejectWrites: boolean
}

export interface WriteTerms {
  /** Milliseconds after which, if nothing more is heard of it, the write's outcome counts as unknown. */
  readonly lifetime: number
  /** For a write whose end nobody will tell: what it announces is not cached until the lifetime is over. */
  readonly blocking?: boolean
}

/**
 * One write, or one transaction: announced before the database sees it, settled or withdrawn when
 * its outcome is known, and before the application hears of it.
 */
export class Write {
  readonly #options: WriterOptions
  readonly #terms: WriteTerms
  readonly #id = newWriteId()
  readonly #began: number
  readonly #operations: Announced[] = []
  readonly #renewal: Renewal
  #revocable = true

  constructor(options: WriterOptions, terms: WriteTerms) {
    this.#options = options
    this.#terms = terms
    this.#began = options.clock()
    // Who takes longer than the lifetime, and lives, is not to be taken for dead.
    this.#renewal = new Renewal(terms.lifetime / 2, () => this.#renew())
  }

  /**
   * Marks the tags of an operation that is about to run, so that a crash from here on is noticed when
   * the lifetime is over.
   *
   * @returns what to call when it is known which tags it touched (until then, all that it announced), and
   *   what it made of rows.
   * @throws StoreUnavailableError if the store does not take them and writes are to be rejected then.
   * @param revocable whether a rollback undoes what is about to happen: raw SQL may commit by itself.
   */
  async announce(
    tags: readonly Tag[],
    revocable = true,
  ): Promise<(touched: readonly Tag[], written?: WrittenRows) => void> {
    const { telemetry, rejectWrites } = this.#options
    this.#revocable &&= revocable
    const operation: Announced = { announced: tags, touched: tags, written: NONE }
    this.#operations.push(operation)
    try {
      await this.#mark(tags.map(({ id }) => id))
    } catch (error) {
      telemetry.error('announce', error)
      if (rejectWrites) {
        throw new StoreUnavailableError('the cache cannot be told of this write', { cause: error })
      }
    }
    // Where nobody will tell of the end, nobody would stop it.
    if (this.#terms.blocking !== true) this.#renewal.start()
    return (touched, written = NONE) => {
      operation.touched = touched
      operation.written = written
    }
  }

  /**
   * The write happened, or may have: what its operations touched is touched.
   *
   * @param isCertain whether it happened: then what it made of rows is remembered.
   */
  async settle(isCertain = false): Promise<void> {
    if (this.#operations.length === 0) return
    const { store, owed, telemetry, unmarking, holdUntil } = this.#options
    const touched = byId(this.#operations.flatMap((operation) => operation.touched))
    const ids = [...touched.keys()]
    const rows = isCertain ? this.#rows(touched) : undefined
    // A mark that came later would stay.
    await this.#renewal.stop()
    try {
      await settle(store, this.#id, { touched: ids, holdUntil: holdUntil(), rows })
    } catch (error) {
      telemetry.error('settle', error)
      owed.add(ids, rows)
      return
    }
    // Only now: until every tag is touched, those announced in their place must tell of a crash.
    unmarking.add(
      this.#id,
      this.#announced().filter((id) => !touched.has(id)),
    )
    telemetry.touch({ tags: Array.from(touched.values(), ({ name }) => name) })
  }

  /** It is certain that nothing was written: only the marks go. */
  async withdraw(): Promise<void> {
    if (!this.#revocable) return this.settle()
    await this.#renewal.stop()
    this.#options.unmarking.add(this.#id, this.#announced())
  }

  #announced(): readonly Tag['id'][] {
    return [...byId(this.#operations.flatMap(({ announced }) => announced)).keys()]
  }

  #rows(touched: ReadonlyMap<Tag['id'], Tag>): SettledRows {
    const rows = new Map<Tag['id'], WrittenRow>()
    for (const { written } of this.#operations) addWritten(rows, written)
    // Those that a result only shows, besides the rows that it wrote, have no part in this.
    for (const row of rows.keys()) if (!touched.has(row)) rows.delete(row)
    return settledRows(rows, this.#began, this.#options.clock())
  }

  /** Settles once the outcome is known, or withdraws, and only then hands it on. */
  async endWith<T>(outcome: Promise<T>, isUnwritten: (error: unknown) => boolean): Promise<T> {
    try {
      await outcome
    } catch (error) {
      await (isUnwritten(error) ? this.withdraw() : this.settle())
      throw error
    }
    await this.settle(true)
    return outcome
  }

  #mark(tags: readonly Tag['id'][]): Promise<void> {
    const { store, clock } = this.#options
    const deadline = clock() + this.#terms.lifetime
    return store.announce(tags, {
      writeId: this.#id,
      deadline,
      blocking: this.#terms.blocking ?? false,
    })
  }

  async #renew(): Promise<void> {
    try {
      await this.#mark(this.#announced())
    } catch (error) {
      this.#options.telemetry.error('announce', error)
    }
  }
}

/** One operation of a write. */
interface Announced {
  readonly announced: readonly Tag[]
  touched: readonly Tag[]
  written: WrittenRows
}

const NONE: WrittenRows = new Map()

function byId(tags: readonly Tag[]): ReadonlyMap<Tag['id'], Tag> {
  return new Map(tags.map((tag) => [tag.id, tag]))
}
