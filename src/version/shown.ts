import { objectOf } from '../plan/query.js'
import type { TagId } from '../plan/tag.js'
import type { Tracked } from '../plan/tracked.js'
import type { Value } from '../plan/values.js'
import { isVersion } from './lock.js'
import type { Versions } from './versions.js'

/** The versions of rows, by the tags of their ids. */
export type RowVersions = ReadonlyMap<TagId, bigint>

/** Those of all rows in an answer that show their id and their version, at any depth. */
export function versionsIn(
  tracked: Tracked,
  versions: Versions,
  model: string,
  answer: unknown,
): RowVersions {
  const found = new Map<TagId, bigint>()
  if (versions.size > 0) look(model, answer)
  return found

  function look(name: string, rows: unknown): void {
    for (const row of Array.isArray(rows) ? rows : [rows]) {
      if (typeof row !== 'object' || row === null) continue
      note(name, objectOf(row))
      for (const relation of tracked.model(name).relations.values()) {
        look(relation.target, objectOf(row)[relation.name])
      }
    }
  }

  function note(name: string, row: Readonly<Record<string, unknown>>): void {
    const column = versions.get(name)
    const version = column === undefined ? undefined : row[column]
    const [id] = tracked.keys(name)
    if (id === undefined || column === undefined || !isVersion(version)) return
    const values = id.fields.map((field) => tracked.valueIn(name, field, row))
    // What a client's extension computes is not the database's.
    if (values.includes(undefined) || tracked.valueIn(name, column, row) === undefined) return
    found.set(tracked.keyTag(id, values as Value[]).id, BigInt(version))
  }
}
