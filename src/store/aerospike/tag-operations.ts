import type { TagId } from '../../plan/tag.js'
import { newVersion } from '../random-ids.js'
import type { Mark, SettledRow, Touched, Version, WriteId } from '../store.js'
import type { Aerospike } from './commands.js'
import { tagBins, timeValue } from './records.js'

/** What changes one tag of a record. */
export type TagOperations = (aerospike: Aerospike) => readonly object[]

/** Gives the tag a new version, which invalidates the entries that depend on it. */
export function touch(tag: TagId, { holdUntil, rows, unmark }: Touched): TagOperations {
  const row = rows?.get(tag)
  return (aerospike) => [
    ...setVersion(tag, newVersion())(aerospike),
    ...(holdUntil === undefined ? [] : hold(aerospike, tag, holdUntil)),
    ...(row === undefined ? [] : remember(aerospike, tag, row)),
    ...(unmark === undefined ? [] : removeMark(tag, unmark)(aerospike)),
  ]
}

export function setVersion(tag: TagId, version: Version): TagOperations {
  return ({ operations }) => tagBins(tag).versions.map((bin) => operations.write(bin, version))
}

export function putMark(tag: TagId, { writeId, deadline }: Mark): TagOperations {
  return ({ maps }) => [maps.put(tagBins(tag).marks, writeId, timeValue(deadline))]
}

export function removeMark(tag: TagId, writeId: WriteId): TagOperations {
  return ({ maps }) => [maps.removeByKey(tagBins(tag).marks, writeId)]
}

function hold(aerospike: Aerospike, tag: TagId, until: number): object[] {
  const time = timeValue(until)
  return putGreatest(aerospike, tagBins(tag).hold, time, time)
}

/** Keeps only the greatest of this version and those that are still remembered. */
function remember(
  aerospike: Aerospike,
  tag: TagId,
  { version, until, forgets }: SettledRow,
): object[] {
  const { maps } = aerospike
  const bin = tagBins(tag).row
  return [
    maps.removeByValueRange(bin, 0, forgets + 1, maps.returnType.NONE),
    ...putGreatest(aerospike, bin, version, until),
  ]
}

/** Puts an entry into a map, and leaves only the entry with the greatest key. */
function putGreatest({ maps }: Aerospike, bin: string, key: number, value: number): object[] {
  const { NONE, INVERTED } = maps.returnType
  return [
    // The client accepts numbers as keys, but its types allow only strings.
    maps.put(bin, key as never, value),
    // The index is the position in the order of keys, also in maps that are not ordered.
    maps.removeByIndexRange(bin, -1, 1, NONE | INVERTED),
  ]
}
