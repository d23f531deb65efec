/** What goes on when its caller has its answer. */
export class Background {
  readonly #running = new Set<Promise<unknown>>()

  /** @param task does not reject. */
  run(task: Promise<unknown>): void {
    const running: Promise<unknown> = task.then(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when nothing goes on, of what began meanwhile either. */
  async rest(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
