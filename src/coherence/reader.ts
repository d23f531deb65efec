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
  Lookup,
  Store,
  TagState,
  Version,
} from '../store/store.js'
import type { BypassReason, MissReason } from '../telemetry/events.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import { takeTurn } from './lease.js'
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
  /** Whether what a write in flight may change is read from the database. */
  readonly strict: boolean
  /** How long another process may take to answer, in milliseconds. */
  readonly leaseWait: number
}

/** A query of this process that is under way, and what it can vouch for. */
interface Flight {
  /** Of the read's tags, taken before the query began. */
  readonly snapshot: readonly Version[]
  readonly startedAt: number
  /** The encoded answer; nothing where the owner's query failed, or gave what cannot be encoded. */
  readonly bytes: Promise<Uint8Array | undefined>
}

/** A read that was not answered by an entry, and what was seen when it was not. */
interface Miss<T> extends Read<T> {
  readonly reason: MissReason
  readonly snapshot: readonly Version[]
  readonly seen: Generation
}

/** Answers reads from the store where it can prove that they are current, else from the database. */
export class Reader {
  readonly #options: ReaderOptions
  readonly #flights = new Map<EntryKey, Flight>()

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  async read<T>(read: Read<T>): Promise<T> {
    const { store, owed, clock, strict } = this.#options
    if (!owed.isEmpty) {
      await nextTurn()
      return this.#bypass(read, 'store')
    }
    const found = await this.#ask(() => store.lookup(read.key, read.tags))
    if (found === undefined) return this.#bypass(read, 'store')

    const verdict = judge(found, read.tags, clock(), strict)
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
    const { clock, strict } = this.#options
    if (isBlocked(states, clock(), strict)) return this.#bypass(read, 'blocked')

    const snapshot = states.map(({ version }) => version as Version)
    const flight = this.#flights.get(read.key)
    // A flight with other versions may have asked the database before a write that this read must see.
    if (flight !== undefined && equal(flight.snapshot, snapshot)) return this.#join(read, flight)
    return this.#fly({ ...read, reason, snapshot, seen: found.generation })
  }

  /** The looked-up states, with those repaired that cannot serve as a snapshot. */
  async #vouched(tags: readonly TagId[], found: readonly TagState[]): Promise<readonly TagState[]> {
    const { store, clock } = this.#options
    const doubts = doubtsOf(tags, found, clock())
    if (doubts.length === 0) return found
    const repaired = await store.repair(doubts)
    const byTag = new Map(doubts.map(({ tag }, index) => [tag, repaired[index]]))
    return tags.map((tag, index) => byTag.get(tag) ?? (found[index] as TagState))
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
    const { snapshot, seen, key } = miss
    let land: (bytes: Uint8Array | undefined) => void = () => undefined
    const bytes = new Promise<Uint8Array | undefined>((resolve) => {
      land = resolve
    })
    const flight: Flight = { snapshot, startedAt: this.#options.clock(), bytes }
    this.#flights.set(key, flight)
    try {
      const turn = await this.#ask(() =>
        takeTurn(key, snapshot, seen, {
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
      land(bytes)
      if (lease !== undefined && bytes !== undefined) {
        outcome = await this.#fill(miss, startedAt, bytes)
      }
      return value
    } finally {
      if (lease !== undefined && outcome !== 'stored') {
        await this.#ask(() => this.#options.store.release(lease))
      }
    }
  }

  async #entryOf({ key, tags }: Read<unknown>): Promise<Entry | undefined> {
    const { store, clock, strict } = this.#options
    const verdict = judge(await store.lookup(key, tags), tags, clock(), strict)
    return verdict.kind === 'valid' ? verdict.entry : undefined
  }

  async #fill(
    miss: Miss<unknown>,
    startedAt: number,
    bytes: Uint8Array,
  ): Promise<FillOutcome | undefined> {
    const { store, clock, telemetry } = this.#options
    const { key, tags, ttl, snapshot, seen } = miss
    const entry: Entry = {
      value: seal(bytes),
      dependencies: new Map(snapshot.map((version, index) => [tags[index] as TagId, version])),
      filledAt: startedAt,
      freshUntil: startedAt + ttl,
    }
    try {
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
