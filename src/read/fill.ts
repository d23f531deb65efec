import type { Entry, FillOutcome, Store } from '../store/store.js'
import type { MissReason } from '../telemetry/events.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import { isOlder } from '../write/written-rows.js'
import type { Answer } from './flights.js'
import type { Gap } from './lease.js'
import type { Finder } from './look-up.js'
import { dependenciesOf, type Snapshot } from './narrowing.js'
import type { Moment } from './near-copies.js'
import type { Narrowed, Read } from './read.js'

/** A read that no entry answers, and what was seen when none did. */
export interface Miss<T> extends Read<T>, Gap {
  readonly reason: MissReason
  /** Of which the gap's versions are the part that every process which misses this read has. */
  readonly snapshot: Snapshot
  readonly asked: Moment | undefined
}

export interface FillerOptions {
  readonly store: Store
  readonly telemetry: Telemetry
  readonly clock: () => number
  readonly finder: Finder
}

export interface Filled {
  readonly entry: Entry
  readonly outcome: FillOutcome
}

/** Stores what the database answered. Its failures are told, and are not the reads'. */
export class Filler {
  readonly #options: FillerOptions

  constructor(options: FillerOptions) {
    this.#options = options
  }

  /** Nothing where it is not known what the value depends on: then it is not to be stored. */
  narrow({ narrow }: Read<unknown>, value: unknown): Narrowed | undefined {
    try {
      return narrow(value)
    } catch (error) {
      this.#options.telemetry.error('plan', error)
      return undefined
    }
  }

  async fill(
    miss: Miss<unknown>,
    value: unknown,
    answer: Answer,
    narrowed: Narrowed,
  ): Promise<Filled | undefined> {
    const { store, telemetry, clock, finder } = this.#options
    const { model, operation, key } = miss
    try {
      // A write that is settled after this touches what the entry depends on.
      if (await isOlder(store, miss.rowVersions?.(value), clock())) {
        telemetry.fill({ model, operation, key, outcome: 'older', bytes: answer.value.byteLength })
        return undefined
      }
      const dependencies = await dependenciesOf(miss, narrowed, miss.snapshot, store)
      finder.remember(miss, [...dependencies.keys(), ...narrowed.rows])
      const entry: Entry = { ...answer, dependencies }
      const outcome = await this.#offer(miss, entry)
      telemetry.fill({ model, operation, key, outcome, bytes: entry.value.byteLength })
      return { entry, outcome }
    } catch (error) {
      telemetry.error('fill', error)
      return undefined
    }
  }

  /** A refresh is stored over what queries gave that began before its own. */
  async #offer({ key, seen, refresh, policy }: Miss<unknown>, entry: Entry): Promise<FillOutcome> {
    const { store, clock } = this.#options
    const keptUntil = entry.freshUntil + Math.max(policy.swr, policy.staleIfError)
    for (let generation = seen; ; ) {
      const outcome = await store.fill(key, entry, generation, keptUntil - clock())
      if (outcome !== 'outrun' || !refresh) return outcome
      const present = await store.lookup(key, [])
      if (present.entry !== undefined && present.entry.filledAt > entry.filledAt) return outcome
      generation = present.generation
    }
  }
}
