import type { TagId } from '../plan/tag.js'
import type { SettledTags, Store, WriteId } from '../store/store.js'

/** Settles, and notes for those who keep copies in this process what may have been touched. */
export async function settle(store: Store, writeId: WriteId, tags: SettledTags): Promise<void> {
  try {
    await store.settle(writeId, tags)
  } finally {
    // Not earlier: until now the store may have answered with the versions of before.
    localTouches(store).note(tags.touched)
  }
}

/** What this process has touched in a store, with whichever client. */
export function localTouches(store: Store): LocalTouches {
  const touches = byStore.get(store) ?? new LocalTouches()
  byStore.set(store, touches)
  return touches
}

const byStore = new WeakMap<Store, LocalTouches>()

/** How many tags are kept apart; beyond that all count as touched. */
const LIMIT = 10_000

export class LocalTouches {
  readonly #last = new Map<TagId, number>()
  #count = 0
  /** The count before which nothing is known apart. */
  #known = 0

  /** Touches so far. */
  get count(): number {
    return this.#count
  }

  note(tags: readonly TagId[]): void {
    this.#count += 1
    for (const tag of tags) this.#last.set(tag, this.#count)
    if (this.#last.size <= LIMIT) return
    this.#last.clear()
    this.#known = this.#count
  }

  /** Whether none of the tags was touched after so many touches. */
  noneSince(count: number, tags: Iterable<TagId>): boolean {
    if (count < this.#known) return false
    for (const tag of tags) if ((this.#last.get(tag) ?? 0) > count) return false
    return true
  }
}
