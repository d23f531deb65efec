import type { Model, Relation } from '../catalog/catalog.js'
import { changedBy, factsOfData, factsOfNew } from './data.js'
import { carry, eachWithEach, type Facts, NOTHING_KNOWN } from './facts.js'
import { alternatives } from './filter.js'
import { type Args, isSkip, listOf, objectOf } from './query.js'
import {
  connect,
  disconnect,
  link,
  type ParentRows,
  type PlannedWrite,
  relatedFacts,
} from './relation-links.js'

/**
 * Touches what the creation of a row touches, nested writes included.
 *
 * @param known the facts about the row besides its data.
 * @param implied the fields that get their values from the row that it is nested in.
 */
export function insertRow(
  write: PlannedWrite,
  model: Model,
  data: Args,
  known: Facts,
  implied: readonly string[] = [],
): void {
  const after = new Map([...factsOfNew(write.tracked, model, data, implied), ...known])
  write.touches.rows(model.name, { kind: 'insert', after })
  nest(write, { model, before: undefined, after }, data)
}

/**
 * Touches what an update of rows touches, nested writes included.
 *
 * @param facts the facts about the rows before.
 * @param shown the facts about them afterwards.
 */
export function changeRows(
  write: PlannedWrite,
  model: Model,
  facts: Facts,
  data: Args,
  shown: Facts,
): void {
  const changed = changedBy(model, data)
  const withoutChanged = (known: Facts) =>
    new Map([...known].filter(([field]) => !changed.has(field)))
  const before = new Map([...facts, ...withoutChanged(shown)])
  const after = new Map([
    ...withoutChanged(before),
    ...factsOfData(write.tracked, model, data),
    ...shown,
  ])
  write.touches.rows(model.name, { kind: 'update', before, after, changed })
  nest(write, { model, before, after }, data)
}

/** Touches what the operations on relations in the data touch. */
function nest(write: PlannedWrite, rows: ParentRows, data: Args): void {
  for (const relation of rows.model.relations.values()) {
    for (const [operation, value] of Object.entries(objectOf(data[relation.name]))) {
      if (value === undefined || isSkip(value)) continue
      nestOperation(write, rows, relation, operation, value)
    }
  }
}

function nestOperation(
  write: PlannedWrite,
  rows: ParentRows,
  relation: Relation,
  operation: string,
  value: unknown,
): void {
  const items = listOf(value).map(objectOf)
  // `disconnect: true` and `delete: true` carry no filter.
  const filters = items.length > 0 ? items : [{}]
  switch (operation) {
    case 'create':
      for (const item of items) insertRelated(write, rows, relation, item)
      return
    case 'createMany':
      for (const row of listOf(objectOf(value).data)) {
        insertRelated(write, rows, relation, objectOf(row))
      }
      return
    case 'connectOrCreate':
      for (const item of items) {
        connect(write, rows, relation, item.where)
        insertRelated(write, rows, relation, objectOf(item.create))
      }
      return
    case 'connect':
      for (const item of items) connect(write, rows, relation, item)
      return
    case 'disconnect':
      for (const item of filters) disconnect(write, rows, relation, item)
      return
    case 'set':
      disconnect(write, rows, relation, {})
      for (const item of items) connect(write, rows, relation, item)
      return
    case 'update':
    case 'updateMany':
      for (const item of items) updateRelated(write, rows, relation, item)
      return
    case 'upsert':
      for (const item of items) upsertRelated(write, rows, relation, item)
      return
    case 'delete':
    case 'deleteMany':
      for (const item of filters) deleteRelated(write, rows, relation, item)
      return
    default:
      // This nested operation belongs to a later Prisma, and nothing is known about it.
      write.touches.anyRows(relation.target)
      link(write, rows, relation, NOTHING_KNOWN, NOTHING_KNOWN)
  }
}

function insertRelated(
  write: PlannedWrite,
  rows: ParentRows,
  relation: Relation,
  data: Args,
): void {
  const { here, there, holder } = relation
  const target = write.tracked.model(relation.target)
  const known = (typeof holder === 'string' && carry(rows.after, here, there)) || NOTHING_KNOWN
  insertRow(write, target, data, known, holder === 'there' ? there : [])
  link(write, rows, relation, undefined, factsOfNew(write.tracked, target, data, there))
}

function updateRelated(
  write: PlannedWrite,
  rows: ParentRows,
  relation: Relation,
  item: Args,
): void {
  const target = write.tracked.model(relation.target)
  // A to-one relation takes the data itself or `{ where, data }`, a list takes only the latter.
  const isWrapped = relation.list || 'data' in item
  for (const facts of factsOfTargets(write, rows, relation, isWrapped ? item.where : undefined)) {
    if (isWrapped) changeRows(write, target, facts, objectOf(item.data), NOTHING_KNOWN)
    if (!relation.list) changeRows(write, target, facts, item, NOTHING_KNOWN)
  }
}

function upsertRelated(
  write: PlannedWrite,
  rows: ParentRows,
  relation: Relation,
  item: Args,
): void {
  const target = write.tracked.model(relation.target)
  insertRelated(write, rows, relation, objectOf(item.create))
  for (const facts of factsOfTargets(write, rows, relation, item.where)) {
    changeRows(write, target, facts, objectOf(item.update), NOTHING_KNOWN)
  }
}

function deleteRelated(
  write: PlannedWrite,
  rows: ParentRows,
  relation: Relation,
  where: Args,
): void {
  for (const before of factsOfTargets(write, rows, relation, where)) {
    write.touches.rows(relation.target, { kind: 'delete', before })
  }
}

/** Gives the facts about the related rows that the filter selects. */
function factsOfTargets(
  { tracked }: PlannedWrite,
  rows: ParentRows,
  relation: Relation,
  where: unknown,
): readonly Facts[] {
  const found = alternatives(tracked, tracked.model(relation.target), where)
  return eachWithEach(found, relatedFacts(rows, relation))
}
