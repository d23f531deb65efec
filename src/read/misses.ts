import { setTimeout as pause } from 'node:timers/promises'
import type { Background } from '../event-loop/background.js'
import type { TagId } from '../plan/tag.js'
import type { Entry, Lease, LeaseId, Store, Version } from '../store/store.js'
import type { BypassReason, MissReason } from '../telemetry/events.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { OwedTouches } from '../touch/owed-touches.js'
import { collectedBy } from './collected.js'
import { fill, narrow } from './fill.js'
import { type Flight, type Flights, flightsOf, type Landed } from './flights.js'
import { leaseOf, takeLease, takeTurn } from './lease.js'
import { askStore, type LookUp } from './look-up.js'
import type { NearCopies } from './near-copies.js'
import { bypass, load } from './origin.js'
import type { Answer, Miss, Read, Seen } from './read.js'
import type { SealedValues } from './sealed-values.js'
import type { SeenVersions } from './seen-versions.js'
import { serve } from './serve.js'
import type { Pause, Shapes } from './shapes.js'
import { freshUntil } from './validity.js'
import { isWanted } from './wanted.js'

export interface MissesOptions {
  readonly store: Store
  readonly owed: OwedTouches
  readonly telemetry: Telemetry
  readonly clock: () => number
  /** Milliseconds since any fixed moment; it never jumps. */
  readonly stopwatch: () => number
  readonly leaseWait: number
  readonly jitter: number
  readonly lookUp: LookUp
  readonly values: SealedValues
  readonly near: NearCopies | undefined
  readonly shapes: Shapes
  readonly seen: SeenVersions
  readonly background: Background
  /** Represents the store and the keyspace, see `Context`. */
  readonly token: object
}

/** The right to fill: with a lease, or without one where none is worth it, or the answer replaces what others store. */
interface Filling {
  readonly fills: boolean
  readonly lease?: LeaseId | undefined
}

/** Answers reads that no entry answers: by a query of this process, or of another one. */
export class Misses {
  readonly #options: MissesOptions
  readonly #flights: Flights

  constructor(options: MissesOptions) {
    this.#options = options
    this.#flights = flightsOf(options.token)
  }

