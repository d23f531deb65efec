import { LRUCache } from 'lru-cache'
import type { EntryKey } from '../plan/key.js'
import type { TagId } from '../plan/tag.js'
import type { Store, TagState } from '../store/store.js'
import type { Read } from './read.js'
import { doubtsOf, type Found } from './validity.js'

/** How many tags of rows are remembered, to ask for them at once when a read comes again. */
const REMEMBERED_TAGS = 100_000

/** Finds entries, with the states of all that they and their reads' plans name. */
export class Finder {
  readonly #store: Store
  readonly #strict: boolean
  /** What the entries seen last depended on, beyond what their reads' plans say. */
  readonly #remembered = new LRUCache<EntryKey, readonly TagId[]>({
    maxSize: REMEMBERED_TAGS,
    sizeCalculation: (tags) => tags.length,
  })

  /** @param strict whether a mark that stood when the read began counts, though it is gone since. */
  constructor(store: Store, strict: boolean) {
    this.#store = store
    this.#strict = strict
  }

  /**
   * A write that learns from its result which rows it touched has marked only what stands for them.
   * Asked together, a row could be told as it was before the touch, and the mark as gone after it.
   */
  async find(read: Read<unknown>): Promise<Found> {
    if (!this.#strict) return this.#find(read)
    const planned = [...read.tags, ...read.wide]
    const before = await this.#store.states(planned)
    const found = await this.#find(read)
    const states = new Map(found.states)
    planned.forEach((tag, index) => {
      const now = states.get(tag) as TagState
      const marks = [...(before[index] as TagState).marks, ...now.marks]
      states.set(tag, { ...now, marks })
    })
    return { ...found, states }
  }

  async #find(read: Read<unknown>): Promise<Found> {
    const { key, tags, wide } = read
    const asked = [...tags, ...wide, ...(this.#remembered.get(key) ?? [])]
    const { entry, generation, tags: found } = await this.#store.lookup(key, asked)
    const states = new Map(asked.map((tag, index) => [tag, found[index] as TagState]))

    const dependencies = [...(entry?.dependencies.keys() ?? [])]
    const more = dependencies.filter((tag) => !states.has(tag))
    if (more.length > 0) {
      const others = await this.#store.states(more)
      more.forEach((tag, index) => {
        states.set(tag, others[index] as TagState)
      })
      this.remember(read, dependencies)
    }
    return { entry, generation, states }
  }

  /** What the read's entry depends on, to be asked for at once next time. */
  remember({ key, tags, wide }: Read<unknown>, dependencies: readonly TagId[]): void {
    const others = new Set(dependencies)
    for (const tag of [...tags, ...wide]) others.delete(tag)
    if (others.size > 0) this.#remembered.set(key, [...others])
    else this.#remembered.delete(key)
  }

  /** The found states, with those repaired that cannot serve as a snapshot. */
  async vouch({ states: found }: Found, now: number): Promise<ReadonlyMap<TagId, TagState>> {
    const doubts = doubtsOf(found, now)
    if (doubts.length === 0) return found
    const repaired = await this.#store.repair(doubts)
    const states = new Map(found)
    doubts.forEach(({ tag }, index) => {
      states.set(tag, repaired[index] as TagState)
    })
    return states
  }
}
