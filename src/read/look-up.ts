import { LRUCache } from 'lru-cache'
import type { EntryKey } from '../plan/key.js'
import type { TagId } from '../plan/tag.js'
import { newVersion } from '../store/random-ids.js'
import type { Created, Lease, Store, TagState, Version } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { Found, Read } from './read.js'
import type { SeenVersions } from './seen-versions.js'
import { isBlocked, judge, type Verdict } from './validity.js'

/** The number of tags that are remembered for all entries together. */
const MAX_REMEMBERED_TAGS = 100_000

export interface LookUpOptions {
  readonly store: Store
  readonly clock: () => number
  /** Whether a mark that a tag had when the read began counts, even if it has gone since. */
  readonly strict: boolean
  readonly seen: SeenVersions
}

/** Asks a question to the store. An error is reported to telemetry, and gives undefined. */
export async function askStore<T>(
  telemetry: Telemetry,
  question: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await question()
  } catch (error) {
    telemetry.error('lookup', error)
    return undefined
  }
}

/** Looks up entries together with the states of all tags that they and their reads' plans name. */
export class LookUp {
  readonly #options: LookUpOptions
  /** The tags that an entry depended on when it was last seen, besides those of its read's plan. */
  readonly #remembered = new LRUCache<EntryKey, readonly TagId[]>({
    maxSize: MAX_REMEMBERED_TAGS,
    sizeCalculation: (tags) => tags.length,
  })

  constructor(options: LookUpOptions) {
    this.#options = options
  }

  /**
   * Looks up the read's entry and its tags. Rejects if the store fails.
   *
   * In strict mode the planned tags are asked for first: a write that learns from its result which rows it
   * touched has marked only the wider tags that cover them. One call for all could answer with a row's tag
   * as it was before the touch, and with the wider tag as it is after its mark has gone.
   */
  async find(read: Read<unknown>): Promise<Found> {
    const { store, strict } = this.#options
    if (!strict) return this.#find(read)
    const planned = [...read.tags, ...read.wide]
    const before = await store.states(planned)
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
    const { store } = this.#options
    const { key, tags, wide } = read
    const asked = [...tags, ...wide, ...(this.#remembered.get(key) ?? [])]
    const { entry, generation, tags: found } = await store.lookup(key, asked)
    const states = new Map(asked.map((tag, index) => [tag, found[index] as TagState]))
    this.#note(asked, found)

    const dependencies = [...(entry?.dependencies.keys() ?? [])]
    const more = dependencies.filter((tag) => !states.has(tag))
    if (more.length > 0) {
      const others = await store.states(more)
      this.#note(more, others)
      more.forEach((tag, index) => {
        states.set(tag, others[index] as TagState)
      })
      this.remember(read, dependencies)
    }
    return { entry, generation, states }
  }

  /** Remembers the tags of the read's entry, so that the next look-up asks for all of them at once. */
  remember({ key, tags, wide }: Read<unknown>, dependencies: readonly TagId[]): void {
    const others = new Set(dependencies)
    for (const tag of [...tags, ...wide]) others.delete(tag)
    if (others.size > 0) this.#remembered.set(key, [...others])
    else this.#remembered.delete(key)
  }

  /** Whether the found entry answers the read now. */
  judge({ tags }: Read<unknown>, found: Found): Verdict {
    const { clock, strict } = this.#options
    return judge(found, tags, clock(), strict)
  }

  /** Creates tags that nobody needs yet, so that the next entry which shows their rows can depend on them. */
  async prepare(tags: readonly TagId[]): Promise<void> {
    const proposed = new Map(tags.map((tag) => [tag, newVersion()]))
    this.#note(tags, (await this.#options.store.create(proposed)).states)
  }

  #note(tags: readonly TagId[], states: readonly TagState[]): void {
    const { seen } = this.#options
    tags.forEach((tag, index) => {
      const version = states[index]?.version
      if (version !== undefined) seen.note(tag, version)
    })
  }

  /** Whether nothing that the read depends on may be served or stored now. */
  isBlocked({ tags, wide }: Read<unknown>, states: ReadonlyMap<TagId, TagState>): boolean {
    const { clock, strict } = this.#options
    return isBlocked(states, [...tags, ...wide], clock(), strict)
  }

  /**
   * The found states, in which every tag has a version, because those that had none are created. Rejects if the
   * store fails.
   *
   * @param leaseFor the lease to take in the same call, given the versions that the tags will have.
   */
  async complete(
    { states: found }: Found,
    leaseFor?: (versions: ReadonlyMap<TagId, Version>) => Lease,
  ): Promise<{ readonly states: ReadonlyMap<TagId, TagState> } & Pick<Created, 'isOwner'>> {
    const versions = new Map<TagId, Version>()
    const proposed = new Map<TagId, Version>()
    for (const [tag, { version }] of found) {
      if (version === undefined) proposed.set(tag, newVersion())
      versions.set(tag, version ?? (proposed.get(tag) as Version))
    }
    if (proposed.size === 0) return { states: found, isOwner: false }
    const created = await this.#options.store.create(proposed, leaseFor?.(versions))
    const states = new Map(found)
    this.#note([...proposed.keys()], created.states)
    let index = 0
    for (const tag of proposed.keys()) {
      states.set(tag, created.states[index] as TagState)
      index += 1
    }
    return { states, isOwner: created.isOwner }
  }
}
