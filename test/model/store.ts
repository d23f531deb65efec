import type { EntryKey } from '../../src/plan/key.js'
import type { TagId } from '../../src/plan/tag.js'
import type {
  Entry,
  KnownState,
  Lease,
  LeaseId,
  Lookup,
  Mark,
  Store,
  TagState,
  Version,
} from '../../src/store/store.js'
import { boardSeenBy, ROSTER, SimulatedBoard } from './board.js'
import { type Names, NOTHING } from './names.js'
import type { Scenario } from './scenario.js'
import type { Clock } from './stage.js'
import type { RecordName } from './step.js'
import type { Trace } from './trace.js'

/** One step of a process at the store, performed when the scheduler picks it. */
export interface StoreStep<T> {
  readonly label: string
  /** See `Step`. */
  readonly records: readonly RecordName[]
  readonly perform: () => Promise<T>
  /** Everything that the process learns from it, in names that do not depend on chance. */
  readonly show: (result: T) => string
}

/** How a process asks for a step. */
export type Ask = <T>(step: StoreStep<T>) => Promise<T>

export interface SimulatedStoreOptions {
  /** Creates the store of one record. */
  readonly create: () => Store
  readonly clock: Clock
  readonly names: Names
  readonly trace: Trace
}

/**
 * The store of a world: a `memory()` for each record, so that each is atomic by itself, can be lost
 * by itself, and a call over several can be taken apart.
 */
export class SimulatedStore {
  /** Whether an entry that stood was replaced by one that does not. */
  hasOverwritten = false
  readonly #create: () => Store
  readonly #clock: Clock
  readonly #names: Names
  readonly #trace: Trace
  readonly #records = new Map<RecordName, Store>()
  readonly #board = new SimulatedBoard()
  /** Of each lease that is held, until when, for which snapshot, and what its holder had seen. */
  readonly #leased = new Map<
    LeaseId,
    { readonly until: number; readonly snapshot: string; readonly holder: string }
  >()
  /** Of tags that were touched, until when nothing that depends on them is to be stored. */
  readonly #holds = new Map<RecordName, number>()
  /** Of each record, what `fingerprint` says of it. */
  readonly #seen = new Map<RecordName, string>()

  constructor({ create, clock, names, trace }: SimulatedStoreOptions) {
    this.#create = create
    this.#clock = clock
    this.#names = names
    this.#trace = trace
  }

