import type { TagId } from '../plan/tag.js'
import { newWriteId } from '../store/random-ids.js'
import type { Store, WriteId } from '../store/store.js'
import type { Intent } from './intents.js'
import type { Member } from './member.js'

/** How long a mark says something, in milliseconds. The marks of a write that is slow but alive are renewed. */
const MARK_LIFETIME = 60_000

export interface AnnouncementOptions {
  readonly store: Pick<Store, 'mark'>
  readonly member: Member | undefined
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Whether the tags of writes must be marked now, because a client is strict. */
  readonly isMarking: () => boolean
  /** Called when the write has ended. */
  readonly ended: (announcement: Announcement) => void
}

/** Tells the others of one write, or of one transaction, before it reaches the database. */
export class Announcement {
  readonly #options: AnnouncementOptions
  readonly #writeId = newWriteId()
  readonly #tags = new Set<TagId>()
  readonly #intent: Intent | undefined
  #markedUntil: number | undefined
  #marked = new Set<TagId>()
  /** Resolves when the store has all that was added. */
  #stored: Promise<unknown> = Promise.resolve()

  constructor(options: AnnouncementOptions) {
    this.#options = options
    this.#intent = options.member?.intents.open()
  }

  /** The write whose marks a touch removes; undefined where it has none. */
  get marks(): WriteId | undefined {
    return this.#markedUntil === undefined ? undefined : this.#writeId
  }

  get tags(): ReadonlySet<TagId> {
    return this.#tags
  }

  /** Adds tags that the write may touch. `ready` tells when the others can know of them. */
  add(tags: readonly TagId[]): void {
    for (const tag of tags) this.#tags.add(tag)
    // Both write all that was added so far, so that a failure of an earlier call is made good.
    const intended = this.#intent?.add(tags)
    const marked = this.#options.isMarking() ? this.mark() : undefined
    this.#stored = Promise.all([intended, marked])
    // Whoever waits for it gets the error.
    this.#stored.catch(() => undefined)
  }

  /**
   * Resolves when the write may reach the database: if the process is killed from here on, the others find what
   * it may have touched. Rejects if the store does not take it.
   */
  async ready(): Promise<void> {
    await this.#stored
    const { member } = this.#options
    if (member !== undefined && !member.isAlive) await member.beat()
  }

  /** Marks the tags that are not marked yet, and renews the marks that end soon. Rejects if the store fails. */
  async mark(): Promise<void> {
    const { store, clock } = this.#options
    const now = clock()
    const endsSoon = (this.#markedUntil ?? 0) < now + MARK_LIFETIME / 2
    const tags = [...this.#tags].filter((tag) => endsSoon || !this.#marked.has(tag))
    if (tags.length === 0) return
    const deadline = endsSoon ? now + MARK_LIFETIME : (this.#markedUntil as number)
    this.#markedUntil = deadline
    await store.mark(tags, { writeId: this.#writeId, deadline })
    for (const tag of tags) this.#marked.add(tag)
  }

  /** Says that nothing of the write is left to be done. */
  end(): void {
    this.#intent?.end()
    this.#options.ended(this)
  }
}
