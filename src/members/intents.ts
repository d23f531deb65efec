import type { TagId } from '../plan/tag.js'
import type { Board, IntentId, MemberId } from '../store/store.js'
import { MAX_SLOTS } from './line.js'

/** With more tags than this, an intent says that the write may touch everything: a record has a limit. */
const MAX_TAGS = 20_000
/** Stands for every tag. */
const EVERYTHING = '*'

/** The number of slots that a member begins with, when it first writes. */
export const FIRST_SLOTS = 4

export interface IntentsOptions {
  readonly board: Board
  /** The member whose intents these are, for the moment. */
  readonly member: () => MemberId
  /** The number of slots that the roster says the member may use. */
  readonly slots: () => number
  /** Has the roster say so of this many slots, or more. */
  readonly enlarge: (slots: number) => Promise<void>
}

/**
 * The intents of a member: the tags that its writes under way may touch. They are in a few records, its slots,
 * which are rewritten whole and never cleaned: what an old intent says too much is an invalidation too many
 * after a crash, nothing else. Writes that begin in the same turn of the event loop share a slot.
 */
export class Intents {
  readonly #options: IntentsOptions
  readonly #slots: Slot[] = []
  /** The slot of the writes that begin in this turn. */
  #ofThisTurn: Slot | undefined

  constructor(options: IntentsOptions) {
    this.#options = options
  }

  /** Whether a write is under way. */
  get isEmpty(): boolean {
    return this.#slots.every(({ isFree }) => isFree)
  }

  /** Begins the intent of a write. */
  open(): Intent {
    let slot: Slot | undefined
    const added = new Set<TagId>()
    return {
      add: async (tags) => {
        const news = tags.filter((tag) => !added.has(tag))
        for (const tag of news) added.add(tag)
        if (slot !== undefined && news.length === 0) return slot.written
        slot ??= this.#take()
        slot.hold(added)
        const { slots, enlarge } = this.#options
        if (slot.index >= slots()) await enlarge(slot.index + 1)
        return slot.write()
      },
      end: () => slot?.free(added),
    }
  }

  /** Writes all intents again, because the member has a new name. */
  async rewrite(): Promise<void> {
    const known = this.#options.slots()
    // Those beyond wait for the roster to say that there are so many, and are written then.
    const written = this.#slots.filter(({ isFree, index }) => !isFree && index < known)
    await Promise.all(written.map((slot) => slot.write()))
  }

  #take(): Slot {
    if (this.#ofThisTurn !== undefined) return this.#ofThisTurn
    const slot = this.#slots.find(({ isFree }) => isFree) ?? this.#add()
    this.#ofThisTurn = slot
    queueMicrotask(() =>
      process.nextTick(() => {
        this.#ofThisTurn = undefined
      }),
    )
    return slot
  }

  #add(): Slot {
    const [first] = this.#slots
    // With all slots in use, writes share one, whose record grows.
    if (first !== undefined && this.#slots.length >= MAX_SLOTS) return first
    const { board, member } = this.#options
    const slot = new Slot(this.#slots.length, (index, text) =>
      board.intend(intentId(member(), index), text),
    )
    this.#slots.push(slot)
    return slot
  }
}

/** The part of an intent's record that belongs to one write. */
export interface Intent {
  /** Adds tags. Resolves when the store has the intent; rejects if it does not take it. */
  add(tags: readonly TagId[]): Promise<void>
  /** Says that nothing of the write is left to be done. */
  end(): void
}

/** One record, which holds the intents of one or more writes. */
class Slot {
  readonly index: number
  readonly #put: (index: number, text: string) => Promise<void>
  readonly #holders = new Set<ReadonlySet<TagId>>()
  /** The last put of the record, and the one that will follow it. */
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor(index: number, put: (index: number, text: string) => Promise<void>) {
    this.index = index
    this.#put = put
  }

  get isFree(): boolean {
    return this.#holders.size === 0
  }

  /** Resolves when the record has all that was added. */
  get written(): Promise<void> {
    return this.#next ?? this.#running
  }

  hold(tags: ReadonlySet<TagId>): void {
    this.#holders.add(tags)
  }

  free(tags: ReadonlySet<TagId>): void {
    this.#holders.delete(tags)
  }

  /** Writes the record. Puts do not overtake each other, and what is added meanwhile goes with the next one. */
  write(): Promise<void> {
    this.#next ??= this.#writeNext()
    return this.#next
  }

  async #writeNext(): Promise<void> {
    // All that is added in this turn goes with it.
    await new Promise<void>((resolve) => process.nextTick(resolve))
    await this.#running.catch(() => undefined)
    this.#running = this.#next as Promise<void>
    this.#next = undefined
    const tags = new Set([...this.#holders].flatMap((held) => [...held]))
    await this.#put(this.index, tags.size > MAX_TAGS ? EVERYTHING : [...tags].join(' '))
  }
}

export function intentId(member: MemberId, slot: number): IntentId {
  return `${member}-${slot}` as IntentId
}

/** The tags that an intent names; undefined where it names all, or cannot be read. */
export function tagsOfIntent(text: string): readonly TagId[] | undefined {
  const tags = text.split(' ').filter((tag) => tag !== '')
  return tags.every((tag) => tagPattern.test(tag)) ? (tags as TagId[]) : undefined
}

const tagPattern = /^[\w-]{22}(?:[\w-]{11})?$/
