import type { Policy } from '../options/policy.js'
import type { EntryKey } from '../plan/key.js'
import type { RowVersions } from '../plan/row-versions.js'
import type { TagId } from '../plan/tag.js'
import type { BypassReason, HitSource, MissReason, StaleReason } from '../telemetry/events.js'

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
  /** The versions of the rows that the answer shows: one from before an acknowledged write is not stored. */
  readonly rowVersions?: ((value: unknown) => RowVersions) | undefined
  readonly policy: Policy
  /** Whether the database is to be asked, whatever the store has. */
  readonly refresh: boolean
  /** Asks the database. */
  readonly load: () => Promise<T>
  /** Called once, when it is known how the read is answered, or that it is not. */
  readonly report: (outcome: Outcome) => void
}

/** How a read was answered. */
export type Outcome =
  | ({ readonly status: 'hit'; readonly source: HitSource } & Times)
  | ({ readonly status: 'stale'; readonly reason: StaleReason } & Times)
  | { readonly status: 'miss'; readonly reason: MissReason; readonly freshUntil?: number }
  | { readonly status: 'bypass'; readonly reason: BypassReason }

/** Of an answer; milliseconds since the epoch. */
export interface Times {
  readonly filledAt: number
  readonly freshUntil: number
}

/** What an answer says about the wide tags of its read. */
export interface Narrowed {
  /** Those that it does not depend on. */
  readonly dropped: readonly TagId[]
  /** Those for which the tags of the rows that came back can stand. */
  readonly replaced: readonly TagId[]
  readonly rows: readonly TagId[]
}
