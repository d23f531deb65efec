import { StoreUnavailableError } from '../errors.js'
import type { WrittenVersion, WrittenVersions } from '../plan/row-versions.js'
import type { Tag, TagId } from '../plan/tag.js'
import type { Outcome } from '../prisma-client/effects.js'
import { newWriteId } from '../store/random-ids.js'
import type { SettledRows, Store } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { OwedTouches } from '../touch/owed-touches.js'
import { settle } from '../touch/settle.js'
import { Renewal } from './renewal.js'
import type { Unmarking } from './unmarking.js'
import { addWritten, settledRows } from './written-rows.js'

export interface WriteOptions {
  readonly store: Store
  readonly owed: OwedTouches
  readonly unmarking: Unmarking
  readonly telemetry: Telemetry
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Until when tags that are touched now are held, see `SettledTags`. */
  readonly holdUntil: () => number | undefined
  /** How long a write whose outcome is not known may still commit, in milliseconds. */
  readonly writeDeadline: number
  /** Whether a write that cannot be announced fails, instead of going on. */
  readonly rejectWrites: boolean
}

export interface WriteTerms {
  /** Milliseconds without a sign of life after which the write's outcome counts as unknown. */
  readonly lifetime: number
  /** Whether nothing that the write announces is cached until its lifetime is over: for a write whose end nobody reports. */
  readonly blocking?: boolean
}

/** Says which tags an operation touched, and which versions it gave to rows. */
export type ReportTouched = (touched: readonly Tag[], written?: WrittenVersions) => void

/**
 * One write, or one transaction: announced before the database sees it, and settled or withdrawn when its
 * outcome is known, before the application hears of it.
 */
export class Write {
  readonly #options: WriteOptions
  readonly #terms: WriteTerms
  readonly #id = newWriteId()
  readonly #began: number
  readonly #operations: AnnouncedOperation[] = []
  readonly #renewal: Renewal
  #isRevocable = true
  #isEnded = false

  constructor(options: WriteOptions, terms: WriteTerms) {
    this.#options = options
    this.#terms = terms
    this.#began = options.clock()
    // Renew the marks of a slow but live write, so that no other process takes it for crashed.
    this.#renewal = new Renewal(terms.lifetime / 2, () => this.#renew())
  }

  /**
   * Marks the tags of an operation that is about to run. If the process crashes from here on, others
   * notice when the write's lifetime is over.
   *
   * @param isRevocable whether a rollback undoes the operation: raw SQL may commit by itself.
   * @returns a function to call when it is known which tags the operation touched. Until then it counts
   *   as having touched all that it announced.
   * @throws StoreUnavailableError if the store does not take the marks and such writes must be rejected.
   */
  async announce(tags: readonly Tag[], isRevocable = true): Promise<ReportTouched> {
    const { telemetry, rejectWrites } = this.#options
    this.#isRevocable &&= isRevocable
    const operation: AnnouncedOperation = {
      announced: tags,
      touched: tags,
      written: NO_VERSIONS,
    }
    this.#operations.push(operation)
    try {
      await this.#mark(tags.map(({ id }) => id))
    } catch (error) {
      telemetry.error('announce', error)
      if (rejectWrites) {
        throw new StoreUnavailableError('the store cannot be told about this write', {
          cause: error,
        })
      }
    }
    // Nobody awaited this operation, and its transaction is over: it cannot be part of it any more.
    if (this.#isEnded) this.#unmark(tags.map(({ id }) => id))
    // A write whose end nobody reports would be renewed for ever.
    else if (this.#terms.blocking !== true) this.#renewal.start()
    return (touched, written = NO_VERSIONS) => {
      operation.touched = touched
      operation.written = written
    }
  }

  /** Settles or withdraws the write, by its outcome. */
  end(outcome: Outcome): Promise<void> {
    if (outcome === 'unwritten' && this.#isRevocable) return this.#withdraw()
    // A part of raw SQL may have committed by itself.
    return this.#settle(outcome === 'unwritten' ? 'unknown' : outcome)
  }

  /**
   * Touches what the operations touched. If the outcome is unknown, the write may still commit: so the
   * tags are held until the deadline, and get new versions once more when it is over.
   */
  async #settle(outcome: 'written' | 'unknown'): Promise<void> {
    this.#isEnded = true
    if (this.#operations.length === 0) return
    const { store, owed, telemetry } = this.#options
    const touched = byId(this.#operations.flatMap((operation) => operation.touched))
    const ids = [...touched.keys()]
    const rows = outcome === 'written' ? this.#rows(touched) : undefined
    const holdUntil = this.#holdUntil(outcome)
    // A renewal that came later would leave a mark behind.
    await this.#renewal.stop()
    try {
      await settle(store, this.#id, { touched: ids, holdUntil, rows })
    } catch (error) {
      telemetry.error('invalidate', error)
      owed.add(ids, { rows, holdUntil })
      return
    }
    // Not before: until every tag is touched, the marks on the announced tags must tell of a crash.
    const untouched = this.#announced().filter((id) => !touched.has(id))
    this.#unmark(untouched)
    telemetry.invalidate({ tags: Array.from(touched.values(), ({ name }) => name) })
  }

  /** Removes only the marks, because it is certain that nothing was written. */
  async #withdraw(): Promise<void> {
    this.#isEnded = true
    await this.#renewal.stop()
    this.#unmark(this.#announced())
  }

  #unmark(tags: readonly TagId[]): void {
    this.#options.unmarking.add(this.#id, tags)
  }

  #holdUntil(outcome: 'written' | 'unknown'): number | undefined {
    const { holdUntil, clock, writeDeadline } = this.#options
    const ofReplicas = holdUntil()
    if (outcome === 'written') return ofReplicas
    return clock() + writeDeadline + (ofReplicas === undefined ? 0 : ofReplicas - clock())
  }

  /** The tags that its operations have announced so far. */
  get announcedTags(): readonly Tag[] {
    return this.#operations.flatMap(({ announced }) => announced)
  }

  #announced(): readonly TagId[] {
    return [...byId(this.announcedTags).keys()]
  }

  #rows(touched: ReadonlyMap<TagId, Tag>): SettledRows {
    const rows = new Map<TagId, WrittenVersion>()
    for (const { written } of this.#operations) addWritten(rows, written)
    // A result may also show rows that the write did not change.
    for (const row of rows.keys()) if (!touched.has(row)) rows.delete(row)
    return settledRows(rows, this.#began, this.#options.clock())
  }

  /**
   * Settles or withdraws when the result is there, and only then passes it on.
   *
   * @param outcomeOf gives the outcome of a write that failed with this error.
   */
  async endWith<T>(result: Promise<T>, outcomeOf: (error: unknown) => Outcome): Promise<T> {
    try {
      await result
    } catch (error) {
      await this.end(outcomeOf(error))
      throw error
    }
    await this.end('written')
    return result
  }

  #mark(tags: readonly TagId[]): Promise<void> {
    const { store, clock } = this.#options
    const { lifetime, blocking = false } = this.#terms
    return store.announce(tags, { writeId: this.#id, deadline: clock() + lifetime, blocking })
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
interface AnnouncedOperation {
  readonly announced: readonly Tag[]
  touched: readonly Tag[]
  written: WrittenVersions
}

const NO_VERSIONS: WrittenVersions = new Map()

function byId(tags: readonly Tag[]): ReadonlyMap<TagId, Tag> {
  return new Map(tags.map((tag) => [tag.id, tag]))
}
