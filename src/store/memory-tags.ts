import { LRUCache } from 'lru-cache'
import type { TagId } from '../plan/tag.js'
import { newVersion, newWriteId } from './random-ids.js'
import { remembered } from './remembered-row.js'
import type {
  Doubt,
  Mark,
  SettledRow,
  SettledTags,
  SnapshotState,
  TagState,
  WriteId,
} from './store.js'

/** The tags of a `memory()` store. */
export class MemoryTags {
  /** Evicting a tag invalidates the entries that depend on it. */
  readonly #records: LRUCache<TagId, TagRecord>
  /**
   * Marks are kept outside the bounded records, because evicting one would hide a write that is in flight.
   * They need no bound: there are only as many as writes in flight.
   */
  readonly #marks = new Map<TagId, Mark[]>()

  /** @param max the most tags that are kept. */
  constructor(max: number) {
    this.#records = new LRUCache({ max })
  }

  readonly stateOf = (tag: TagId): TagState => ({
    ...(this.#records.get(tag) ?? NO_RECORD),
    marks: this.#marks.get(tag) ?? [],
  })

  mark(tag: TagId, mark: Mark): void {
    this.unmark(tag, [mark.writeId])
    this.#marks.set(tag, [...(this.#marks.get(tag) ?? []), mark])
  }

  /** @returns whether one of the writes had a mark on the tag. */
  unmark(tag: TagId, writeIds: readonly WriteId[]): boolean {
    const present = this.#marks.get(tag) ?? []
    const left = present.filter(({ writeId }) => !writeIds.includes(writeId))
    if (left.length > 0) this.#marks.set(tag, left)
    else this.#marks.delete(tag)
    return left.length < present.length
  }

  readonly repair = ({ tag, overdue }: Doubt): SnapshotState => {
    const wasInDoubt = this.unmark(tag, overdue)
    const { version: known, row } = this.#records.get(tag) ?? NO_RECORD
    const version = wasInDoubt || known === undefined ? newVersion() : known
    this.#records.set(tag, { version, row })
    return { ...this.stateOf(tag), version }
  }

  settle(writeId: WriteId, tag: TagId, { holdUntil, rows }: SettledTags): void {
    this.unmark(tag, [writeId])
    this.#touch(tag, rows?.get(tag))
    if (holdUntil !== undefined) {
      this.mark(tag, { writeId: newWriteId(), deadline: holdUntil, blocking: true })
    }
  }

  #touch(tag: TagId, settled: SettledRow | undefined): void {
    const { version, row } = this.#records.get(tag) ?? NO_RECORD
    if (version === undefined && settled === undefined) return
    this.#records.set(tag, {
      version: version && newVersion(),
      row: settled === undefined ? row : remembered(row, settled),
    })
  }

  clear(): void {
    this.#records.clear()
  }
}

type TagRecord = Omit<TagState, 'marks'>

const NO_RECORD: TagRecord = { version: undefined }
