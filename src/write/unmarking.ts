import type { Background } from '../event-loop/background.js'
import { nextTurn } from '../event-loop/next-turn.js'
import type { TagId } from '../plan/tag.js'
import type { Store, WriteId } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'

export interface UnmarkingOptions {
  readonly store: Store
  readonly telemetry: Telemetry
  readonly background: Background
}

/**
 * Removes the marks that writes left on tags which they turned out not to touch. Nobody waits for
 * this, because until their deadline such marks matter only to strict reads. One call runs at a time, and
 * marks that are added meanwhile go with the next one.
 */
export class Unmarking {
  readonly #options: UnmarkingOptions
  #due = new Map<TagId, WriteId[]>()
  #isRunning = false

  constructor(options: UnmarkingOptions) {
    this.#options = options
  }

  add(writeId: WriteId, tags: readonly TagId[]): void {
    for (const tag of tags) {
      const due = this.#due.get(tag)
      if (due === undefined) this.#due.set(tag, [writeId])
      else due.push(writeId)
    }
    if (!this.#isRunning && this.#due.size > 0) this.#options.background.run(this.#run())
  }

  async #run(): Promise<void> {
    const { store, telemetry } = this.#options
    this.#isRunning = true
    // The acknowledgement, for which the caller waits, comes first.
    await nextTurn()
    while (this.#due.size > 0) {
      const due = this.#due
      this.#due = new Map()
      try {
        await store.unmark(due)
      } catch (error) {
        telemetry.error('invalidate', error)
      }
    }
    this.#isRunning = false
  }
}
