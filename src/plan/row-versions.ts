import type { Value } from './normalise.js'
import { objectOf, type Query } from './query.js'
import type { TagId } from './tag.js'
import type { TrackedKeys } from './tracked-keys.js'
import { isVersion, type VersionColumns } from './version-columns.js'

/** The versions of rows, by the tags of their ids. */
export type RowVersions = ReadonlyMap<TagId, number>

/** The versions that a write gave to rows, by the tags of their ids. */
export type WrittenVersions = ReadonlyMap<TagId, WrittenVersion>

export interface WrittenVersion {
  readonly version: number
  /** Whether the write created the row. */
  readonly isNew: boolean
}

/** The versions of all rows in an answer that show both their id and their version, at any depth. */
export function versionsIn(
  tracked: TrackedKeys,
  columns: VersionColumns,
  model: string,
  answer: unknown,
): RowVersions {
  const found = new Map<TagId, number>()
  for (const { tag, version } of shownRows(tracked, columns, model, answer)) {
    // A row that the answer shows twice may have been read twice, the first time before a write.
    found.set(tag, Math.min(version, found.get(tag) ?? version))
  }
  return found
}

/** The versions that a write gave to the rows which its answer shows. */
export function writtenIn(
  tracked: TrackedKeys,
  columns: VersionColumns,
  { model, operation }: Pick<Query, 'model' | 'operation'>,
  answer: unknown,
): WrittenVersions {
  const found = new Map<TagId, WrittenVersion>()
  for (const { tag, version, isRelated } of shownRows(tracked, columns, model, answer)) {
    if (!isRelated && operation === 'delete') {
      // A delete counts as one more update, so that every answer that still shows the row is older.
      found.set(tag, { version: Math.min(version + 1, Number.MAX_SAFE_INTEGER), isNew: false })
    } else if (!isRelated || !found.has(tag)) {
      found.set(tag, { version, isNew: !isRelated && operation.startsWith('create') })
    }
  }
  return found
}

interface ShownRow {
  readonly tag: TagId
  readonly version: number
  /** Whether it is part of another row. */
  readonly isRelated: boolean
}

function* shownRows(
  tracked: TrackedKeys,
  columns: VersionColumns,
  model: string,
  answer: unknown,
  isRelated = false,
): Generator<ShownRow> {
  if (columns.size === 0) return
  for (const row of Array.isArray(answer) ? answer : [answer]) {
    if (typeof row !== 'object' || row === null) continue
    const shown = objectOf(row)
    const tag = tagOfRow(tracked, model, shown)
    const version = versionOf(tracked, columns.get(model), model, shown)
    if (tag !== undefined && version !== undefined) yield { tag, version, isRelated }
    for (const { name, target } of tracked.model(model).relations.values()) {
      yield* shownRows(tracked, columns, target, shown[name], true)
    }
  }
}

type Shown = Readonly<Record<string, unknown>>

/** The tag of the row's id; undefined where the row does not show it. */
function tagOfRow(tracked: TrackedKeys, model: string, row: Shown): TagId | undefined {
  const [id] = tracked.keys(model)
  const values = id?.fields.map((field) => tracked.valueIn(model, field, row))
  if (id === undefined || values?.includes(undefined)) return undefined
  return tracked.keyTag(id, values as Value[]).id
}

function versionOf(
  tracked: TrackedKeys,
  column: string | undefined,
  model: string,
  row: Shown,
): number | undefined {
  if (column === undefined || !isVersion(row[column])) return undefined
  // A value that a client's extension computes is not the database's.
  if (tracked.valueIn(model, column, row) === undefined) return undefined
  const version = Number(row[column])
  // The store compares numbers.
  return Number.isSafeInteger(version) ? version : undefined
}
