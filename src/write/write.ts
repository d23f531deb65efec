import { StoreUnavailableError } from '../errors.js'
import type { WrittenVersion, WrittenVersions } from '../plan/row-versions.js'
import type { Tag, TagId } from '../plan/tag.js'
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
    // A write whose end nobody reports would be renewed for ever.
    if (this.#terms.blocking !== true) this.#renewal.start()
    return (touched, written = NO_VERSIONS) => {
      operation.touched = touched
      operation.written = written
    }
  }

  /**
   * Touches what the operations touched: the write happened, or may have.
   *
   * @param isCertain whether it is certain that it happened: then the store remembers the rows' versions.
   */
  async settle(isCertain = false): Promise<void> {
    if (this.#operations.length === 0) return
    const { store, owed, telemetry, unmarking, holdUntil } = this.#options
    const touched = byId(this.#operations.flatMap((operation) => operation.touched))
    const ids = [...touched.keys()]
    const rows = isCertain ? this.#rows(touched) : undefined
    // A renewal that came later would leave a mark behind.
    await this.#renewal.stop()
    try {
      await settle(store, this.#id, { touched: ids, holdUntil: holdUntil(), rows })
    } catch (error) {
      telemetry.error('invalidate', error)
      owed.add(ids, rows)
      return
    }
    // Not before: until every tag is touched, the marks on the announced tags must tell of a crash.
    const untouched = this.#announced().filter((id) => !touched.has(id))
    unmarking.add(this.#id, untouched)
    telemetry.invalidate({ tags: Array.from(touched.values(), ({ name }) => name) })
  }

  /** Takes only the marks away, because it is certain that nothing was written. */
  async withdraw(): Promise<void> {
    if (!this.#isRevocable) return this.settle()
    await this.#renewal.stop()
    this.#options.unmarking.add(this.#id, this.#announced())
  }

  #announced(): readonly TagId[] {
    return [...byId(this.#operations.flatMap(({ announced }) => announced)).keys()]
  }

  #rows(touched: ReadonlyMap<TagId, Tag>): SettledRows {
    const rows = new Map<TagId, WrittenVersion>()
    for (const { written } of this.#operations) addWritten(rows, written)
    // A result may also show rows that the write did not change.
    for (const row of rows.keys()) if (!touched.has(row)) rows.delete(row)
    return settledRows(rows, this.#began, this.#options.clock())
  }

  /** Settles or withdraws when the outcome is known, and only then passes it on. */
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
