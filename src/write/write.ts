import { StoreUnavailableError } from '../errors.js'
import type { Announcement } from '../members/announcement.js'
import type { Members } from '../members/members.js'
import type { WrittenVersion, WrittenVersions } from '../plan/row-versions.js'
import type { Tag, TagId } from '../plan/tag.js'
import type { Outcome } from '../prisma-client/effects.js'
import type { SettledRows, Store } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { OwedTouches } from '../touch/owed-touches.js'
import { settle } from '../touch/settle.js'
import { later } from './later.js'
import { addWritten, settledRows } from './written-rows.js'

export interface WriteOptions {
  readonly store: Store
  readonly members: Pick<Members, 'announce'>
  readonly owed: OwedTouches
  readonly telemetry: Telemetry
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Until when tags that are touched now are held, see `Touched`. */
  readonly holdUntil: () => number | undefined
  /** How long a write whose outcome is not known may still commit, in milliseconds. */
  readonly writeDeadline: number
  /** Whether a write that cannot be announced fails, instead of going on. */
  readonly rejectWrites: boolean
}

/** Says which tags an operation touched, and which versions it gave to rows. */
export type ReportTouched = (touched: readonly Tag[], written?: WrittenVersions) => void

/**
 * One write, or one transaction: announced before the database has it, and settled or withdrawn when its
 * outcome is known, before the application hears of it.
 */
export class Write {
  readonly #options: WriteOptions
  readonly #began: number
  readonly #operations: AnnouncedOperation[] = []
  readonly #announcement: Announcement
  #isRevocable = true
  #isEnded = false

  constructor(options: WriteOptions) {
    this.#options = options
    this.#began = options.clock()
    this.#announcement = options.members.announce()
  }

  /**
   * Begins to tell the other processes of an operation. It may reach the database when `ready` resolves; in a
   * transaction, its COMMIT may.
   *
   * @param isRevocable whether a rollback undoes the operation: raw SQL may commit by itself.
   * @returns a function to call when it is known which tags the operation touched. Until then it counts
   *   as having touched all that it announced.
   */
  announce(tags: readonly Tag[], isRevocable = true): ReportTouched {
    this.#isRevocable &&= isRevocable
    const operation: AnnouncedOperation = { announced: tags, touched: tags, written: NO_VERSIONS }
    this.#operations.push(operation)
    // Where nobody awaited the operation, and its transaction is over, it cannot be part of it any more.
    if (!this.#isEnded) this.#announcement.add(tags.map(({ id }) => id))
    return (touched, written = NO_VERSIONS) => {
      operation.touched = touched
      operation.written = written
    }
  }

  /**
   * Resolves when the operations may reach the database: if the process is killed from here on, others notice.
   *
   * @throws StoreUnavailableError if the store does not take the announcement and such writes must be rejected.
   */
  async ready(): Promise<void> {
    const { telemetry, rejectWrites } = this.#options
    try {
      await this.#announcement.ready()
    } catch (error) {
      telemetry.error('announce', error)
      if (rejectWrites) {
        throw new StoreUnavailableError('the store cannot be told about this write', {
          cause: error,
        })
      }
    }
  }

  /**
   * Settles or withdraws the write, by its outcome.
   *
   * @param undecidedFor how long it may still commit where the outcome is unknown, in milliseconds.
   */
  async end(outcome: Outcome, undecidedFor = this.#options.writeDeadline): Promise<void> {
    this.#isEnded = true
    if (outcome === 'unwritten' && this.#isRevocable) return this.#withdraw()
    // A part of raw SQL may have committed by itself.
    if (outcome === 'written') return this.#settle()
    await this.#settle(undecidedFor)
  }

  /**
   * Touches what the operations touched.
   *
   * @param undecidedFor the time for which the tags are held, because the write may still commit. They get new
   *   versions once more when it is over.
   */
  async #settle(undecidedFor?: number): Promise<void> {
    if (this.#operations.length === 0) return this.#announcement.end()
    const { store, owed, telemetry } = this.#options
    const touched = byId(this.#operations.flatMap((operation) => operation.touched))
    const tags = [...touched.keys()]
    const rows = undecidedFor === undefined ? this.#rows(touched) : undefined
    const holdUntil = this.#holdUntil(undecidedFor)
    const end = () => this.#settledOnce(tags, undecidedFor)
    const { marks } = this.#announcement
    try {
      await settle(store, { tags, holdUntil, rows, unmark: marks })
    } catch (error) {
      telemetry.error('invalidate', error)
      // Until the store has the touches, the intent tells of them if the process ends.
      owed.add(tags, { rows, holdUntil }, [end])
      return
    }
    end()
    this.#unmarkOthers(marks === undefined ? new Map() : touched)
    telemetry.invalidate({ tags: Array.from(touched.values(), ({ name }) => name) })
  }

  #settledOnce(tags: readonly TagId[], undecidedFor: number | undefined): void {
    if (undecidedFor === undefined) return this.#announcement.end()
    const { store, owed, telemetry, holdUntil } = this.#options
    later(undecidedFor, async () => {
      const end = () => this.#announcement.end()
      try {
        await settle(store, { tags, holdUntil: holdUntil() })
        end()
      } catch (error) {
        telemetry.error('invalidate', error)
        owed.add(tags, { holdUntil: holdUntil() }, [end])
      }
    })
  }

  /** Says only that it is over, because it is certain that nothing was written. */
  #withdraw(): void {
    this.#announcement.end()
    this.#unmarkOthers(new Map())
  }

  /**
   * Removes the marks of a write from tags that no touch has removed them from. Nobody waits for that, except
   * strict reads.
   */
  #unmarkOthers(unmarked: ReadonlyMap<TagId, Tag>): void {
    const { store, telemetry } = this.#options
    const { marks, tags } = this.#announcement
    if (marks === undefined) return
    const others = [...tags].filter((tag) => !unmarked.has(tag))
    if (others.length === 0) return
    store.unmark(others, marks).catch((error) => telemetry.error('invalidate', error))
  }

  #holdUntil(undecidedFor: number | undefined): number | undefined {
    const { holdUntil, clock } = this.#options
    const ofReplicas = holdUntil()
    if (undecidedFor === undefined) return ofReplicas
    return (ofReplicas ?? clock()) + undecidedFor
  }

  /** The tags that its operations have announced so far. */
  get announcedTags(): readonly Tag[] {
    return this.#operations.flatMap(({ announced }) => announced)
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
