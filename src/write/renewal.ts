/** Does something again and again until it is stopped; none of it outlives `stop`. */
export class Renewal {
  readonly #interval: number
  readonly #renew: () => Promise<void>
  #timer: NodeJS.Timeout | undefined
  #last: Promise<void> = Promise.resolve()

  /**
   * @param interval in milliseconds.
   * @param renew does not reject.
   */
  constructor(interval: number, renew: () => Promise<void>) {
    // Beyond this a timer fires at once.
    this.#interval = Math.min(interval, 2 ** 31 - 1)
    this.#renew = renew
  }

  start(): void {
    this.#timer ??= this.#schedule()
  }

  /** Resolves when what is under way is done. */
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
    // It is the work in between that keeps a process alive, if anything.
    return timer.unref()
  }
}
