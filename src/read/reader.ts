import type { Codec } from '../codec/codec.js'
import type { Background } from '../event-loop/background.js'
import { nextTurn } from '../event-loop/next-turn.js'
import { freshUntil } from '../options/policy.js'
import type { EntryKey } from '../plan/key.js'
import { isOutage } from '../prisma-client/failures.js'
import type { Entry, FillOutcome, LeaseId, Store, Version } from '../store/store.js'
import type { BypassReason, HitSource, MissReason, StaleReason } from '../telemetry/events.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { OwedTouches } from '../touch/owed-touches.js'
import { Filler, type Miss } from './fill.js'
import { type Answer, type Flight, Flights, type Land } from './flights.js'
import { takeLease, takeTurn } from './lease.js'
import { Finder } from './look-up.js'
import { type Moment, NearCopies, type NearSettings } from './near-copies.js'
import type { Read } from './read.js'
import { type Decoded, Values } from './sealed-values.js'
import { type Found, isBlocked, judge, type Verdict } from './validity.js'

export interface ReaderOptions {
  readonly store: Store
  readonly owed: OwedTouches
  readonly background: Background
  readonly codec: Codec
  readonly telemetry: Telemetry
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Whether what a write in flight may change is read from the database. */
  readonly strict: boolean
  /** How long another process may take to answer, in milliseconds. */
  readonly leaseWait: number
  /** The share by which a time to live is at most shortened by chance. */
  readonly jitter: number
  readonly near: NearSettings | undefined
}

/** What was found for a read. */
interface Seen extends Found {
  readonly asked: Moment | undefined
}

/** Who fills: with a lease, or without one if what is stored meanwhile is to be stored over. */
interface Filling {
  readonly fills: boolean
  readonly lease?: LeaseId
}

