import type { TagId } from '../plan/tag.js'
import { placeOf } from '../store/place.js'
import type { Store } from '../store/store.js'

/** The touches of this process in a store, through any of its clients. */
export function localTouches(store: Store): LocalTouches {
  const key = placeOf(store)
  const touches = byPlace.get(key) ?? new LocalTouches()
  byPlace.set(key, touches)
  return touches
}

const byPlace = new WeakMap<object, LocalTouches>()

/** The number of touched tags that are remembered. Beyond it, every tag counts as touched. */
const MAX_REMEMBERED_TAGS = 10_000

/** Remembers which tags were touched after which number of touches. */
export class LocalTouches {
  readonly #last = new Map<TagId, number>()
  #count = 0
  /** Before this count, every tag counts as touched. */
  #rememberedFrom = 0

  /** The number of touches so far. */
  get count(): number {
    return this.#count
  }

  note(tags: readonly TagId[]): void {
    this.#count += 1
    for (const tag of tags) this.#last.set(tag, this.#count)
    if (this.#last.size <= MAX_REMEMBERED_TAGS) return
    this.#last.clear()
    this.#rememberedFrom = this.#count
  }

  /** Whether none of the tags was touched since the count had that value. */
  noneSince(count: number, tags: Iterable<TagId>): boolean {
    if (count < this.#rememberedFrom) return false
    for (const tag of tags) if ((this.#last.get(tag) ?? 0) > count) return false
    return true
  }
}
