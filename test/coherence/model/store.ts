import type { EntryKey } from '../../../src/plan/key.js'
import type { TagId } from '../../../src/plan/tag.js'
import type {
  Doubt,
  Entry,
  LeaseId,
  Lookup,
  SnapshotState,
  Store,
  TagState,
} from '../../../src/store/store.js'

/** One step of a process at the store, performed when the scheduler picks it. */
export interface StoreStep<T> {
  readonly label: string
  /** The tags that it reads or changes. */
  readonly tags: readonly TagId[]
  readonly perform: () => Promise<T>
  /** Everything that the process learns from it, in names that do not depend on chance. */
  readonly show: (result: T) => string
}

/** How a process asks for a step. */
export type Ask = <T>(step: StoreStep<T>) => Promise<T>

/** Names a version, a write or a generation after the step that made it: they are random, and only compared. */
export type Name = (kind: 'version' | 'write' | 'generation', value: string | number) => string

/**
 * The store of a world: a `memory()` for each record, so that each is atomic by itself, can be lost
 * by itself, and a call over several can be taken apart.
 */
export class SimulatedStore {
  readonly #create: () => Store
  readonly #name: Name
  readonly #tags = new Map<TagId, Store>()
  readonly #entries = new Map<EntryKey, Store>()
  readonly #leases: Store
  /** Of each lease that is held, until when, and what its holder had seen. */
  readonly #held = new Map<LeaseId, string>()
  /** Of each record, what `fingerprint` says of it. */
  readonly #seen = new Map<string, string>()

  readonly #overwritten: () => void

  /** @param overwritten is told when an entry that stands is replaced by one that does not. */
  constructor(create: () => Store, name: Name, overwritten: () => void) {
    this.#create = create
    this.#overwritten = overwritten
    this.#name = name
    this.#leases = create()
  }

  /** Forgets the tag's record, with its marks; they are returned. */
  async lose(tag: TagId): Promise<TagState> {
    const state = await this.#state(tag)
    this.#tags.delete(tag)
    this.#seen.delete(`tag ${tag}`)
    return state
  }

