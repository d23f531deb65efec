import type { Entry, LeaseId, Store, Version } from '../store/store.js'
import type { BypassReason, MissReason } from '../telemetry/events.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { OwedTouches } from '../touch/owed-touches.js'
import { collectedBy } from './collected.js'
import { fill, narrow } from './fill.js'
import { type Flight, Flights, type Land } from './flights.js'
import { takeLease, takeTurn } from './lease.js'
import { askStore, type LookUp } from './look-up.js'
import type { NearCopies } from './near-copies.js'
import { bypass, load } from './origin.js'
import type { Answer, Miss, Read, Seen } from './read.js'
import type { SealedValues } from './sealed-values.js'
import { serve } from './serve.js'
import { freshUntil, isBlocked } from './validity.js'

export interface MissesOptions {
  readonly store: Store
  readonly owed: OwedTouches
  readonly telemetry: Telemetry
  readonly clock: () => number
  readonly strict: boolean
  readonly leaseWait: number
  readonly jitter: number
  readonly lookUp: LookUp
  readonly values: SealedValues
  readonly near: NearCopies | undefined
  /** Represents the store and the keyspace, see `Context`. */
  readonly token: object
}

/** The right to fill: with a lease, or without one where the answer replaces what others store. */
interface Filling {
  readonly fills: boolean
  readonly lease?: LeaseId
}

/** Answers reads that no entry answers: by a query of this process, or of another one. */
export class Misses {
  readonly #options: MissesOptions
  readonly #flights = new Flights()

  constructor(options: MissesOptions) {
    this.#options = options
  }

  async answer<T>(read: Read<T>, seen: Seen, reason: MissReason): Promise<T> {
    const miss = await this.#missOf(read, seen, reason)
    if (typeof miss === 'string') {
      collectedBy(this.#options.token)?.spoil()
      return bypass(read, miss)
    }
    // A refresh must see what may have happened since the flight's query began.
    const flight = read.refresh ? undefined : this.#flights.joinable(miss)
    if (flight !== undefined) return this.#join(miss, flight)
    return this.#flights.run(miss, (land) => this.#fly(miss, land))
  }

  /** Replaces an expired entry, unless this process or another one is about to do so. */
  async refill(read: Read<unknown>, seen: Seen): Promise<void> {
    const miss = await this.#missOf(read, seen, 'expired')
    if (typeof miss === 'string' || this.#flights.has(read.key)) return
    const lease = await takeLease(miss, this.#options)
    if (lease === undefined) return
    await this.#flights.run(miss, (land) => this.#query(miss, { fills: true, lease }, land))
  }

  /** The read with a snapshot with which its answer can be stored; or the reason why there is none. */
  async #missOf<T>(
    read: Read<T>,
    found: Seen,
    reason: MissReason,
  ): Promise<Miss<T> | BypassReason> {
    const { clock, strict, telemetry, lookUp } = this.#options
    const states = await askStore(telemetry, () => lookUp.repaired(found))
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

  async #join<T>(read: Miss<T>, flight: Flight): Promise<T> {
    const answer = await flight
    // The loader of the flight has collected dependencies that this read does not know.
    if (read.collected !== undefined) collectedBy(this.#options.token)?.spoil()
    else this.#collectPlanned(read, answer?.freshUntil)
    const source = 'flight'
    const served = answer && serve(this.#options.values, read, answer, { status: 'hit', source })
    if (served !== undefined) return served.decoded as T
    // The flight failed with an error that belongs to its own caller: this read may succeed.
    const { value, isStandIn } = await load(this.#options, read, 'absent')
    if (isStandIn) collectedBy(this.#options.token)?.spoil()
    else read.report({ status: 'miss', reason: 'absent' })
    return value
  }

  /** Answers a read and all reads that join it, from the database or by waiting for another process. */
  async #fly<T>(miss: Miss<T>, land: Land): Promise<T> {
    if (miss.refresh) return this.#query(miss, { fills: true }, land)
    const { store, clock, leaseWait, telemetry, values } = this.#options
    const lookAgain = () => this.#validEntryOf(miss)
    const turn = await askStore(telemetry, () =>
      takeTurn(miss, { store, clock, leaseWait, lookAgain }),
    )
    if (turn?.kind === 'answered') {
      const served = serve(values, miss, turn.entry, { status: 'hit', source: 'store' })
      if (served !== undefined) {
        const { dependencies, freshUntil } = turn.entry
        collectedBy(this.#options.token)?.add(dependencies, freshUntil)
        land(turn.entry)
        return served.decoded as T
      }
    }
    const isOwner = turn?.kind === 'owner'
    return this.#query(miss, isOwner ? { fills: true, lease: turn.lease } : { fills: false }, land)
  }

  async #validEntryOf(read: Read<unknown>): Promise<Entry | undefined> {
    const { lookUp } = this.#options
    const verdict = lookUp.judge(read, await lookUp.find(read))
    return verdict.kind === 'valid' ? verdict.entry : undefined
  }

  /** Asks the database and, with the right to, fills. */
  async #query<T>(miss: Miss<T>, { fills, lease }: Filling, land: Land): Promise<T> {
    const { clock, store, telemetry } = this.#options
    const filledAt = clock()
    let isFilled = false
    try {
      const { value, isStandIn } = await load(this.#options, miss, miss.reason)
      if (isStandIn) {
        collectedBy(this.#options.token)?.spoil()
        return value
      }
      if (value === null && miss.storesNull === false) {
        miss.report({ status: 'miss', reason: miss.reason })
        this.#collectPlanned(miss)
        return value
      }
      const narrowed = narrow(miss, value, telemetry)
      const answer = this.#land(miss, value, filledAt, land)
      if (fills && answer !== undefined && narrowed !== undefined) {
        isFilled = await fill(this.#options, miss, value, answer, narrowed)
      } else this.#collectPlanned(miss, answer?.freshUntil)
      return value
    } finally {
      if (lease !== undefined && !isFilled) await askStore(telemetry, () => store.release(lease))
    }
  }

  /** Collects the planned tags, as every write that changes the answer touches one of them. */
  #collectPlanned({ tags, wide, versions, collected }: Miss<unknown>, freshUntil?: number): void {
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
  #land(miss: Miss<unknown>, value: unknown, filledAt: number, land: Land): Answer | undefined {
    const { values, jitter } = this.#options
    const bytes = values.encode(value)
    const times = { filledAt, freshUntil: freshUntil(value, filledAt, miss.policy, jitter) }
    miss.report({ status: 'miss', reason: miss.reason, freshUntil: times.freshUntil })
    const answer = bytes && { ...times, value: bytes }
    land(answer)
    return answer
  }
}
