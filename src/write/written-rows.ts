import type { RowVersions, WrittenRow, WrittenRows } from '../plan/row-versions.js'
import type { TagId } from '../plan/tag.js'
import type { SettledRow, SettledRows, Store } from '../store/store.js'

/**
 * How long what a write made of a row is remembered, in milliseconds. No replica is to lag further
 * behind; a row that begins anew unseen, as raw SQL may let it, is not stored for as long.
 */
const MEMORY = 60_000

/** Adds to what a write made of rows what it made of them next. */
export function addWritten(rows: Map<TagId, WrittenRow>, next: WrittenRows): void {
  for (const [tag, row] of next) {
    const before = rows.get(tag)
    const version = Math.max(row.version, before?.version ?? row.version)
    rows.set(tag, row.isNew || before === undefined ? row : { ...before, version })
  }
}

/**
 * What the store is to remember of rows from now on. A row that is new has nothing to do with what was
 * settled before its write began; an update of it may be settled before its creation is.
 */
export function settledRows(written: WrittenRows, began: number, now: number): SettledRows {
  const settled = ({ version, isNew }: WrittenRow): SettledRow => ({
    version,
    until: now + MEMORY,
    forgets: isNew ? began + MEMORY : now,
  })
  return new Map(Array.from(written, ([tag, row]) => [tag, settled(row)]))
}

/** Whether one of the rows was read as it was before a write that the store remembers. */
export async function isOlder(
  store: Store,
  rows: RowVersions | undefined,
  now: number,
): Promise<boolean> {
  if (rows === undefined || rows.size === 0) return false
  const states = await store.states([...rows.keys()])
  return Array.from(rows.values()).some((version, index) => {
    const row = states[index]?.row
    return row !== undefined && now <= row.until && version < row.version
  })
}
