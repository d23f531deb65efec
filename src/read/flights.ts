import type { EntryKey } from '../plan/key.js'
import type { Version } from '../store/store.js'
import type { Answer } from './read.js'

/** The answer of a flight; undefined where the query fails, or its answer cannot be encoded. */
export type Landed = Answer & {
  /** The versions of the read's planned tags, taken before the query began. */
  readonly versions: readonly Version[]
}

/** One query under way, whose answer other reads may share. */
export class Flight {
  /** Represents the client whose query it is. */
  readonly client: object
  #versions: readonly Version[] | undefined
  #hasBegun = false
  #isShared = false
  #land: (landed: Landed | undefined) => void = () => undefined
  readonly #answer: Promise<Landed | undefined>

  constructor(client: object) {
    this.client = client
    this.#answer = new Promise((resolve) => {
      this.#land = resolve
    })
  }

  /** Whether other reads wait for the answer. */
  get isShared(): boolean {
    return this.#isShared
  }

  /** Says that from now on the answer may be older than a read that begins. */
  begin(versions: readonly Version[]): void {
    this.#hasBegun = true
    this.#versions = versions
  }

  /** Gives the answer to the reads that joined. */
  land(answer: Answer | undefined): void {
    const versions = this.#versions ?? []
    this.#land(answer && { ...answer, versions })
  }

  /**
   * The answer, for a read that may share it: the query has not begun yet, or the read sees the same versions, so
   * that no write was acknowledged in between.
   *
   * @param versions those of the read's planned tags; undefined where a tag has none.
   */
  joinedBy(versions: readonly (Version | undefined)[]): Promise<Landed | undefined> | undefined {
    if (this.#hasBegun && !isEqual(this.#versions ?? [], versions)) return undefined
    this.#isShared = true
    return this.#answer
  }
}

/** The queries of this process that are under way. */
export class Flights {
  readonly #flights = new Map<EntryKey, Flight>()

  get(key: EntryKey): Flight | undefined {
    return this.#flights.get(key)
  }

  /**
   * Lets other reads join while `fly` runs.
   *
   * @param client represents the client whose query it is.
   */
  async run<T>(key: EntryKey, client: object, fly: (flight: Flight) => Promise<T>): Promise<T> {
    const flight = new Flight(client)
    this.#flights.set(key, flight)
    try {
      return await fly(flight)
    } finally {
      flight.land(undefined)
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
  }
}

/** The flights of all clients that share a store and a keyspace. */
export function flightsOf(token: object): Flights {
  const flights = byToken.get(token) ?? new Flights()
  byToken.set(token, flights)
  return flights
}

const byToken = new WeakMap<object, Flights>()

function isEqual(one: readonly Version[], other: readonly (Version | undefined)[]): boolean {
  return one.length === other.length && one.every((version, index) => version === other[index])
}
