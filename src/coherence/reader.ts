import type { Codec } from '../codec/codec.js'
import { seal, unseal } from '../codec/envelope.js'
import type { EntryKey } from '../plan/key.js'
import type { TagId } from '../plan/tag.js'
import type { Entry, Generation, Lookup, Store, TagState, Version } from '../store/store.js'
import type { BypassReason, MissReason } from '../telemetry/events.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { OwedTouches } from './owed-touches.js'
import { doubtsOf, isBlocked, judge } from './validity.js'

/** A read as the protocol sees it. */
export interface Read<T> {
  readonly model: string
  readonly operation: string
  readonly key: EntryKey
  /** Every tag that a write which changes the answer touches; no tag twice. */
  readonly tags: readonly TagId[]
  /** Milliseconds. */
  readonly ttl: number
  /** Asks the database. */
  readonly load: () => Promise<T>
}

export interface ReaderOptions {
  readonly store: Store
  readonly owed: OwedTouches
  readonly codec: Codec
  readonly telemetry: Telemetry
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/** A query of this process that is under way, and what it can vouch for. */
interface Flight {
  /** Of the read's tags, taken before the query began. */
  readonly snapshot: readonly Version[]
  readonly startedAt: number
  /** The encoded answer; nothing where the owner's query failed, or gave what cannot be encoded. */
  readonly bytes: Promise<Uint8Array | undefined>
}

/** Answers reads from the store where it can prove that they are current, else from the database. */
export class Reader {
  readonly #store: Store
  readonly #owed: OwedTouches
  readonly #codec: Codec
  readonly #telemetry: Telemetry
  readonly #clock: () => number
  readonly #flights = new Map<EntryKey, Flight>()

  constructor({ store, owed, codec, telemetry, clock }: ReaderOptions) {
    this.#store = store
    this.#owed = owed
    this.#codec = codec
    this.#telemetry = telemetry
    this.#clock = clock
  }

  async read<T>(read: Read<T>): Promise<T> {
    if (!this.#owed.isEmpty) return this.#bypass(read, 'store')
    const found = await this.#ask(() => this.#store.lookup(read.key, read.tags))
    if (found === undefined) return this.#bypass(read, 'store')

    const verdict = judge(found, read.tags, this.#clock())
    if (verdict.kind === 'blocked') return this.#bypass(read, 'blocked')
    if (verdict.kind === 'invalid') return this.#miss(read, found, verdict.reason)

    const value = this.#decode(() => unseal(verdict.entry.value))
    if (value === undefined) return this.#miss(read, found, 'unreadable')
    this.#hit(read, 'store', verdict.entry.filledAt)
    return value.decoded as T
  }

  async #miss<T>(read: Read<T>, found: Lookup, reason: MissReason): Promise<T> {
    const states = await this.#ask(() => this.#vouched(read.tags, found.tags))
    if (states === undefined) return this.#bypass(read, 'store')
    if (isBlocked(states, this.#clock())) return this.#bypass(read, 'blocked')

    const snapshot = states.map(({ version }) => version as Version)
    const flight = this.#flights.get(read.key)
    // A flight with other versions may have asked the database before a write that this read must see.
    if (flight !== undefined && equal(flight.snapshot, snapshot)) return this.#join(read, flight)
    this.#telemetry.miss({ ...subject(read), reason })
    return this.#fly(read, snapshot, found.generation)
  }

  /** The looked-up states, with those repaired that cannot serve as a snapshot. */
  async #vouched(tags: readonly TagId[], found: readonly TagState[]): Promise<readonly TagState[]> {
    const doubts = doubtsOf(tags, found, this.#clock())
    if (doubts.length === 0) return found
    const repaired = await this.#store.repair(doubts)
    const byTag = new Map(doubts.map(({ tag }, index) => [tag, repaired[index]]))
    return tags.map((tag, index) => byTag.get(tag) ?? (found[index] as TagState))
  }

  async #join<T>(read: Read<T>, flight: Flight): Promise<T> {
    const bytes = await flight.bytes
    const value = bytes && this.#decode(() => bytes)
    // The owner's error is the owner's: this read meets its own.
    if (value === undefined) {
      this.#telemetry.miss({ ...subject(read), reason: 'absent' })
      return read.load()
    }
    this.#hit(read, 'flight', flight.startedAt)
    return value.decoded as T
  }

  /** Asks the database, for this read and for all that join it. */
  async #fly<T>(read: Read<T>, snapshot: readonly Version[], seen: Generation): Promise<T> {
    const startedAt = this.#clock()
    let land: (bytes: Uint8Array | undefined) => void = () => undefined
    const landing = new Promise<Uint8Array | undefined>((resolve) => {
      land = resolve
    })
    const flight: Flight = { snapshot, startedAt, bytes: landing }
    this.#flights.set(read.key, flight)
    try {
      const value = await read.load()
      // Before anyone else sees the value: Prisma changes what it is given in place.
      const bytes = this.#encode(value)
      land(bytes)
      if (bytes !== undefined) await this.#fill(read, snapshot, seen, startedAt, bytes)
      return value
    } finally {
      land(undefined)
      if (this.#flights.get(read.key) === flight) this.#flights.delete(read.key)
    }
  }

  async #fill<T>(
    read: Read<T>,
    snapshot: readonly Version[],
    seen: Generation,
    startedAt: number,
    bytes: Uint8Array,
  ): Promise<void> {
    const entry: Entry = {
      value: seal(bytes),
      dependencies: new Map(snapshot.map((version, index) => [read.tags[index] as TagId, version])),
      filledAt: startedAt,
      freshUntil: startedAt + read.ttl,
    }
    try {
      const outcome = await this.#store.fill(read.key, entry, seen, this.#clock())
      this.#telemetry.fill({ ...subject(read), outcome, bytes: entry.value.byteLength })
    } catch (error) {
      this.#telemetry.error('fill', error)
    }
  }

  #hit(read: Read<unknown>, source: 'store' | 'flight', since: number): void {
    this.#telemetry.hit({ ...subject(read), source, age: Math.max(0, this.#clock() - since) })
  }

  #bypass<T>(read: Read<T>, reason: BypassReason): Promise<T> {
    this.#telemetry.bypass({ model: read.model, operation: read.operation, reason })
    return read.load()
  }

  async #ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await question()
    } catch (error) {
      this.#telemetry.error('lookup', error)
      return undefined
    }
  }

  #encode(value: unknown): Uint8Array | undefined {
    try {
      return this.#codec.encode(value)
    } catch (error) {
      this.#telemetry.error('encode', error)
      return undefined
    }
  }

  /** In a box, because null is a value. */
  #decode(bytes: () => Uint8Array): { readonly decoded: unknown } | undefined {
    try {
      return { decoded: this.#codec.decode(bytes()) }
    } catch (error) {
      this.#telemetry.error('decode', error)
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
