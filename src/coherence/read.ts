import type { EntryKey } from '../plan/key.js'
import type { TagId } from '../plan/tag.js'

/** A read as the protocol sees it. */
export interface Read<T> {
  readonly model: string
  readonly operation: string
  readonly key: EntryKey
  /**
   * What the answer depends on, whatever it is: together with `wide`, every tag that a write which
   * changes it touches. No tag is in both, or twice.
   */
  readonly tags: readonly TagId[]
  /** What it also depends on, unless `narrow` finds, once it is known, that less will do. */
  readonly wide: readonly TagId[]
  readonly narrow: (value: unknown) => Narrowed
  /** Milliseconds. */
  readonly ttl: number
  /** Asks the database. */
  readonly load: () => Promise<T>
}

/** What an answer says about the wide tags of its read. */
export interface Narrowed {
  /** Those that it does not depend on. */
  readonly dropped: readonly TagId[]
  /** Those for which the tags of the rows that came back can stand. */
  readonly replaced: readonly TagId[]
  readonly rows: readonly TagId[]
}
