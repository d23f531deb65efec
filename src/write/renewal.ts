/** Calls a function again and again until it is stopped. No call goes on after `stop` has resolved. */
export class Renewal {
  readonly #interval: number
  readonly #renew: () => Promise<void>
  #timer: NodeJS.Timeout | undefined
  #last: Promise<void> = Promise.resolve()

  /**
   * @param interval in milliseconds.
   * @param renew must not reject.
   */
  constructor(interval: number, renew: () => Promise<void>) {
    // A longer timer would fire at once.
    this.#interval = Math.min(interval, 2 ** 31 - 1)
    this.#renew = renew
  }

  start(): void {
    this.#timer ??= this.#schedule()
  }

  /** Resolves when a call under way has ended. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#last
  }

  #schedule(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#last = this.#renew().then(() => {
        if (this.#timer !== undefined) this.#timer = this.#schedule()
      })
    }, this.#interval)
    // The timer must not keep the process alive.
    return timer.unref()
  }
}
