import { nextTurn } from '../../event-loop/next-turn.js'

/** How many failures in a row open it. */
const THRESHOLD = 5
/** How long it stays open, in milliseconds. */
const OPEN_FOR = 500

/** The breaker is open: the command was not tried. `cause` is what the last one failed with. */
export class CircuitOpenError extends Error {
  override readonly name = 'CircuitOpenError'
}

/**
 * A circuit breaker (M. Nygard, Release It!): after several failures in a row commands fail at once,
 * until one that is let through as a probe succeeds. So a server that hangs costs its time-out a few
 * times, and not with each query.
 */
export class Breaker {
  readonly #clock: () => number
  #failures = 0
  #openUntil = 0
  #isProbing = false
  #lastError: unknown

  /** @param clock milliseconds, of any origin. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#failures < THRESHOLD) return 'closed'
    return this.#clock() < this.#openUntil || this.#isProbing ? 'open' : 'half-open'
  }

  get lastError(): unknown {
    return this.#lastError
  }

  async run<T>(command: () => Promise<T>): Promise<T> {
    const { state } = this
    if (state === 'open') {
      await nextTurn()
      throw new CircuitOpenError('Aerospike failed repeatedly; not tried again yet', {
        cause: this.#lastError,
      })
    }
    this.#isProbing = state === 'half-open'
    try {
      const result = await command()
      this.#failures = 0
      return result
    } catch (error) {
      this.#failures += 1
      this.#lastError = error
      this.#openUntil = this.#clock() + OPEN_FOR
      throw error
    } finally {
      this.#isProbing = false
    }
  }
}
