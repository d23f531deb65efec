import { LRUCache } from 'lru-cache'
import type { NearSettings } from '../options/settings.js'
import type { EntryKey } from '../plan/key.js'
import type { TagId } from '../plan/tag.js'
import type { Entry, Generation, Store, TagState } from '../store/store.js'
import { type LocalTouches, localTouches } from '../touch/local-touches.js'
import type { Moment } from './read.js'
import { judge } from './validity.js'

export interface NearCopiesOptions extends NearSettings {
  readonly store: Store
  readonly clock: () => number
  readonly strict: boolean
}

interface Copy {
  readonly entry: Entry
  /** When the store last confirmed that the entry is valid. */
  readonly asked: Moment
}

/**
 * Copies of entries in this process, which save the transfer of values from the store. The store is asked
 * at each read whether the copy's tags are unchanged, unless the copy is younger than `maxStaleness` and
 * this process has touched none of its tags since.
 */
export class NearCopies {
  readonly #options: NearCopiesOptions
  readonly #touches: LocalTouches
  readonly #copies: LRUCache<EntryKey, Copy>

  constructor(options: NearCopiesOptions) {
    this.#options = options
    this.#touches = localTouches(options.store)
    this.#copies = new LRUCache({
      max: options.maxEntries,
      maxSize: options.maxBytes,
      sizeCalculation: ({ entry }) => Math.max(1, entry.value.byteLength),
    })
  }

  /** The moment to keep a copy with. It must be taken before the store is asked for the entry. */
  now(): Moment {
    return { at: this.#options.clock(), touches: this.#touches.count }
  }

  keep(key: EntryKey, entry: Entry, asked: Moment): void {
    this.#copies.set(key, { entry, asked })
  }

  /**
   * The entry, if there is a copy that may be served to a read which depends on these tags.
   *
   * @param mustAsk whether the store is asked also where the copy is young.
   */
  async get(key: EntryKey, tags: readonly TagId[], mustAsk = false): Promise<Entry | undefined> {
    const copy = this.#copies.get(key)
    if (copy === undefined) return undefined
    const { entry } = copy
    if (!mustAsk && this.#isYoung(copy)) return entry
    const asked = this.now()
    if (!(await this.#isValid(entry, tags))) {
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

  async #isValid(entry: Entry, tags: readonly TagId[]): Promise<boolean> {
    const { store, clock, strict } = this.#options
    if (entry.freshUntil < clock()) return false
    const names = [...entry.dependencies.keys()]
    const found = await store.states(names)
    const states = new Map(names.map((tag, index) => [tag, found[index] as TagState]))
    const verdict = judge({ entry, generation: NO_GENERATION, states }, tags, clock(), strict)
    return verdict.kind === 'valid'
  }
}

/** A copy has no record of its own. */
const NO_GENERATION = 0 as Generation