  /** Forgets the record, and returns what goes with it. */
  async lose(
    record: RecordName,
  ): Promise<{ readonly marks: readonly Mark[]; readonly isHeld: boolean }> {
    if (record === ROSTER) {
      this.#board.lose()
      return { marks: [], isHeld: false }
    }
    const isTag = record.startsWith(TAG)
    const marks = isTag ? (await this.#state(record.slice(TAG.length) as TagId)).marks : []
    this.#records.delete(record)
    this.#seen.delete(record)
    const isHeld = this.#holds.delete(record)
    return { marks, isHeld }
  }

  /** Whether there is such a record, to be lost. */
  has(record: RecordName): boolean {
    if (record === ROSTER) return this.#board.hasRoster
    return (this.#seen.get(record) ?? NOTHING) !== NOTHING
  }

  /** The process has beaten in the meantime. */
  beatMeanwhile(process: number): void {
    this.#board.beatMeanwhile(process)
  }

  fingerprint(): string {
    const records = [...this.#seen].map(([record, content]) => `${record}: ${content}`)
    const holds = [...this.#holds].map(([record, until]) => `${record} until ${until}`)
    const leases = [...this.#leased.values()].map(({ until, holder }) => `${until} ${holder}`)
    const board = this.#names.board(this.#board.fingerprint())
    return [...records, ...holds, ...leases, board].sort().join('\n')
  }

  /** The store as a process sees it: of each call one step, or one for each record. */
  asSeenBy(
    ask: Ask,
    granularity: Scenario['granularity'],
    historyOf: () => string,
    process: number,
  ): Store {
    const each = async <I, R>(
      items: readonly I[],
      what: string,
      recordOf: (item: I) => RecordName,
      perform: (item: I) => Promise<R>,
      show: (result: R) => string,
    ): Promise<readonly R[]> => {
      const records = items.map(recordOf)
      const isEnd = /^(touch|withdraw)$/.test(what)
      if (granularity === 'records' || (granularity === 'touches' && isEnd)) {
        return Promise.all(
          items.map((item) =>
            ask({
              label: `${what} ${recordOf(item)}`,
              records: [recordOf(item)],
              perform: () => perform(item),
              show,
            }),
          ),
        )
      }
      return ask({
        label: `${what} ${records.join(', ')}`,
        records,
        perform: () => Promise.all(items.map(perform)),
        show: (results) => results.map(show).join(', '),
      })
    }
    const done = () => 'done'

    return {
      lookup: async (key, tags) => {
        const parts = await each<{ readonly tag?: TagId }, Lookup>(
          [{}, ...tags.map((tag) => ({ tag }))],
          'look up',
          ({ tag }) => (tag === undefined ? entryOf(key) : tagOf(tag)),
          ({ tag }) =>
            tag === undefined ? this.#entry(key).lookup(key, []) : this.#lookupTag(tag),
          (found) =>
            found.tags[0] === undefined ? this.#names.entry(found) : this.#names.tag(found.tags[0]),
        )
        const [{ entry, generation }, ...states] = parts as [Lookup, ...Lookup[]]
        return { entry, generation, tags: states.flatMap((found) => found.tags) }
      },
      states: (tags) =>
        each<TagId, TagState>(
          tags,
          'look up',
          tagOf,
          (tag) => this.#state(tag),
          (state) => this.#names.tag(state),
        ),
      create: async (proposed, wanted) => {
        const states = await each<readonly [TagId, Version], KnownState>(
          [...proposed],
          'create',
          ([tag]) => tagOf(tag),
          async ([tag, version]) => {
            const created = await this.#tag(tag).create(new Map([[tag, version]]))
            await this.#note(tag)
            return created.states[0] as KnownState
          },
          (state) => this.#names.tag(state),
        )
        if (wanted === undefined) return { states, isOwner: false }
        const holder = historyOf()
        const isOwner = await ask({
          label: 'lease with it',
          records: [],
          perform: async () => !this.#leased.has(wanted.id) && this.#lease(wanted, holder),
          show: (isTaken) => (isTaken ? 'granted' : 'refused'),
        })
        return { states, isOwner }
      },
      mark: async (tags, mark) => {
        this.#names.write(mark.writeId)
        await each(
          tags,
          'mark',
          tagOf,
          async (tag) => {
            await this.#tag(tag).mark([tag], mark)
            await this.#note(tag)
          },
          done,
        )
      },
      touch: async (touched) => {
        await each(
          touched.tags,
          'touch',
          tagOf,
          async (tag) => {
            const { holdUntil } = touched
            await this.#tag(tag).touch({ ...touched, tags: [tag] })
            const held = this.#holds.get(tagOf(tag)) ?? 0
            if (holdUntil !== undefined) this.#holds.set(tagOf(tag), Math.max(held, holdUntil))
            await this.#note(tag)
          },
          done,
        )
      },
      unmark: async (tags, writeId) => {
        await each(
          tags,
          'withdraw',
          tagOf,
          async (tag) => {
            await this.#tag(tag).unmark([tag], writeId)
            await this.#note(tag)
          },
          done,
        )
      },
      fill: (key, entry, seen, keepFor) =>
        ask({
          label: `fill ${key} with ${this.#names.value(entry)}`,
          records: [entryOf(key)],
          perform: async () => {
            const before = (await this.#entry(key).lookup(key, [])).entry
            const outcome = await this.#entry(key).fill(key, entry, seen, keepFor)
            if (outcome === 'stored') await this.#check(before, entry)
            const found = await this.#entry(key).lookup(key, [])
            this.#seen.set(entryOf(key), this.#names.entry(found))
            return outcome
          },
          show: (outcome) => outcome,
        }),
      lease: (wanted) => {
        // What the lease is for follows from what the process has seen: that names it.
        const holder = historyOf()
        return ask({
          label: 'lease',
          records: [],
          perform: async () => this.#lease(wanted, holder),
          show: (isOwner) => (isOwner ? 'granted' : 'refused'),
        })
      },
      release: (lease: LeaseId) =>
        ask({
          label: 'release',
          records: [],
          perform: async () => {
            this.#leased.delete(lease)
          },
          show: done,
        }),
      board: boardSeenBy(this.#board, ask, this.#names, process),
      clear: () => Promise.reject(new Error('not part of the model')),
      health: () => Promise.reject(new Error('not part of the model')),
      close: () => Promise.reject(new Error('not part of the model')),
    }
  }

  #lease(wanted: Lease, holder: string): boolean {
    const held = this.#leased.get(wanted.id)
    const isFree = held === undefined || held.until < wanted.now || held.snapshot !== wanted.holder
    if (isFree) {
      const { until, holder: snapshot } = wanted
      this.#leased.set(wanted.id, { until, snapshot, holder })
    }
    return isFree
  }

  /** What may be said of an entry that was stored. */
  async #check(before: Entry | undefined, entry: Entry): Promise<void> {
    if (await this.#stands(entry)) {
      const until = [...entry.dependencies.keys()].map((tag) => this.#holds.get(tagOf(tag)))
      const isHeld = until.some((time) => time !== undefined && time >= this.#clock.now)
      if (isHeld) this.#trace.violate('an entry is stored while a hold stands')
    } else if (before !== undefined && (await this.#stands(before))) {
      this.hasOverwritten = true
      this.#trace.say('an entry that stood is replaced by one that does not')
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
    this.#seen.set(tagOf(tag), this.#names.tag(await this.#state(tag)))
  }

  #tag(tag: TagId): Store {
    return this.#record(tagOf(tag))
  }

  #entry(key: EntryKey): Store {
    return this.#record(entryOf(key))
  }

  #record(name: RecordName): Store {
    const record = this.#records.get(name) ?? this.#create()
    this.#records.set(name, record)
    return record
  }
}

const TAG = 'tag '

function tagOf(tag: TagId): RecordName {
  return `tag ${tag}`
}

function entryOf(key: EntryKey): RecordName {
  return `entry ${key}`
}
