import { ContextValue } from '../event-loop/context-value.js'
import type { Tag } from '../plan/tag.js'

/** The tags that the application says its raw SQL changes, while a function runs. */
export class DeclaredTags {
  readonly #declared = new ContextValue<readonly Tag[]>()

  /** The tags that raw SQL touches which runs here; undefined where its text must say. */
  current(): readonly Tag[] | undefined {
    return this.#declared.get()
  }

  run<T>(tags: readonly Tag[], run: () => PromiseLike<T>): Promise<T> {
    // Prisma's promises start when they are awaited, so that must happen in this context.
    return this.#declared.run(tags, async () => await run())
  }
}