/** Answers reads from the store where it can prove that they are current, else from the database. */
export class Reader {
  readonly #options: ReaderOptions
  readonly #finder: Finder
  readonly #filler: Filler
  readonly #values: Values
  readonly #near: NearCopies | undefined
  readonly #flights = new Flights()
  readonly #refreshing = new Set<EntryKey>()

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#finder = new Finder(options.store, options.strict)
    this.#filler = new Filler({ ...options, finder: this.#finder })
    this.#values = new Values(options.codec, options.telemetry)
    this.#near = options.near && new NearCopies({ ...options, ...options.near })
  }

  async read<T>(read: Read<T>): Promise<T> {
    const { owed, clock } = this.#options
    if (!owed.isEmpty) {
      await nextTurn()
      return this.#bypass(read, 'store')
    }
    const copy = this.#near && !read.refresh && (await this.#copyFor(read, this.#near))
    const near = copy && this.#serve(read, copy, { status: 'hit', source: 'near' })
    if (near) return near.decoded as T

    const found = await this.#find(read)
    if (found === undefined) return this.#bypass(read, 'store')
    if (read.refresh) return this.#miss(read, found, 'refresh')

    const verdict = this.#judge(read, found)
    if (verdict.kind === 'blocked') return this.#bypass(read, 'blocked')
    if (verdict.kind === 'invalid') return this.#miss(read, found, verdict.reason)
    const { kind, entry } = verdict
    if (kind === 'expired' && entry.freshUntil + read.policy.swr < clock()) {
      return this.#miss(read, found, 'expired')
    }
    const served = this.#serve(read, entry, kind === 'valid' ? fromStore : whileRefreshing)
    if (served === undefined) return this.#miss(read, found, 'unreadable')
    if (kind === 'valid') this.#keep(read.key, entry, found.asked)
    else this.#refresh(read, found)
    return served.decoded as T
  }

  async #copyFor({ key, tags }: Read<unknown>, near: NearCopies): Promise<Entry | undefined> {
    return this.#ask(() => near.get(key, tags))
  }

  #keep(key: EntryKey, entry: Entry, asked: Moment | undefined): void {
    if (asked !== undefined) this.#near?.keep(key, entry, asked)
  }

  async #find(read: Read<unknown>): Promise<Seen | undefined> {
    const asked = this.#near?.now()
    const found = await this.#ask(() => this.#finder.find(read))
    return found && { ...found, asked }
  }

  #judge({ tags }: Read<unknown>, found: Found): Verdict {
    const { clock, strict } = this.#options
    return judge(found, tags, clock(), strict)
  }

  /** Nothing where the answer cannot be read. */
  #serve(
    read: Read<unknown>,
    { value, filledAt, freshUntil }: Answer,
    as: Served,
  ): Decoded | undefined {
    const decoded = this.#values.decode(value)
    if (decoded !== undefined) read.report({ ...as, filledAt, freshUntil })
    return decoded
  }

  async #miss<T>(read: Read<T>, found: Seen, reason: MissReason): Promise<T> {
    const miss = await this.#vouched(read, found, reason)
    if (typeof miss === 'string') return this.#bypass(read, miss)
    // What a refresh is to see may have happened since a flight asked the database.
    const flight = read.refresh ? undefined : this.#flights.joinable(miss)
    if (flight !== undefined) return this.#join(read, flight)
    return this.#flights.run(miss, (land) => this.#fly(miss, land))
  }

  /** The read with a snapshot that an answer can be stored with; or why there is none. */
  async #vouched<T>(
    read: Read<T>,
    found: Seen,
    reason: MissReason,
  ): Promise<Miss<T> | BypassReason> {
    const { clock, strict } = this.#options
    const states = await this.#ask(() => this.#finder.vouch(found, clock()))
    if (states === undefined) return 'store'
    const planned = [...read.tags, ...read.wide]
    if (isBlocked(states, planned, clock(), strict)) return 'blocked'
    const snapshot = new Map(
      Array.from(states, ([tag, { version }]) => [tag, version as Version] as const),
    )
    const versions = planned.map((tag) => snapshot.get(tag) as Version)
    const { generation: seen, asked } = found
    return { ...read, reason, snapshot, versions, seen, asked }
  }

  async #join<T>(read: Read<T>, flight: Flight): Promise<T> {
    const answer = await flight
    const served = answer && this.#serve(read, answer, { status: 'hit', source: 'flight' })
    if (served !== undefined) return served.decoded as T
    // The owner's error is the owner's: this read meets its own.
    const { value, isStandIn } = await this.#load(read, 'absent')
    if (!isStandIn) read.report({ status: 'miss', reason: 'absent' })
    return value
  }

  /** Answers a read and all that join it, from the database or by waiting for another process. */
  async #fly<T>(miss: Miss<T>, land: Land): Promise<T> {
    if (miss.refresh) return this.#own(miss, { fills: true }, land)
    const lookAgain = () => this.#entryOf(miss)
    const turn = await this.#ask(() => takeTurn(miss, { ...this.#options, lookAgain }))
    if (turn?.kind === 'answered') {
      const served = this.#serve(miss, turn.entry, fromStore)
      if (served !== undefined) {
        land(turn.entry)
        return served.decoded as T
      }
    }
    const isOwner = turn?.kind === 'owner'
    return this.#own(miss, isOwner ? { fills: true, lease: turn.lease } : { fills: false }, land)
  }

  async #entryOf(read: Read<unknown>): Promise<Entry | undefined> {
    const verdict = this.#judge(read, await this.#finder.find(read))
    return verdict.kind === 'valid' ? verdict.entry : undefined
  }

  /** Asks the database and, where it is to, fills. */
  async #own<T>(miss: Miss<T>, { fills, lease }: Filling, land: Land): Promise<T> {
    const { clock, jitter, store } = this.#options
    const filledAt = clock()
    let outcome: FillOutcome | undefined
    try {
      const { value, isStandIn } = await this.#load(miss, miss.reason)
      if (isStandIn) return value
      // Before anyone else sees the value: Prisma changes what it is given in place.
      const bytes = this.#values.encode(value)
      const narrowed = this.#filler.narrow(miss, value)
      const times = { filledAt, freshUntil: freshUntil(value, filledAt, miss.policy, jitter) }
      miss.report({ status: 'miss', reason: miss.reason, freshUntil: times.freshUntil })
      const answer = bytes && { ...times, value: bytes }
      land(answer)
      if (fills && answer !== undefined && narrowed !== undefined) {
        const filled = await this.#filler.fill(miss, value, answer, narrowed)
        outcome = filled?.outcome
        if (filled !== undefined && outcome === 'stored') {
          this.#keep(miss.key, filled.entry, miss.asked)
        }
      }
      return value
    } finally {
      if (lease !== undefined && outcome !== 'stored') await this.#ask(() => store.release(lease))
    }
  }

  /** Asks the database; where it is away an entry that stands may answer in its place. */
  async #load<T>(read: Read<T>, reason: MissReason) {
    try {
      return { value: await read.load(), isStandIn: false }
    } catch (error) {
      const standIn = await this.#standInFor(read, error)
      if (standIn !== undefined) return { value: standIn.decoded as T, isStandIn: true }
      read.report({ status: 'miss', reason })
      throw error
    }
  }

  async #standInFor(read: Read<unknown>, error: unknown): Promise<Decoded | undefined> {
    const { staleIfError } = read.policy
    const { owed, clock } = this.#options
    if (staleIfError === 0 || !isOutage(error) || !owed.isEmpty) return undefined
    // As it is now: what was found before the query may have been invalidated meanwhile.
    const found = await this.#find(read)
    const verdict = found && this.#judge(read, found)
    if (verdict?.kind !== 'valid' && verdict?.kind !== 'expired') return undefined
    if (verdict.entry.freshUntil + staleIfError < clock()) return undefined
    return this.#serve(read, verdict.entry, { status: 'stale', reason: 'error' })
  }

  /** Reads anew in the background, unless someone else does. */
  #refresh(read: Read<unknown>, found: Seen): void {
    if (this.#refreshing.has(read.key)) return
    this.#refreshing.add(read.key)
    const { background, telemetry } = this.#options
    // What it reports is of no read, and an entry that stands is there already.
    const policy = { ...read.policy, staleIfError: 0 }
    const refreshed = this.#readAnew({ ...read, policy, report: () => undefined }, found)
      .catch((error) => telemetry.error('refresh', error))
      .finally(() => this.#refreshing.delete(read.key))
    background.run(refreshed)
  }

  async #readAnew(read: Read<unknown>, found: Seen): Promise<void> {
    const miss = await this.#vouched(read, found, 'expired')
    if (typeof miss === 'string' || this.#flights.has(read.key)) return
    const lease = await takeLease(miss, this.#options)
    if (lease === undefined) return
    await this.#flights.run(miss, (land) => this.#own(miss, { fills: true, lease }, land))
  }

  #bypass<T>(read: Read<T>, reason: BypassReason): Promise<T> {
    read.report({ status: 'bypass', reason })
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
}

type Served =
  | { readonly status: 'hit'; readonly source: HitSource }
  | { readonly status: 'stale'; readonly reason: StaleReason }

const fromStore = { status: 'hit', source: 'store' } as const
const whileRefreshing = { status: 'stale', reason: 'refreshing' } as const