  async answer<T>(read: Read<T>, seen: Seen, reason: MissReason): Promise<T> {
    const { lookUp, shapes } = this.#options
    if (lookUp.isBlocked(read, seen.states)) return this.#bypass(read, 'blocked')
    // A refresh must see what may have happened since the flight's query began.
    const flight = read.refresh ? undefined : this.#flights.get(read.key)
    const joined = flight?.joinedBy(plannedIn(read, seen))
    if (joined !== undefined) return this.#join(read, this.#inTime(joined, flight as Flight))
    const whyNotToFill = read.refresh ? undefined : shapes.pauseNow(read.shape(), isWanted())
    return this.#flights.run(read.key, this, async (flight) => {
      if (whyNotToFill !== undefined) {
        return this.#queryOnly(read, seen, reason, whyNotToFill, flight)
      }
      const miss = await this.#missOf(read, seen, reason)
      return typeof miss === 'string' ? this.#bypass(read, miss) : this.#fly(miss, flight)
    })
  }

  /** Replaces an expired entry, unless this process or another one is about to do so. */
  async refill(read: Read<unknown>, seen: Seen): Promise<void> {
    if (this.#flights.get(read.key) !== undefined) return
    await this.#flights.run(read.key, this, async (flight) => {
      const miss = await this.#missOf(read, seen, 'expired')
      if (typeof miss === 'string') return
      const lease = miss.lease ?? (await takeLease(miss, this.#options))
      if (lease === undefined) return
      await this.#query(miss, { fills: true, lease }, flight)
    })
  }

  #bypass<T>(read: Read<T>, reason: BypassReason): Promise<T> {
    collectedBy(this.#options.token)?.spoil()
    return bypass(read, reason)
  }

  /** The read with a snapshot with which its answer can be stored; or the reason why there is none. */
  async #missOf<T>(
    read: Read<T>,
    found: Seen,
    reason: MissReason,
  ): Promise<Miss<T> | BypassReason> {
    const { telemetry, lookUp, clock, leaseWait } = this.#options
    const { generation: seen, asked } = found
    const { key } = read
    let wanted: Lease | undefined
    const leaseFor = (versions: ReadonlyMap<TagId, Version>) => {
      wanted = leaseOf({ key, seen }, versionsIn(read, versions), clock(), leaseWait)
      return wanted
    }
    const wantsLease = !read.refresh && this.#isWorthALease(read)
    const complete = await askStore(telemetry, () =>
      lookUp.complete(found, wantsLease ? leaseFor : undefined),
    )
    if (complete === undefined) return 'store'
    const { states, isOwner } = complete
    const snapshot = new Map(
      Array.from(states, ([tag, { version }]) => [tag, version as Version] as const),
    )
    const lease = isOwner ? wanted?.id : undefined
    if (lookUp.isBlocked(read, states)) {
      await this.#release(lease)
      return 'blocked'
    }
    const versions = versionsIn(read, snapshot)
    return { ...read, reason, snapshot, versions, seen, asked, lease }
  }

  /** The answer, or undefined if the query of another client takes longer than `leaseWait`: it may hang. */
  #inTime(answer: Promise<Landed | undefined>, { client }: Flight): Promise<Landed | undefined> {
    if (client === this) return answer
    const { leaseWait } = this.#options
    return Promise.race([answer, pause(leaseWait, undefined, { ref: false })])
  }

  async #join<T>(read: Read<T>, flight: Promise<Landed | undefined>): Promise<T> {
    const answer = await flight
    const { token, values } = this.#options
    // The loader of the flight has collected dependencies that this read does not know.
    if (read.collected !== undefined || answer === undefined) collectedBy(token)?.spoil()
    else this.#collectPlanned({ ...read, versions: answer.versions }, answer.freshUntil)
    const served = answer && serve(values, read, answer, { status: 'hit', source: 'flight' })
    if (served !== undefined) return served.decoded as T
    // The flight failed with an error that belongs to its own caller: this read may succeed.
    const { value, isStandIn } = await load(this.#options, read, 'absent')
    if (!isStandIn) read.report({ status: 'miss', reason: 'absent' })
    return value
  }

  /** Answers a read and all reads that join it, from the database or by waiting for another process. */
  async #fly<T>(miss: Miss<T>, flight: Flight): Promise<T> {
    flight.begin(miss.versions)
    if (miss.refresh || miss.lease !== undefined || !this.#isWorthALease(miss)) {
      return this.#query(miss, { fills: true, lease: miss.lease }, flight)
    }
    const { store, clock, leaseWait, telemetry, values, token } = this.#options
    const lookAgain = () => this.#validEntryOf(miss)
    const turn = await askStore(telemetry, () =>
      takeTurn(miss, { store, clock, leaseWait, lookAgain }),
    )
    if (turn?.kind === 'answered') {
      const served = serve(values, miss, turn.entry, { status: 'hit', source: 'store' })
      if (served !== undefined) {
        const { dependencies, freshUntil } = turn.entry
        collectedBy(token)?.add(dependencies, freshUntil)
        flight.land(turn.entry)
        return served.decoded as T
      }
    }
    const isOwner = turn?.kind === 'owner'
    return this.#query(miss, isOwner ? { fills: true, lease: turn.lease } : NOT_FILLING, flight)
  }

  /** Only processes that share the store need leases: within one, flights are shared. */
  #isWorthALease(read: Read<unknown>): boolean {
    const { store, shapes } = this.#options
    return store.board !== undefined && shapes.isWorthALease(read.shape())
  }

  async #validEntryOf(read: Read<unknown>): Promise<Entry | undefined> {
    const { lookUp } = this.#options
    const verdict = lookUp.judge(read, await lookUp.find(read))
    return verdict.kind === 'valid' ? verdict.entry : undefined
  }

  /** Asks the database and, with the right to, fills. */
  async #query<T>(miss: Miss<T>, { fills, lease }: Filling, flight: Flight): Promise<T> {
    const { clock, stopwatch, telemetry, token, shapes, seen } = this.#options
    flight.begin(miss.versions)
    const began = seen.now()
    const filledAt = clock()
    const startedAt = stopwatch()
    let isFilled = false
    try {
      const { value, isStandIn } = await load(this.#options, miss, miss.reason)
      if (isStandIn) {
        collectedBy(token)?.spoil()
        return value
      }
      shapes.loaded(miss.shape(), stopwatch() - startedAt)
      if (value === null && miss.storesNull === false) {
        miss.report({ status: 'miss', reason: miss.reason })
        this.#collectPlanned(miss)
        return value
      }
      const narrowed = narrow(miss, value, telemetry)
      const answer = this.#land(miss, value, filledAt, fills, flight)
      if (fills && answer !== undefined && narrowed !== undefined) {
        isFilled = await fill(this.#options, { ...miss, began }, value, answer, narrowed)
      } else this.#collectPlanned(miss, answer?.freshUntil)
      return value
    } finally {
      if (!isFilled) await this.#release(lease)
    }
  }

  /** Asks the database for an answer that would be of no use in the store. */
  async #queryOnly<T>(
    read: Read<T>,
    seen: Seen,
    reason: MissReason,
    whyNotToFill: Pause,
    flight: Flight,
  ): Promise<T> {
    const { clock, token, values } = this.#options
    const planned = plannedIn(read, seen)
    const versions = planned.includes(undefined) ? [] : (planned as Version[])
    flight.begin(versions)
    const filledAt = clock()
    const { value, isStandIn } = await load(this.#options, read, reason)
    if (isStandIn || versions.length === 0) collectedBy(token)?.spoil()
    else this.#collectPlanned({ ...read, versions })
    if (isStandIn) return value
    read.report({ status: 'bypass', reason: whyNotToFill })
    const bytes = flight.isShared ? values.encode(value) : undefined
    flight.land(bytes && { value: bytes, filledAt, freshUntil: filledAt })
    return value
  }

  async #release(lease: LeaseId | undefined): Promise<void> {
    const { store, telemetry } = this.#options
    if (lease !== undefined) await askStore(telemetry, () => store.release(lease))
  }

  /** Collects the planned tags, as every write that changes the answer touches one of them. */
  #collectPlanned(
    { tags, wide, versions, collected }: Read<unknown> & Pick<Miss<unknown>, 'versions'>,
    freshUntil?: number,
  ): void {
    const collector = collectedBy(this.#options.token)
    if (collector === undefined) return
    const planned = [...tags, ...wide].map(
      (tag, index) => [tag, versions[index] as Version] as const,
    )
    const dependencies = new Map(planned)
    const all = collected === undefined ? dependencies : collected.mergedWith(dependencies)
    if (all === undefined) collector.spoil()
    else collector.add(all, freshUntil ?? Number.POSITIVE_INFINITY)
  }

  /** Gives the database's answer to the reads that joined, as bytes: Prisma changes values in place. */
  #land(
    miss: Miss<unknown>,
    value: unknown,
    filledAt: number,
    fills: boolean,
    flight: Flight,
  ): Answer | undefined {
    const { values, jitter } = this.#options
    const times = { filledAt, freshUntil: freshUntil(value, filledAt, miss.policy, jitter) }
    miss.report({ status: 'miss', reason: miss.reason, freshUntil: times.freshUntil })
    // An answer that nobody else gets is not worth the encoding.
    const bytes = fills || flight.isShared ? values.encode(value) : undefined
    const answer = bytes && { ...times, value: bytes }
    flight.land(answer)
    return answer
  }
}

const NOT_FILLING: Filling = { fills: false }

/** The versions of the read's planned tags, in the order in which every process has them. */
function versionsIn(
  { tags, wide }: Read<unknown>,
  versions: ReadonlyMap<TagId, Version>,
): readonly Version[] {
  return [...tags, ...wide].map((tag) => versions.get(tag) as Version)
}

function plannedIn(
  { tags, wide }: Read<unknown>,
  { states }: Seen,
): readonly (Version | undefined)[] {
  return [...tags, ...wide].map((tag) => states.get(tag)?.version)
}
