import { LRUCache } from 'lru-cache'
import type { Codec } from '../codec/codec.js'
import { seal, unseal } from '../codec/envelope.js'
import { nextTurn } from '../next-turn.js'
import type { EntryKey } from '../plan/key.js'
import type { TagId } from '../plan/tag.js'
import type {
  Entry,
  FillOutcome,
  Generation,
  LeaseId,
  Store,
  TagState,
  Version,
} from '../store/store.js'
import type { BypassReason, MissReason } from '../telemetry/events.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import { takeTurn } from './lease.js'
import { dependenciesOf, type Snapshot } from './narrowing.js'
import type { OwedTouches } from './owed-touches.js'
import type { Narrowed, Read } from './read.js'
import { doubtsOf, type Found, isBlocked, judge } from './validity.js'

export interface ReaderOptions {
  readonly store: Store
  readonly owed: OwedTouches
  readonly codec: Codec
  readonly telemetry: Telemetry
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Whether what a write in flight may change is read from the database. */
  readonly strict: boolean
  /** How long another process may take to answer, in milliseconds. */
  readonly leaseWait: number
}

/** A query of this process that is under way, and what it can vouch for. */
interface Flight {
  /** Of the read's planned tags, in their order, taken before the query began. */
  readonly versions: readonly Version[]
  readonly startedAt: number
  /** The encoded answer; nothing where the owner's query failed, or gave what cannot be encoded. */
  readonly bytes: Promise<Uint8Array | undefined>
}

/** A read that was not answered by an entry, and what was seen when it was not. */
interface Miss<T> extends Read<T> {
  readonly reason: MissReason
  readonly snapshot: Snapshot
  /** The part of the snapshot that every process which misses this read has. */
  readonly versions: readonly Version[]
  readonly seen: Generation
}

/** How many tags of rows are remembered, to ask for them at once when a read comes again. */
const REMEMBERED_TAGS = 100_000

