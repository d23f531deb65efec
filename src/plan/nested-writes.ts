import type { Model, Relation } from '../catalog/catalog.js'
import { changedBy, factsOfData, factsOfNew } from './data.js'
import { carry, eachWithEach, endsOf, type Facts, NOTHING_KNOWN, without } from './facts.js'
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
 * @param shown the facts that the result of the write shows about the row.
 */
export function insertRow(write: PlannedWrite, model: Model, data: Args, shown: Facts): void {
  insert(write, { model, data, known: shown, implied: [], isRoot: true })
}

interface NewRow {
  readonly model: Model
  readonly data: Args
  /** The facts about the row besides its data. */
  readonly known: Facts
  /** The fields that get their values from the row that it is nested in. */
  readonly implied: readonly string[]
  readonly isRoot: boolean
}

function insert(write: PlannedWrite, { model, data, known, implied, isRoot }: NewRow): void {
  const after = new Map([...factsOfNew(write.tracked, model, data, implied), ...known])
  write.touches.rows(model.name, { kind: 'insert', after })
  const elsewhere = notByData(write, model, after, isRoot)
  nest(write, { model, isRoot, before: undefined, after: without(after, elsewhere) }, data)
}

/**
 * Touches what an update of rows touches, nested writes included.
 *
 * @param facts the facts about the rows before.
 * @param shown the facts that the result of the write shows about the rows that it names.
 */
export function changeRows(
  write: PlannedWrite,
  model: Model,
  facts: Facts,
  data: Args,
  shown: Facts,
): void {
  change(write, { model, facts, data, shown, isRoot: true })
}

interface ChangedRows {
  readonly model: Model
  /** The facts about the rows before. */
  readonly facts: Facts
  readonly data: Args
  /** The facts about them when the whole write is done. */
  readonly shown: Facts
  readonly isRoot: boolean
}

function change(write: PlannedWrite, { model, facts, data, shown, isRoot }: ChangedRows): void {
  // Another part of the write may change the same rows, such as a referential action: after an update of
  // the row that they refer to, the result shows their new foreign key. Nothing that it shows of such a
  // field is known to hold before or after this part.
  const elsewhere = notByData(write, model, new Map([...facts, ...shown]), isRoot)
  const changed = new Set([...changedBy(model, data), ...elsewhere])
  const known = without(shown, elsewhere)
  const before = new Map([...facts, ...without(known, changed)])
  const after = new Map([
    ...without(before, changed),
    ...factsOfData(write.tracked, model, data),
    ...known,
  ])
  write.touches.rows(model.name, { kind: 'update', before, after, changed, isRoot })
  nest(write, { model, isRoot, before, after }, data)
}

/** The fields of the rows that may change besides those that the data of their own part changes. */
function notByData(
  { tracked, updates }: PlannedWrite,
  { name }: Model,
  facts: Facts,
  isRoot: boolean,
): ReadonlySet<string> {
  return new Set([...updates.changing(name, facts, isRoot), ...tracked.computed(name)])
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
  const { there, holder } = relation
  const ends = endsOf(rows.model.name, relation)
  const target = write.tracked.model(relation.target)
  const isDirect = typeof holder === 'string'
  const known =
    (isDirect && carry(write.tracked, rows.after, ends.here, ends.there)) || NOTHING_KNOWN
  const implied = holder === 'there' ? there : []
  insert(write, { model: target, data, known, implied, isRoot: false })
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
    if (isWrapped) changeRelated(write, target, facts, objectOf(item.data))
    if (!relation.list) changeRelated(write, target, facts, item)
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
    changeRelated(write, target, facts, objectOf(item.update))
  }
}

function changeRelated(write: PlannedWrite, model: Model, facts: Facts, data: Args): void {
  change(write, { model, facts, data, shown: NOTHING_KNOWN, isRoot: false })
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
  return eachWithEach(found, relatedFacts(tracked, rows, relation))
}
