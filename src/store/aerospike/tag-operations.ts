import { newVersion } from '../random-ids.js'
import type { SettledRow, WriteId } from '../store.js'
import type { Aerospike } from './commands.js'
import { bins, VERSION_KEY } from './records.js'

/** Gives the tag a new version, which invalidates the entries that depend on it. */
export function setVersion({ maps }: Aerospike): object {
  return maps.put(bins.version, VERSION_KEY, newVersion())
}

export function removeMarks({ maps }: Aerospike, ids: readonly WriteId[]): object {
  return maps.removeByKeyList(bins.pending, [...ids])
}

/** Creates the tag, or leaves its version as it is. */
export function setVersionIfAbsent({ maps, MapPolicy }: Aerospike): object {
  const writeFlags = maps.writeFlags.CREATE_ONLY | maps.writeFlags.NO_FAIL
  return maps.put(bins.version, VERSION_KEY, newVersion(), new MapPolicy({ writeFlags }))
}

/** Keeps only the greatest of this version and those that are still remembered. */
export function remember({ maps }: Aerospike, { version, until, forgets }: SettledRow): object[] {
  const { NONE, INVERTED } = maps.returnType
  return [
    maps.removeByValueRange(bins.row, 0, forgets + 1, NONE),
    // The client accepts numbers as keys, but its types allow only strings.
    maps.put(bins.row, version as never, until),
    // The index is the position in the order of keys, also in maps that are not ordered.
    maps.removeByIndexRange(bins.row, -1, 1, NONE | INVERTED),
  ]
}
