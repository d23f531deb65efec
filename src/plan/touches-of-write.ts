import type { JoinTable, Model, Relation } from '../catalog/catalog.js'
import { factsOf } from './answer-rows.js'
import { changedBy, factsOfData, factsOfNew } from './data.js'
import { both, carry, eachWithEach, type Facts, NOTHING_KNOWN } from './facts.js'
import { alternatives } from './filter.js'
import { isSkip } from './key.js'
import { type Args, listOf, objectOf, type Query } from './query.js'
import type { Tag } from './tag.js'
import { Touches } from './touches.js'
import type { Tracked } from './tracked-keys.js'

/** A row, or several alike, in the hands of a write. */
interface Rows {
  readonly model: Model
  /** Undefined where there was none: the rows are new. */
  readonly before: Facts | undefined
  readonly after: Facts
}

/**
 * The tags that a write touches. Without its result, those that stand for whatever it may turn out to
 * touch: it touches no tag for which neither itself, nor its family, nor the insert tag of its model
 * is among them.
 */
export function touchesOf(tracked: Tracked, query: Query, result?: unknown): readonly Tag[] {
  const touches = new Touches(tracked)
  const model = tracked.model(query.model)
  const { where, data, create, update } = objectOf(query.args)
  const results = query.operation.endsWith('AndReturn') ? returnedRows(result) : undefined
  const shown = query.dataPath.length > 0 ? NOTHING_KNOWN : factsOf(tracked, model.name, result)
  // Whatever its arguments may be.
  if (result === undefined) touches.some(model.name)
  switch (query.operation) {
    case 'create':
      insert(model, objectOf(data), shown)
      break
    case 'createMany':
    case 'createManyAndReturn':
      if (results !== undefined) for (const row of results) insertReturned(row)
      else for (const row of listOf(data)) insert(model, objectOf(row), NOTHING_KNOWN)
      break
    case 'update':
      for (const facts of found(model, where)) change(model, facts, objectOf(data), shown)
      break
    case 'updateMany':
    case 'updateManyAndReturn':
      updateMany()
      break
    case 'upsert':
      insert(model, objectOf(create), shown)
      for (const facts of found(model, where)) change(model, facts, objectOf(update), shown)
      break
    case 'delete':
      for (const facts of found(model, where)) {
        touches.rows(model.name, { kind: 'delete', before: new Map([...facts, ...shown]) })
      }
      break
    case 'deleteMany':
      for (const before of found(model, where)) touches.rows(model.name, { kind: 'delete', before })
      break
    default:
      // An operation of a later Prisma, of which nothing is known.
      for (const name of tracked.models.keys()) touches.anyRows(name)
  }
  return touches.tags()

  function insertReturned(row: unknown): void {
    touches.rows(model.name, { kind: 'insert', after: factsOf(tracked, model.name, row) })
  }

  function updateMany(): void {
    const alternative = found(model, where)
    const [only] = alternative
    if (results === undefined || alternative.length !== 1 || only === undefined) {
      for (const facts of alternative) change(model, facts, objectOf(data), NOTHING_KNOWN)
      return
    }
    for (const row of results)
      change(model, only, objectOf(data), factsOf(tracked, model.name, row))
  }

  function found(of: Model, filter: unknown): readonly Facts[] {
    return alternatives(tracked, of, filter)
  }

  /** A row is created with this data, and what is known besides; `implied` fields the data cannot have. */
  function insert(of: Model, given: Args, known: Facts, implied: readonly string[] = []): void {
    const after = new Map([...factsOfNew(tracked, of, given, implied), ...known])
    touches.rows(of.name, { kind: 'insert', after })
    nest({ model: of, before: undefined, after }, given)
  }

  /** Rows of which these facts hold get this data; `shown` is what is known of them afterwards. */
  function change(of: Model, facts: Facts, given: Args, shown: Facts): void {
    const changed = changedBy(of, given)
    const stays = (known: Facts) => new Map([...known].filter(([field]) => !changed.has(field)))
    const before = new Map([...facts, ...stays(shown)])
    const after = new Map([...stays(before), ...factsOfData(tracked, of, given), ...shown])
    touches.rows(of.name, { kind: 'update', before, after, changed })
    nest({ model: of, before, after }, given)
  }

  function nest(rows: Rows, given: Args): void {
    for (const { name, ...relation } of rows.model.relations.values()) {
      for (const [operation, value] of Object.entries(objectOf(given[name]))) {
        if (value === undefined || isSkip(value)) continue
        nestOperation(rows, { name, ...relation }, operation, value)
      }
    }
  }

  function nestOperation(rows: Rows, relation: Relation, operation: string, value: unknown): void {
    const target = tracked.model(relation.target)
    const related = relatedFacts(rows, relation)
    const items = listOf(value).map(objectOf)
    switch (operation) {
      case 'create':
        for (const item of items) insertRelated(rows, relation, item)
        return
      case 'createMany':
        for (const row of listOf(objectOf(value).data)) insertRelated(rows, relation, objectOf(row))
        return
      case 'connectOrCreate':
        for (const item of items) {
          connect(rows, relation, item.where)
          insertRelated(rows, relation, objectOf(item.create))
        }
        return
      case 'connect':
        for (const item of items) connect(rows, relation, item)
        return
      case 'disconnect':
        for (const item of items.length > 0 ? items : [{}]) disconnect(rows, relation, item)
        return
      case 'set':
        disconnect(rows, relation, {})
        for (const item of items) connect(rows, relation, item)
        return
      case 'update':
      case 'updateMany':
        for (const item of items) {
          // A to-one relation takes the data itself or `{ where, data }`, a list only the latter.
          const isWrapped = relation.list || 'data' in item
          const facts = withFilter(target, related, isWrapped ? item.where : undefined)
          for (const each of facts) {
            if (isWrapped) change(target, each, objectOf(item.data), NOTHING_KNOWN)
            if (!relation.list) change(target, each, item, NOTHING_KNOWN)
          }
        }
        return
      case 'upsert':
        for (const item of items) {
          insertRelated(rows, relation, objectOf(item.create))
          for (const facts of withFilter(target, related, item.where)) {
            change(target, facts, objectOf(item.update), NOTHING_KNOWN)
          }
        }
        return
      case 'delete':
      case 'deleteMany':
        for (const item of items.length > 0 ? items : [{}]) {
          for (const before of withFilter(target, related, item)) {
            touches.rows(target.name, { kind: 'delete', before })
          }
        }
        return
      default:
        // A nested operation of a later Prisma.
        touches.anyRows(target.name)
        link(rows, relation, NOTHING_KNOWN, NOTHING_KNOWN)
    }
  }

  function insertRelated(rows: Rows, relation: Relation, given: Args): void {
    const { here, there, holder } = relation
    const target = tracked.model(relation.target)
    const known = (typeof holder === 'string' && carry(rows.after, here, there)) || NOTHING_KNOWN
    insert(target, given, known, holder === 'there' ? there : [])
    link(rows, relation, undefined, factsOfNew(tracked, target, given, there))
  }

  function connect(rows: Rows, relation: Relation, where: unknown): void {
    for (const facts of found(tracked.model(relation.target), where)) {
      link(rows, relation, facts, facts)
    }
  }

  /** A row of the target, which there was if `before` is given, comes to be related to the rows. */
  function link(rows: Rows, relation: Relation, before: Facts | undefined, after: Facts): void {
    const { holder, here, there, target, exclusive } = relation
    if (typeof holder === 'object') return joinRows('insert', rows, relation, holder, after)
    if (holder === 'there') {
      const own = carry(rows.after, here, there) ?? NOTHING_KNOWN
      const changed = new Set(there)
      if (before !== undefined) {
        const moved = new Map([...before, ...own])
        touches.rows(target, { kind: 'update', before, after: moved, changed })
      }
      // The one that was related until now.
      if (!relation.list) unlink(rows, relation, NOTHING_KNOWN)
    } else if (exclusive && before !== undefined) {
      // Another row that was related to it until now.
      const others = carry(after, there, here) ?? carry(rows.after, here, here) ?? NOTHING_KNOWN
      const apart = nulls(here)
      const changed = new Set(here)
      touches.rows(rows.model.name, { kind: 'update', before: others, after: apart, changed })
    }
  }

  function disconnect(rows: Rows, relation: Relation, where: unknown): void {
    for (const facts of found(tracked.model(relation.target), where)) unlink(rows, relation, facts)
  }

  /** Rows of the target of which these facts hold are no longer related to the rows. */
  function unlink(rows: Rows, relation: Relation, facts: Facts): void {
    const { holder, there, target } = relation
    if (typeof holder === 'object') return joinRows('delete', rows, relation, holder, facts)
    if (holder === 'here') return
    for (const related of relatedFacts(rows, relation)) {
      const before = both(facts, related)
      const changed = new Set(there)
      touches.rows(target, { kind: 'update', before, after: nulls(there), changed })
    }
  }

  function joinRows(
    kind: 'insert' | 'delete',
    rows: Rows,
    { here, there }: Relation,
    join: JoinTable,
    facts: Facts,
  ): void {
    const own = carry(rows.after, here, [join.here]) ?? NOTHING_KNOWN
    const other = carry(facts, there, [join.there]) ?? NOTHING_KNOWN
    const known = new Map([...own, ...other])
    // The id of the rows themselves may change with the same write.
    const before = carry(rows.before ?? NOTHING_KNOWN, here, [join.here])
    if (kind === 'insert') touches.rows(join.name, { kind, after: known })
    else touches.rows(join.name, { kind, before: known })
    if (before !== undefined)
      touches.rows(join.name, { kind: 'delete', before: new Map([...other, ...before]) })
  }

  /** What is known of the target's rows that are related to these, before or after they change. */
  function relatedFacts(rows: Rows, { here, there, holder }: Relation): readonly Facts[] {
    if (typeof holder === 'object') return [NOTHING_KNOWN]
    return [rows.before, rows.after].flatMap((facts) =>
      facts === undefined ? [] : [carry(facts, here, there) ?? NOTHING_KNOWN],
    )
  }

  function withFilter(target: Model, related: readonly Facts[], where: unknown): readonly Facts[] {
    return eachWithEach(found(target, where), related)
  }
}

function returnedRows(result: unknown): readonly unknown[] | undefined {
  return Array.isArray(result) && result.length <= MANY ? result : undefined
}

/** More rows than these are not told apart. */
const MANY = 256

function nulls(fields: readonly string[]): Facts {
  return new Map(fields.map((field) => [field, [null]]))
}
