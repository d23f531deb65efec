import type { Narrowed } from '../plan/dependencies.js'
import type { Store, TagState, Version } from '../store/store.js'
import type { Read, Snapshot } from './read.js'

/**
 * The dependencies of an answer's entry: those of the snapshot's tags that the answer leaves, and the tags
 * of the returned rows.
 *
 * The version of a row's tag that is not in the snapshot is read after the query. It counts only if no
 * write to the row's model can have come in between. The wide tag shows that, as every such write marks
 * it before the database sees the write, and touches it before the write is acknowledged: the wide tag
 * must be as in the snapshot, and without marks, at a moment *after* the row's version was read. If both
 * were read by one call, the store could answer in the other order, with a whole write in between.
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