  /** Whether the tag has a record that can be lost. */
  has(tag: TagId): boolean {
    return (this.#seen.get(`tag ${tag}`) ?? NOTHING) !== NOTHING
  }

  fingerprint(): string {
    const records = [...this.#seen].map(([record, content]) => `${record}: ${content}`)
    return [...records, ...this.#held.values()].sort().join('\n')
  }

  /** The store as a process sees it: of each call one step, or one for each record. */
  asSeenBy(ask: Ask, isSplit: boolean, historyOf: () => string): Store {
    const each = async <I, R>(
      items: readonly I[],
      what: string,
      tagsOf: (item: I) => readonly TagId[],
      label: (item: I) => string,
      perform: (item: I) => Promise<R>,
      show: (result: R) => string,
    ): Promise<readonly R[]> => {
      if (isSplit) {
        return Promise.all(
          items.map((item) =>
            ask({
              label: `${what} ${label(item)}`,
              tags: tagsOf(item),
              perform: () => perform(item),
              show,
            }),
          ),
        )
      }
      return ask({
        label: `${what} ${items.map(label).join(', ')}`,
        tags: items.flatMap(tagsOf),
        perform: () => Promise.all(items.map(perform)),
        show: (results) => results.map(show).join(', '),
      })
    }
    const labelOf = (tag: TagId) => tag
    const done = () => 'done'

    return {
      lookup: async (key, tags) => {
        const parts = await each<EntryKey | { readonly tag: TagId }, Lookup>(
          [key, ...tags.map((tag) => ({ tag }))],
          'look up',
          (part) => (typeof part === 'string' ? [] : [part.tag]),
          (part) => (typeof part === 'string' ? `entry ${part}` : `tag ${part.tag}`),
          (part) =>
            typeof part === 'string'
              ? this.#entry(part).lookup(part, [])
              : this.#lookupTag(part.tag),
          (found) =>
            found.tags[0] === undefined ? this.#showEntry(found) : this.#showTag(found.tags[0]),
        )
        const [{ entry, generation }, ...states] = parts as [Lookup, ...Lookup[]]
        return { entry, generation, tags: states.flatMap((found) => found.tags) }
      },
      states: (tags) =>
        each<TagId, TagState>(
          tags,
          'look up',
          (tag) => [tag],
          (tag) => `tag ${tag}`,
          async (tag) => (await this.#lookupTag(tag)).tags[0] as TagState,
          (state) => this.#showTag(state),
        ),
      repair: (doubts) =>
        each<Doubt, SnapshotState>(
          doubts,
          'repair',
          ({ tag }) => [tag],
          ({ tag }) => tag,
          async (doubt) => {
            const [state] = await this.#tag(doubt.tag).repair([doubt])
            await this.#note(doubt.tag)
            return state as SnapshotState
          },
          (state) => this.#showTag(state),
        ),
      announce: async (tags, mark) => {
        this.#name('write', mark.writeId)
        await each(
          tags,
          'announce',
          (tag) => [tag],
          labelOf,
          async (tag) => {
            await this.#tag(tag).announce([tag], mark)
            await this.#note(tag)
          },
          done,
        )
      },
      settle: async (writeId, { touched, untouched, holdUntil }) => {
        const changes = [
          ...touched.map((tag) => ({ tag, settled: { touched: [tag], untouched: [], holdUntil } })),
          ...untouched.map((tag) => ({ tag, settled: { touched: [], untouched: [tag] } })),
        ]
        await each(
          changes,
          touched.length > 0 ? 'touch' : 'withdraw',
          ({ tag }) => [tag],
          ({ tag }) => tag,
          async ({ tag, settled }) => {
            await this.#tag(tag).settle(writeId, settled)
            await this.#note(tag)
          },
          done,
        )
      },
      fill: (key, entry, seen, now) =>
        ask({
          label: `fill ${key} with ${this.#showValue(entry)}`,
          tags: [],
          perform: async () => {
            const before = (await this.#entry(key).lookup(key, [])).entry
            const outcome = await this.#entry(key).fill(key, entry, seen, now)
            if (outcome === 'stored' && before !== undefined && (await this.#stands(before))) {
              if (!(await this.#stands(entry))) this.#overwritten()
            }
            const found = await this.#entry(key).lookup(key, [])
            this.#seen.set(`entry ${key}`, this.#showEntry(found))
            return outcome
          },
          show: (outcome) => outcome,
        }),
      lease: (lease, until, now) => {
        // What the lease is for follows from what the process has seen: that names it.
        const holder = historyOf()
        return ask({
          label: 'lease',
          tags: [],
          perform: async () => {
            const isOwner = await this.#leases.lease(lease, until, now)
            if (isOwner) this.#held.set(lease, `${until} ${holder}`)
            return isOwner
          },
          show: (isOwner) => (isOwner ? 'granted' : 'refused'),
        })
      },
      release: (lease: LeaseId) =>
        ask({
          label: 'release',
          tags: [],
          perform: async () => {
            await this.#leases.release(lease)
            this.#held.delete(lease)
          },
          show: done,
        }),
      clear: () => Promise.reject(new Error('not part of the model')),
      health: () => Promise.reject(new Error('not part of the model')),
      close: () => Promise.reject(new Error('not part of the model')),
    }
  }

  async #stands({ dependencies }: Entry): Promise<boolean> {
    const states = [...dependencies].map(
      async ([tag, version]) => (await this.#state(tag)).version === version,
    )
    return (await Promise.all(states)).every(Boolean)
  }

  async #lookupTag(tag: TagId): Promise<Lookup> {
    return this.#tag(tag).lookup(tag as string as EntryKey, [tag])
  }

  async #state(tag: TagId): Promise<TagState> {
    return (await this.#lookupTag(tag)).tags[0] as TagState
  }

  async #note(tag: TagId): Promise<void> {
    this.#seen.set(`tag ${tag}`, this.#showTag(await this.#state(tag)))
  }

  #tag(tag: TagId): Store {
    return recordOf(this.#tags, tag, this.#create)
  }

  #entry(key: EntryKey): Store {
    return recordOf(this.#entries, key, this.#create)
  }

  #showTag({ version, marks }: TagState): string {
    const name = version === undefined ? NOTHING : this.#name('version', version)
    const standing = marks.map(
      ({ writeId, deadline }) => `${this.#name('write', writeId)} until ${deadline}`,
    )
    return standing.length === 0 ? name : `${name} [${standing.join(', ')}]`
  }

  #showEntry({ entry, generation }: Lookup): string {
    if (entry === undefined) return 'no entry'
    return `${this.#showValue(entry)} ${this.#name('generation', generation)}`
  }

  #showValue({ value, dependencies }: Entry): string {
    const versions = Array.from(
      dependencies,
      ([tag, version]) => `${tag}: ${this.#name('version', version)}`,
    )
    return `${Buffer.from(value).toString('latin1', SEAL)} of ${versions.join(', ')}`
  }
}

const NOTHING = 'no version'

/** The bytes before the value, see `seal`. */
const SEAL = 7

function recordOf<K>(records: Map<K, Store>, key: K, create: () => Store): Store {
  const record = records.get(key) ?? create()
  records.set(key, record)
  return record
}