/** Answers reads from the store where it can prove that they are current, else from the database. */
export class Reader {
  readonly #options: ReaderOptions
  readonly #flights = new Map<EntryKey, Flight>()
  /** What the entries seen last depended on, beyond what their reads' plans say. */
  readonly #remembered = new LRUCache<EntryKey, readonly TagId[]>({
    maxSize: REMEMBERED_TAGS,
    sizeCalculation: (tags) => tags.length,
  })

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  async read<T>(read: Read<T>): Promise<T> {
    const { owed, clock, strict } = this.#options
    if (!owed.isEmpty) {
      await nextTurn()
      return this.#bypass(read, 'store')
    }
    const found = await this.#ask(() => this.#lookup(read))
    if (found === undefined) return this.#bypass(read, 'store')

    const verdict = judge(found, read.tags, clock(), strict)
    if (verdict.kind === 'blocked') return this.#bypass(read, 'blocked')
    if (verdict.kind === 'invalid') return this.#miss(read, found, verdict.reason)

    const value = this.#decode(() => unseal(verdict.entry.value))
    if (value === undefined) return this.#miss(read, found, 'unreadable')
    this.#hit(read, 'store', verdict.entry.filledAt)
    return value.decoded as T
  }

  /** The entry, and the states of all that the plan or the entry names. */
  async #lookup({ key, tags, wide }: Read<unknown>): Promise<Found> {
    const { store } = this.#options
    const planned = [...tags, ...wide]
    const asked = [...planned, ...(this.#remembered.get(key) ?? [])]
    const { entry, generation, tags: found } = await store.lookup(key, asked)
    const states = new Map(asked.map((tag, index) => [tag, found[index] as TagState]))

    const dependencies = [...(entry?.dependencies.keys() ?? [])]
    const more = dependencies.filter((tag) => !states.has(tag))
    if (more.length > 0) {
      const others = await store.states(more)
      more.forEach((tag, index) => {
        states.set(tag, others[index] as TagState)
      })
      this.#remember(key, planned, dependencies)
    }
    return { entry, generation, states }
  }

  #remember(key: EntryKey, planned: readonly TagId[], dependencies: readonly TagId[]): void {
    const others = new Set(dependencies)
    for (const tag of planned) others.delete(tag)
    if (others.size > 0) this.#remembered.set(key, [...others])
    else this.#remembered.delete(key)
  }

  async #miss<T>(read: Read<T>, found: Found, reason: MissReason): Promise<T> {
    const states = await this.#ask(() => this.#vouched(found.states))
    if (states === undefined) return this.#bypass(read, 'store')
    const { clock, strict } = this.#options
    const planned = [...read.tags, ...read.wide]
    if (isBlocked(states, planned, clock(), strict)) return this.#bypass(read, 'blocked')

    const snapshot = new Map(
      Array.from(states, ([tag, { version }]) => [tag, version as Version] as const),
    )
    const versions = planned.map((tag) => snapshot.get(tag) as Version)
    const flight = this.#flights.get(read.key)
    // A flight with other versions may have asked the database before a write that this read must see.
    if (flight !== undefined && equal(flight.versions, versions)) return this.#join(read, flight)
    return this.#fly({ ...read, reason, snapshot, versions, seen: found.generation })
  }

  /** The looked-up states, with those repaired that cannot serve as a snapshot. */
  async #vouched(found: ReadonlyMap<TagId, TagState>): Promise<ReadonlyMap<TagId, TagState>> {
    const { store, clock } = this.#options
    const doubts = doubtsOf(found, clock())
    if (doubts.length === 0) return found
    const repaired = await store.repair(doubts)
    const states = new Map(found)
    doubts.forEach(({ tag }, index) => {
      states.set(tag, repaired[index] as TagState)
    })
    return states
  }

  async #join<T>(read: Read<T>, flight: Flight): Promise<T> {
    const bytes = await flight.bytes
    const value = bytes && this.#decode(() => bytes)
    // The owner's error is the owner's: this read meets its own.
    if (value === undefined) return this.#load({ ...read, reason: 'absent' })
    this.#hit(read, 'flight', flight.startedAt)
    return value.decoded as T
  }

  /** Answers this read and all that join it, from the database or by waiting for another process. */
  async #fly<T>(miss: Miss<T>): Promise<T> {
    const { versions, seen, key } = miss
    let land: (bytes: Uint8Array | undefined) => void = () => undefined
    const bytes = new Promise<Uint8Array | undefined>((resolve) => {
      land = resolve
    })
    const flight: Flight = { versions, startedAt: this.#options.clock(), bytes }
    this.#flights.set(key, flight)
    try {
      const turn = await this.#ask(() =>
        takeTurn(key, versions, seen, {
          ...this.#options,
          lookAgain: () => this.#entryOf(miss),
        }),
      )
      if (turn?.kind === 'answered') {
        const { entry } = turn
        const answer = this.#decode(() => unseal(entry.value))
        if (answer !== undefined) {
          land(unseal(entry.value))
          this.#hit(miss, 'store', entry.filledAt)
          return answer.decoded as T
        }
      }
      return await this.#own(miss, turn?.kind === 'owner' ? turn.lease : undefined, land)
    } finally {
      land(undefined)
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
  }

  /** Asks the database and, with the lease, fills. */
  async #own<T>(
    miss: Miss<T>,
    lease: LeaseId | undefined,
    land: (bytes: Uint8Array | undefined) => void,
  ): Promise<T> {
    const startedAt = this.#options.clock()
    let outcome: FillOutcome | undefined
    try {
      const value = await this.#load(miss)
      // Before anyone else sees the value: Prisma changes what it is given in place.
      const bytes = this.#encode(value)
      const narrowed = this.#narrow(miss, value)
      land(bytes)
      if (lease !== undefined && bytes !== undefined && narrowed !== undefined) {
        outcome = await this.#fill(miss, startedAt, narrowed, bytes)
      }
      return value
    } finally {
      if (lease !== undefined && outcome !== 'stored') {
        await this.#ask(() => this.#options.store.release(lease))
      }
    }
  }

  async #entryOf(read: Read<unknown>): Promise<Entry | undefined> {
    const { clock, strict } = this.#options
    const verdict = judge(await this.#lookup(read), read.tags, clock(), strict)
    return verdict.kind === 'valid' ? verdict.entry : undefined
  }

  async #fill<T>(
    miss: Miss<T>,
    startedAt: number,
    narrowed: Narrowed,
    bytes: Uint8Array,
  ): Promise<FillOutcome | undefined> {
    const { store, clock, telemetry } = this.#options
    const { key, tags, wide, ttl, snapshot, seen } = miss
    try {
      const dependencies = await dependenciesOf(miss, narrowed, snapshot, store)
      this.#remember(key, [...tags, ...wide], [...dependencies.keys(), ...narrowed.rows])
      const freshUntil = startedAt + ttl
      const entry: Entry = { value: seal(bytes), dependencies, filledAt: startedAt, freshUntil }
      const outcome = await store.fill(key, entry, seen, clock())
      telemetry.fill({ ...subject(miss), outcome, bytes: entry.value.byteLength })
      return outcome
    } catch (error) {
      telemetry.error('fill', error)
      return undefined
    }
  }

  #load<T>(miss: Read<T> & { readonly reason: MissReason }): Promise<T> {
    this.#options.telemetry.miss({ ...subject(miss), reason: miss.reason })
    return miss.load()
  }

  #hit(read: Read<unknown>, source: 'store' | 'flight', since: number): void {
    const { telemetry, clock } = this.#options
    telemetry.hit({ ...subject(read), source, age: Math.max(0, clock() - since) })
  }

  #bypass<T>(read: Read<T>, reason: BypassReason): Promise<T> {
    this.#options.telemetry.bypass({ model: read.model, operation: read.operation, reason })
    return read.load()
  }

  async #ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await question()
    } catch (error) {
      this.#options.telemetry.error('lookup', error)
      return undefined
    }
  }

  #narrow({ narrow }: Read<unknown>, value: unknown): Narrowed | undefined {
    try {
      return narrow(value)
    } catch (error) {
      this.#options.telemetry.error('plan', error)
      return undefined
    }
  }

  #encode(value: unknown): Uint8Array | undefined {
    try {
      return this.#options.codec.encode(value)
    } catch (error) {
      this.#options.telemetry.error('encode', error)
      return undefined
    }
  }

  /** In a box, because null is a value. */
  #decode(bytes: () => Uint8Array): { readonly decoded: unknown } | undefined {
    try {
      return { decoded: this.#options.codec.decode(bytes()) }
    } catch (error) {
      this.#options.telemetry.error('decode', error)
      return undefined
    }
  }
}

function subject({ model, operation, key }: Read<unknown>) {
  return { model, operation, key }
}

function equal(one: readonly Version[], other: readonly Version[]): boolean {
  return one.length === other.length && one.every((version, index) => version === other[index])
}
