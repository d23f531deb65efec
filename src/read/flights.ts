import type { EntryKey } from '../plan/key.js'
import type { Version } from '../store/store.js'
import type { Answer, Gap } from './read.js'

/** The answer of a query under way; undefined where it fails or cannot be encoded. */
export type Flight = Promise<Answer | undefined>

/** Gives the answer to the reads that joined the flight. */
export type Land = (answer: Answer | undefined) => void

/** The queries of this process that are under way, which reads with the same snapshot may join. */
export class Flights {
  readonly #flights = new Map<EntryKey, Joinable>()

  has(key: EntryKey): boolean {
    return this.#flights.has(key)
  }

  /** The flight that a read with this snapshot may join, if there is one. */
  joinable({ key, versions }: Gap): Flight | undefined {
    const flight = this.#flights.get(key)
    // With other versions, its query may have begun before a write that the read must see.
    return flight !== undefined && isEqual(flight.versions, versions) ? flight.answer : undefined
  }

  /** Lets other reads join while `fly` runs. */
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
  /** The versions of the read's planned tags, taken before the query began. */
  readonly versions: readonly Version[]
  readonly answer: Flight
}

function isEqual(one: readonly Version[], other: readonly Version[]): boolean {
  return one.length === other.length && one.every((version, index) => version === other[index])
}
