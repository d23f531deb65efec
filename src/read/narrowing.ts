import type { Narrowed } from '../plan/dependencies.js'
import type { TagId } from '../plan/tag.js'
import { newVersion } from '../store/random-ids.js'
import type { Store, Version } from '../store/store.js'
import type { Read, Snapshot } from './read.js'

/**
 * The dependencies of an answer's entry: those of the snapshot's tags that the answer leaves, and the tags of the
 * returned rows.
 *
 * @param isPrecise whether the snapshot has all of the returned rows, with versions from before the query: a write
 *   may have come in between. Otherwise the entry keeps the wide tags that cover them.
 */
export function dependenciesOf(
  { tags, wide }: Pick<Read<unknown>, 'tags' | 'wide'>,
  { dropped, replaced, rows }: Narrowed,
  snapshot: Snapshot,
  isPrecise: boolean,
): Snapshot {
  const gone = new Set<TagId>(isPrecise ? [...dropped, ...replaced] : dropped)
  const kept = [...tags, ...wide.filter((tag) => !gone.has(tag)), ...(isPrecise ? rows : [])]
  return new Map(kept.map((tag) => [tag, snapshot.get(tag) as Version]))
}

/**
 * The versions of rows after the query, if no write to their models was settled since the snapshot; else nothing.
 * Only in a store that one process uses does the wide tag tell, as a settlement is one step there. In a shared one,
 * a settlement under way may have touched a row, and not yet the wide tag.
 */
export async function unchanged(
  store: Pick<Store, 'create' | 'states'>,
  rows: readonly TagId[],
  wide: readonly TagId[],
  snapshot: Snapshot,
): Promise<Snapshot> {
  const { states } = await store.create(new Map(rows.map((tag) => [tag, newVersion()])))
  const now = await store.states(wide)
  const isUntouched = wide.every((tag, index) => now[index]?.version === snapshot.get(tag))
  return new Map(
    isUntouched ? rows.map((tag, index) => [tag, states[index]?.version as Version]) : [],
  )
}
