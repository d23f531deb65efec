import { ContextValue } from '../event-loop/context-value.js'
import type { TagId } from '../plan/tag.js'
import type { Version } from '../store/store.js'

/** With more dependencies than this, a loaded value is not stored: each of them is looked up with it. */
const MAX_COLLECTED_TAGS = 1_000

type Dependencies = ReadonlyMap<TagId, Version>

/**
 * Collects the dependencies of the cached reads that a loader of `getOrLoad` makes. The loaded value depends
 * on them, with the versions that these reads saw: with later ones, a value that was computed from an older
 * answer would count as current.
 */
export class Collected {
  #versions = new Map<TagId, Version>()
  #isSpoilt = false
  #freshUntil = Number.POSITIVE_INFINITY

  /** Forgets everything, because the loader runs once more. */
  reset(): void {
    this.#versions = new Map()
    this.#isSpoilt = false
    this.#freshUntil = Number.POSITIVE_INFINITY
  }

  /** @param freshUntil when the answer of the read expires, in milliseconds since the epoch. */
  add(dependencies: Dependencies, freshUntil: number): void {
    this.#freshUntil = Math.min(this.#freshUntil, freshUntil)
    for (const [tag, version] of dependencies) {
      // Two reads saw the rows before and after a write: the value may be made of both.
      if ((this.#versions.get(tag) ?? version) !== version) this.spoil()
      this.#versions.set(tag, version)
    }
  }

  /** Says that a read has dependencies which are not known: then the value must not be stored. */
  spoil(): void {
    this.#isSpoilt = true
  }

  /** When the first of the answers expires, in milliseconds since the epoch. */
  get freshUntil(): number {
    return this.#freshUntil
  }

  /** These dependencies and those of the value itself; undefined where the value must not be stored. */
  mergedWith(own: Dependencies): Dependencies | undefined {
    if (this.#isSpoilt || this.#versions.size > MAX_COLLECTED_TAGS) return undefined
    const merged = new Map(own)
    for (const [tag, version] of this.#versions) {
      if ((own.get(tag) ?? version) !== version) return undefined
      merged.set(tag, version)
    }
    return merged
  }
}

interface Collecting {
  readonly token: object
  readonly collected: Collected
}

const collecting = new ContextValue<Collecting>()

/** Runs a loader, whose reads from the same store and keyspace are collected. */
export function collect<T>(
  { token, collected }: Collecting,
  load: () => PromiseLike<T> | T,
): Promise<T> {
  collected.reset()
  // Prisma's promises start when they are awaited, so that must happen in this context.
  return collecting.run({ token, collected }, async () => await load())
}

/** The dependencies that a loader collects in whose context the caller runs, if it runs in one. */
export function collectedBy(token: object): Collected | undefined {
  for (const each of collecting.all()) if (each.token === token) return each.collected
  return undefined
}
