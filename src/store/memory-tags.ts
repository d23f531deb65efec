import { LRUCache } from 'lru-cache'
import type { TagId } from '../plan/tag.js'
import { newVersion } from './random-ids.js'
import { remembered } from './remembered-row.js'
import type { KnownState, Mark, TagState, Touched, Version, WriteId } from './store.js'

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
    marks: this.#marks.get(tag) ?? NO_MARKS,
  })

  create(tag: TagId, proposed: Version): KnownState {
    const record = this.#records.get(tag) ?? NO_RECORD
    const version = record.version ?? proposed
    if (record.version === undefined) this.#records.set(tag, { ...record, version })
    return { ...this.stateOf(tag), version }
  }

  touch({ tags, holdUntil = 0, rows, unmark }: Touched): void {
    for (const tag of tags) {
      if (unmark !== undefined) this.unmark(tag, unmark)
      const { version, heldUntil, row } = this.#records.get(tag) ?? NO_RECORD
      const settled = rows?.get(tag)
      if (version === undefined && settled === undefined && holdUntil === 0) continue
      this.#records.set(tag, {
        version: newVersion(),
        heldUntil: Math.max(heldUntil, holdUntil),
        row: settled === undefined ? row : remembered(row, settled),
      })
    }
  }

  mark(tag: TagId, mark: Mark): void {
    this.unmark(tag, mark.writeId)
    this.#marks.set(tag, [...(this.#marks.get(tag) ?? []), mark])
  }

  unmark(tag: TagId, writeId: WriteId): void {
    const left = (this.#marks.get(tag) ?? []).filter((mark) => mark.writeId !== writeId)
    if (left.length > 0) this.#marks.set(tag, left)
    else this.#marks.delete(tag)
  }

  clear(): void {
    this.#records.clear()
  }
}

type TagRecord = Omit<TagState, 'marks'>

const NO_RECORD: TagRecord = { version: undefined, heldUntil: 0 }
const NO_MARKS: readonly Mark[] = []
