/** Work that continues after the caller has got its answer. */
export class Background {
  readonly #running = new Set<Promise<unknown>>()

  /** @param task must not reject. */
  run(task: Promise<unknown>): void {
    const running: Promise<unknown> = task.then(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when no task is running, including tasks that begin while it waits. */
  async rest(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
