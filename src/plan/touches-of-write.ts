import { factsOfRow } from './answer-rows.js'
import { type Facts, NOTHING_KNOWN } from './facts.js'
import { alternatives } from './filter.js'
import { changeRows, insertRow } from './nested-writes.js'
import { listOf, objectOf, type Query } from './query.js'
import type { PlannedWrite } from './relation-links.js'
import type { Tag } from './tag.js'
import { Touches } from './touches.js'
import type { TrackedKeys } from './tracked-keys.js'
import { Updates } from './updates.js'

/** With more returned rows than this, what each shows is not used: the touched tags would be too many. */
const MAX_RETURNED_ROWS = 256

/**
 * The tags that a write touches.
 *
 * @param result what the write returned. Without it, the tags cover all that the write may turn out to
 *   touch: for each tag that it does touch later, the tag itself, its family, or the insert tag of its
 *   model is among them.
 */
export function touchesOf(tracked: TrackedKeys, query: Query, result?: unknown): readonly Tag[] {
  const alone = gather(tracked, query, result, new Updates())
  if (alone.updates.areOfRoot) return alone.tags()
  // The values in the result help only with fields that no other part of the write changes.
  const { updates } =
    result === undefined ? alone : gather(tracked, query, undefined, new Updates())
  return gather(tracked, query, result, updates).tags()
}

/** @param updates those that the parts of the write make, as far as they are known. */
function gather(tracked: TrackedKeys, query: Query, result: unknown, updates: Updates): Touches {
  const touches = new Touches(tracked)
  // Before the write ran, its model counts as touched even where the arguments select no rows.
  if (result === undefined) touches.someRows(query.model)
  touchRows({ tracked, touches, updates, query, result })
  return touches
}

interface TopLevelWrite extends PlannedWrite {
  readonly query: Query
  readonly result: unknown
}

function touchRows(write: TopLevelWrite): void {
  const { tracked, touches, query, result } = write
  const model = tracked.model(query.model)
  const { where, data, create, update } = objectOf(query.args)
  // The fluent API answers with related rows instead of the written one.
  const shown = query.dataPath.length > 0 ? NOTHING_KNOWN : factsOfRow(tracked, model.name, result)
  const found = alternatives(tracked, model, where)
  switch (query.operation) {
    case 'create':
      return insertRow(write, model, objectOf(data), shown)
    case 'createMany':
    case 'createManyAndReturn':
      return createMany(write)
    case 'update':
      for (const facts of found) changeRows(write, model, facts, objectOf(data), shown)
      return
    case 'updateMany':
    case 'updateManyAndReturn':
      return updateMany(write, found)
    case 'upsert':
      insertRow(write, model, objectOf(create), shown)
      for (const facts of found) changeRows(write, model, facts, objectOf(update), shown)
      return
    case 'delete':
      for (const facts of found) {
        touches.rows(model.name, { kind: 'delete', before: new Map([...facts, ...shown]) })
      }
      return
    case 'deleteMany':
      for (const before of found) touches.rows(model.name, { kind: 'delete', before })
      return
    default:
      // This operation belongs to a later Prisma, and nothing is known about it.
      for (const name of tracked.models.keys()) touches.anyRows(name)
  }
}

function createMany(write: TopLevelWrite): void {
  const { tracked, touches, query } = write
  const model = tracked.model(query.model)
  const returned = returnedRows(write)
  for (const row of returned ?? []) {
    touches.rows(model.name, { kind: 'insert', after: factsOfRow(tracked, model.name, row) })
  }
  if (returned !== undefined) return
  for (const row of listOf(objectOf(query.args).data)) {
    insertRow(write, model, objectOf(row), NOTHING_KNOWN)
  }
}

function updateMany(write: TopLevelWrite, found: readonly Facts[]): void {
  const { tracked, query } = write
  const model = tracked.model(query.model)
  const data = objectOf(objectOf(query.args).data)
  const returned = returnedRows(write)
  const [only] = found
  if (returned === undefined || found.length !== 1 || only === undefined) {
    for (const facts of found) changeRows(write, model, facts, data, NOTHING_KNOWN)
    return
  }
  for (const row of returned) {
    changeRows(write, model, only, data, factsOfRow(tracked, model.name, row))
  }
}

/** The rows that an operation `...AndReturn` returned; undefined where they do not help. */
function returnedRows({ query, result }: TopLevelWrite): readonly unknown[] | undefined {
  const returns = query.operation.endsWith('AndReturn')
  return returns && Array.isArray(result) && result.length <= MAX_RETURNED_ROWS ? result : undefined
}
