import type { Narrowed } from '../plan/dependencies.js'
import type { TagId } from '../plan/tag.js'
import type { Version } from '../store/store.js'
import type { Read, Snapshot } from './read.js'

/**
 * The dependencies of an answer's entry: those of the snapshot's tags that the answer leaves, and the tags of the
 * returned rows.
 *
 * A tag of a row counts only with the version that it had before the database was asked: a write may have come in
 * between. So where the snapshot lacks a row, the entry keeps the wide tag that covers it. The next snapshot for
 * the same read has the row, as the tags of returned rows are remembered.
 */
export function dependenciesOf(
  { tags, wide }: Pick<Read<unknown>, 'tags' | 'wide'>,
  { dropped, replaced, rows }: Narrowed,
  snapshot: Snapshot,
): Snapshot {
  const isPrecise = rows.every((tag) => snapshot.has(tag))
  const gone = new Set<TagId>(isPrecise ? [...dropped, ...replaced] : dropped)
  const kept = [...tags, ...wide.filter((tag) => !gone.has(tag)), ...(isPrecise ? rows : [])]
  return new Map(kept.map((tag) => [tag, snapshot.get(tag) as Version]))
}
