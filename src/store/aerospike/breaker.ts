import { nextTurn } from '../../event-loop/next-turn.js'

/** How many failures in a row open the breaker. */
const FAILURES_TO_OPEN = 5
/** How long the breaker stays open, in milliseconds. */
const OPEN_MILLISECONDS = 500

/** The command was not tried because the breaker is open. `cause` is the last failure. */
export class CircuitOpenError extends Error {
  override readonly name = 'CircuitOpenError'
}

/**
 * A circuit breaker (M. Nygard, Release It!): after several failures in a row, commands fail at
 * once, until one command that is let through as a probe succeeds. So only the first few queries
 * wait for the time-out of a server that hangs, and not every query.
 */
export class Breaker {
  readonly #clock: () => number
  #failures = 0
  #openUntil = 0
  #isProbing = false
  #lastError: unknown

  /** @param clock returns milliseconds since any fixed moment. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
  }

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#failures < FAILURES_TO_OPEN) return 'closed'
    return this.#clock() < this.#openUntil || this.#isProbing ? 'open' : 'half-open'
  }

  get lastError(): unknown {
    return this.#lastError
  }

  async run<T>(command: () => Promise<T>): Promise<T> {
    const { state } = this
    if (state === 'open') {
      await nextTurn()
      throw new CircuitOpenError('Aerospike failed repeatedly, so this command was not tried', {
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
      this.#openUntil = this.#clock() + OPEN_MILLISECONDS
      throw error
    } finally {
      this.#isProbing = false
    }
  }
}
