import { ConfigurationError } from '../errors.js'
import { ContextValue } from '../event-loop/context-value.js'
import type { Explanation } from '../plan/explain.js'

/** Explains calls of a client instead of running them. `O` is one operation of the client. */
export class Explainer<O> {
  readonly #explanationOf: (operation: O) => Promise<Explanation>
  readonly #explaining = new ContextValue<(operation: O) => never>()

  constructor(explanationOf: (operation: O) => Promise<Explanation>) {
    this.#explanationOf = explanationOf
  }

  /** Ends the operation here, by an error, if the call that runs it is being explained. */
  take(operation: O): void {
    this.#explaining.get()?.(operation)
  }

  /** Explains the first operation that the call would run, and lets none run. */
  async explain(query: () => PromiseLike<unknown>): Promise<Explanation> {
    let explained: Promise<Explanation> | undefined
    const take = (operation: O) => {
      explained ??= this.#explanationOf(operation)
      throw new Explained()
    }
    try {
      await this.#explaining.run(take, async () => query())
    } catch (error) {
      if (!(error instanceof Explained)) throw error
    }
    if (explained !== undefined) return explained
    throw new ConfigurationError(
      'explain: expected a function that calls this client, such as () => prisma.user.findMany(), got one that does not',
    )
  }
}

/** Ends a call that is explained instead of run. */
class Explained extends Error {}
