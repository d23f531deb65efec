import { isVersion } from '../optimistic-lock/lock.js'
import type { Value } from './normalise.js'
import { objectOf, type Query } from './query.js'
import type { TagId } from './tag.js'
import type { Tracked } from './tracked-keys.js'
import type { Versions } from './version-columns.js'

/** The versions of rows, by the tags of their ids. */
export type RowVersions = ReadonlyMap<TagId, number>

/** What a write made of rows, by the tags of their ids. */
export type WrittenRows = ReadonlyMap<TagId, WrittenRow>

export interface WrittenRow {
  readonly version: number
  readonly isNew: boolean
}

/** Those of all rows in an answer that show their id and their version, at any depth. */
export function versionsIn(
  tracked: Tracked,
  versions: Versions,
  model: string,
  answer: unknown,
): RowVersions {
  const found = new Map<TagId, number>()
  for (const { tag, version } of shownRows(tracked, versions, model, answer)) {
    // One that is there twice may have been read twice.
    found.set(tag, Math.min(version, found.get(tag) ?? version))
  }
  return found
}

/** What a write made of the rows that its answer shows. */
export function writtenIn(
  tracked: Tracked,
  versions: Versions,
  { model, operation }: Pick<Query, 'model' | 'operation'>,
  answer: unknown,
): WrittenRows {
  const found = new Map<TagId, WrittenRow>()
  for (const { tag, version, isRelated } of shownRows(tracked, versions, model, answer)) {
    if (!isRelated && operation === 'delete') {
      // As one more update: whatever still shows the row is older.
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
  tracked: Tracked,
  versions: Versions,
  model: string,
  answer: unknown,
  isRelated = false,
): Generator<ShownRow> {
  if (versions.size === 0) return
  for (const row of Array.isArray(answer) ? answer : [answer]) {
    if (typeof row !== 'object' || row === null) continue
    const shown = objectOf(row)
    const tag = tagOf(tracked, model, shown)
    const version = versionOf(tracked, versions.get(model), model, shown)
    if (tag !== undefined && version !== undefined) yield { tag, version, isRelated }
    for (const { name, target } of tracked.model(model).relations.values()) {
      yield* shownRows(tracked, versions, target, shown[name], true)
    }
  }
}

type Shown = Readonly<Record<string, unknown>>

/** Of the row's id. */
function tagOf(tracked: Tracked, model: string, row: Shown): TagId | undefined {
  const [id] = tracked.keys(model)
  const values = id?.fields.map((field) => tracked.valueIn(model, field, row))
  if (id === undefined || values?.includes(undefined)) return undefined
  return tracked.keyTag(id, values as Value[]).id
}

function versionOf(
  tracked: Tracked,
  column: string | undefined,
  model: string,
  row: Shown,
): number | undefined {
  if (column === undefined || !isVersion(row[column])) return undefined
  // What a client's extension computes is not the database's.
  if (tracked.valueIn(model, column, row) === undefined) return undefined
  const version = Number(row[column])
  // The store compares numbers.
  return Number.isSafeInteger(version) ? version : undefined
}
