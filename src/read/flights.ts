import type { EntryKey } from '../plan/key.js'
import type { Version } from '../store/store.js'
import type { Gap } from './lease.js'
import type { Times } from './read.js'

/** What can be served: an entry, or what is about to be one. */
export interface Answer extends Times {
  /** Sealed. */
  readonly value: Uint8Array
}

/** Nothing where the owner's query failed, or gave what cannot be encoded. */
export type Flight = Promise<Answer | undefined>

/** Gives those who joined their answer. */
export type Land = (answer: Answer | undefined) => void

/** The queries of this process that are under way, and what each of them can vouch for. */
export class Flights {
  readonly #flights = new Map<EntryKey, Joinable>()

  has(key: EntryKey): boolean {
    return this.#flights.has(key)
  }

  /** The flight that a read with this snapshot may join, if there is one. */
  joinable({ key, versions }: Gap): Flight | undefined {
    const flight = this.#flights.get(key)
    // With other versions it may have asked the database before a write that the read must see.
    return flight !== undefined && equal(flight.versions, versions) ? flight.answer : undefined
  }

  /** Lets others join while it runs what is to land an answer. */
  async run<T>({ key, versions }: Gap, fly: (land: Land) => Promise<T>): Promise<T> {
    let land: Land = () => undefined
    const answer: Flight = new Promise((resolve) => {
      land = resolve
    })
    const flight = { versions, answer }
    this.#flights.set(key, flight)
    try {
      return await fly(land)
    } finally {
      land(undefined)
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
  }
}

interface Joinable {
  /** Of the read's planned tags, in their order, taken before the query began. */
  readonly versions: readonly Version[]
  readonly answer: Flight
}

function equal(one: readonly Version[], other: readonly Version[]): boolean {
  return one.length === other.length && one.every((version, index) => version === other[index])
}
