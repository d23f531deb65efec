import type { Background } from '../background.js'
import type { TagId } from '../plan/tag.js'
import type { Store, WriteId } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'

export interface UnmarkingOptions {
  readonly store: Store
  readonly telemetry: Telemetry
  readonly background: Background
  /** Whether a mark keeps reads from being answered. */
  readonly strict: boolean
}

/** How long marks are gathered, in milliseconds. */
const GATHERED_FOR = 20

/**
 * Takes the marks away that writes left on tags which they turned out not to touch, those of many
 * writes at once. Nobody waits for it: until their deadline they mean nothing but to strict reads.
 */
export class Unmarking {
  readonly #options: UnmarkingOptions
  #due = new Map<TagId, WriteId[]>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: UnmarkingOptions) {
    this.#options = options
  }

  add(writeId: WriteId, tags: readonly TagId[]): void {
    for (const tag of tags) {
      const due = this.#due.get(tag)
      if (due === undefined) this.#due.set(tag, [writeId])
      else due.push(writeId)
    }
    if (this.#options.strict) this.flush()
    else if (tags.length > 0) this.#timer ??= setTimeout(() => this.flush(), GATHERED_FOR)
  }

  /** What is due goes now, in the background. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#due.size === 0) return
    const due = this.#due
    this.#due = new Map()
    this.#options.background.run(this.#unmark(due))
  }

  async #unmark(due: ReadonlyMap<TagId, readonly WriteId[]>): Promise<void> {
    const { store, telemetry } = this.#options
    try {
      await store.unmark(due)
    } catch (error) {
      telemetry.error('settle', error)
    }
  }
}
