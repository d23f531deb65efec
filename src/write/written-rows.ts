import type { WrittenVersion, WrittenVersions } from '../plan/row-versions.js'
import type { TagId } from '../plan/tag.js'
import type { SettledRow, SettledRows } from '../store/store.js'

/**
 * How long the store remembers the version that a write gave to a row, in milliseconds. It is longer than
 * any replica should lag behind. If a row is deleted and created again by raw SQL that nobody saw, answers
 * that show it are not stored for this long.
 */
const REMEMBERED_FOR = 60_000

/** Adds the versions that a later operation of the same write gave to rows. */
export function addWritten(rows: Map<TagId, WrittenVersion>, next: WrittenVersions): void {
  for (const [tag, row] of next) {
    const before = rows.get(tag)
    const version = Math.max(row.version, before?.version ?? row.version)
    rows.set(tag, row.isNew || before === undefined ? row : { ...before, version })
  }
}

/**
 * The versions that the store must remember from now on. What the store remembered of a new row before its
 * write began is about an earlier row with the same id, and is forgotten. But an update of the new row may
 * settle before its creation does, and is kept.
 *
 * @param began when the write began, in milliseconds since the epoch.
 */
export function settledRows(written: WrittenVersions, began: number, now: number): SettledRows {
  const settled = ({ version, isNew }: WrittenVersion): SettledRow => ({
    version,
    until: now + REMEMBERED_FOR,
    forgets: isNew ? began + REMEMBERED_FOR : now,
  })
  return new Map(Array.from(written, ([tag, row]) => [tag, settled(row)]))
}
