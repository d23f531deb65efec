import { LRUCache } from 'lru-cache'
import type { TagId } from '../plan/tag.js'
import type { Version } from '../store/store.js'

/** The number of tags whose versions are remembered. */
const MAX_TAGS = 100_000

/** A moment of this process: a greater one is later. */
export type Moment = number & { readonly brand: 'moment' }

interface SeenVersion {
  readonly version: Version
  /** When it was first seen. */
  readonly at: Moment
}

/**
 * The versions of tags that this process has seen in the store. A version never comes again: so one that was seen
 * before a query began stands for the rows as the query found them, or is not current any more.
 */
export class SeenVersions {
  readonly #seen = new LRUCache<TagId, SeenVersion>({
    // With `max`, the library would take the room for all of them at once.
    maxSize: MAX_TAGS,
    sizeCalculation: () => 1,
  })
  #moments = 0

  /** Begins a new moment, which is later than all that was noted so far. */
  now(): Moment {
    this.#moments += 1
    return this.#moments as Moment
  }

  note(tag: TagId, version: Version): void {
    if (this.#seen.get(tag)?.version === version) return
    this.#seen.set(tag, { version, at: this.#moments as Moment })
  }

  /** The version, if it was seen before that moment. */
  before(tag: TagId, moment: Moment): Version | undefined {
    const seen = this.#seen.get(tag)
    return seen !== undefined && seen.at < moment ? seen.version : undefined
  }
}

/** The versions that all clients have seen that share a store and a keyspace. */
export function seenVersionsOf(token: object): SeenVersions {
  const seen = byToken.get(token) ?? new SeenVersions()
  byToken.set(token, seen)
  return seen
}

const byToken = new WeakMap<object, SeenVersions>()
