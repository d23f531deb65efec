import { LRUCache } from 'lru-cache'
import type { EntryKey } from '../plan/key.js'
import type { TagId } from '../plan/tag.js'
import type { Entry, Generation, Store, TagState } from '../store/store.js'
import { type LocalTouches, localTouches } from '../touch/local-touches.js'
import { judge } from './validity.js'

export interface NearSettings {
  readonly maxEntries: number
  /** Of encoded values. */
  readonly maxBytes: number
  /** Milliseconds. */
  readonly maxStaleness: number
}

export interface NearOptions extends NearSettings {
  readonly store: Store
  readonly clock: () => number
  readonly strict: boolean
}

/** When the store was asked, which is before it answered. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** How many touches of this process were over. */
  readonly touches: number
}

interface Copy {
  readonly entry: Entry
  /** When it was last known to stand. */
  readonly asked: Moment
}

/**
 * Copies of entries in this process. What is saved is the value's way from the store: a copy is served
 * only if its tags stand, as the store is asked each time. Only while it is younger than
 * `maxStaleness`, and this process has touched none of its tags since, is it not asked.
 */
export class NearCopies {
  readonly #options: NearOptions
  readonly #touches: LocalTouches
  readonly #copies: LRUCache<EntryKey, Copy>

  constructor(options: NearOptions) {
    this.#options = options
    this.#touches = localTouches(options.store)
    this.#copies = new LRUCache({
      max: options.maxEntries,
      maxSize: options.maxBytes,
      sizeCalculation: ({ entry }) => Math.max(1, entry.value.byteLength),
    })
  }

  /** To be taken before the store is asked for what is then kept. */
  now(): Moment {
    return { at: this.#options.clock(), touches: this.#touches.count }
  }

  keep(key: EntryKey, entry: Entry, asked: Moment): void {
    this.#copies.set(key, { entry, asked })
  }

  /** The entry, if there is a copy that may be served to a read which depends on these tags. */
  async get(key: EntryKey, tags: readonly TagId[]): Promise<Entry | undefined> {
    const copy = this.#copies.get(key)
    if (copy === undefined) return undefined
    const { entry } = copy
    if (this.#isYoung(copy)) return entry
    const asked = this.now()
    if (!(await this.#stands(entry, tags))) {
      this.#copies.delete(key)
      return undefined
    }
    this.keep(key, entry, asked)
    return entry
  }

  #isYoung({ entry, asked }: Copy): boolean {
    const { maxStaleness, clock } = this.#options
    const now = clock()
    const age = now - asked.at
    if (entry.freshUntil < now || age < 0 || age >= maxStaleness) return false
    return this.#touches.noneSince(asked.touches, entry.dependencies.keys())
  }

  async #stands(entry: Entry, tags: readonly TagId[]): Promise<boolean> {
    const { store, clock, strict } = this.#options
    if (entry.freshUntil < clock()) return false
    const names = [...entry.dependencies.keys()]
    const found = await store.states(names)
    const states = new Map(names.map((tag, index) => [tag, found[index] as TagState]))
    const verdict = judge({ entry, generation: UNKNOWN, states }, tags, clock(), strict)
    return verdict.kind === 'valid'
  }
}

/** A copy has no record of its own. */
const UNKNOWN = 0 as Generation
