/** Calls a function once after a pause, if it is not stopped before. */
export class Metronome {
  #timer: NodeJS.Timeout | undefined

  /**
   * Does nothing if it runs already.
   *
   * @param pause in milliseconds.
   */
  start(pause: number, beat: () => void): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      beat()
    }, pause)
    // The timer must not keep the process alive.
    this.#timer.unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
