import type { TagId } from '../plan/tag.js'
import type { Store, TagState, Version } from '../store/store.js'
import type { Narrowed, Read } from './read.js'

/** Tags and the versions that they had before the database was asked. */
export type Snapshot = ReadonlyMap<TagId, Version>

/**
 * What the entry of an answer depends on: of the snapshot's tags those that the answer leaves, and
 * those of the rows that came back.
 *
 * The version of a row's tag that is not in the snapshot is taken after the query, and counts only if
 * no write to the row's model can have come between. That shows in the wide tag, which every such
 * write marks before the database sees it, and touches before it is acknowledged: it must be as in
 * the snapshot, and unmarked, at a moment *after* the row's version was taken. Asked together, the two
 * could be answered in the other order, with a whole write in between.
 */
export async function dependenciesOf(
  { tags, wide }: Read<unknown>,
  { dropped, replaced, rows }: Narrowed,
  snapshot: Snapshot,
  store: Store,
): Promise<Snapshot> {
  const late = rows.filter((tag) => !snapshot.has(tag))
  const versions = new Map(snapshot)
  let narrowed = replaced
  if (late.length > 0) {
    const states = await store.repair(late.map((tag) => ({ tag, overdue: [] })))
    late.forEach((tag, index) => {
      versions.set(tag, (states[index] as TagState).version as Version)
    })
    const now = await store.states(replaced)
    narrowed = replaced.filter((tag, index) => isUntouched(now[index], snapshot.get(tag)))
  }
  const gone = new Set([...dropped, ...narrowed])
  const kept = [...tags, ...wide.filter((tag) => !gone.has(tag)), ...rows]
  return new Map(kept.map((tag) => [tag, versions.get(tag) as Version]))
}

function isUntouched(now: TagState | undefined, before: Version | undefined): boolean {
  return now !== undefined && now.version === before && now.marks.length === 0
}
