import { AsyncLocalStorage } from 'node:async_hooks'
import type { Tag } from '../plan/tag.js'

/** What the application says that its raw SQL touches, while it says so. */
export class DeclaredTags {
  readonly #declared = new AsyncLocalStorage<readonly Tag[]>()

  /** What raw SQL that runs here touches; undefined where its text is to tell. */
  current(): readonly Tag[] | undefined {
    return this.#declared.getStore()
  }

  run<T>(tags: readonly Tag[], run: () => PromiseLike<T>): Promise<T> {
    // Awaited inside: Prisma's promises begin only then.
    return this.#declared.run(tags, async () => await run())
  }
}
