import type { JoinTable, Model, Relation } from '../catalog/catalog.js'
import { both, carry, endsOf, type Facts, joinedBy, NOTHING_KNOWN } from './facts.js'
import { alternatives } from './filter.js'
import type { Touches } from './touches.js'
import type { TrackedKeys } from './tracked-keys.js'
import type { Updates } from './updates.js'

/** The write whose touches are gathered. */
export interface PlannedWrite {
  readonly tracked: TrackedKeys
  readonly touches: Touches
  /** The updates that the parts of the write make. */
  readonly updates: Updates
}

/** A row, or several alike, that the write creates or changes. */
export interface ParentRows {
  readonly model: Model
  /** Whether the write names the rows itself, and not in a nested write. */
  readonly isRoot: boolean
  /** Undefined where the rows are new. */
  readonly before: Facts | undefined
  readonly after: Facts
}

/** Relates existing rows of the target to the written rows. */
export function connect(
  write: PlannedWrite,
  rows: ParentRows,
  relation: Relation,
  where: unknown,
): void {
  const { tracked } = write
  for (const facts of alternatives(tracked, tracked.model(relation.target), where)) {
    link(write, rows, relation, facts, facts)
  }
}

/** Ends the relation of rows of the target, which the filter selects, to the written rows. */
export function disconnect(
  write: PlannedWrite,
  rows: ParentRows,
  relation: Relation,
  where: unknown,
): void {
  const { tracked } = write
  for (const facts of alternatives(tracked, tracked.model(relation.target), where)) {
    unlink(write, rows, relation, facts)
  }
}

/**
 * Touches the tags that change when a row of the target is related to the written rows.
 *
 * @param before the facts about the target's row; undefined where it is new.
 * @param after the facts about it afterwards.
 */
export function link(
  write: PlannedWrite,
  rows: ParentRows,
  relation: Relation,
  before: Facts | undefined,
  after: Facts,
): void {
  const { holder, here, there, target, exclusive } = relation
  const { tracked, touches } = write
  const ends = endsOf(rows.model.name, relation)
  if (typeof holder === 'object')
    return touchJoinRows(write, rows, relation, holder, after, 'insert')
  if (holder === 'there') {
    const own = carry(tracked, rows.after, ends.here, ends.there) ?? NOTHING_KNOWN
    const changed = new Set(there)
    if (before !== undefined) {
      const moved = new Map([...before, ...own])
      touches.rows(target, { kind: 'update', before, after: moved, changed })
    }
    // A to-one relation loses the row that was related until now.
    if (!relation.list) unlink(write, rows, relation, NOTHING_KNOWN)
  } else if (exclusive && before !== undefined) {
    // Another row that was related to the target's row until now loses it.
    const others =
      carry(tracked, after, ends.there, ends.here) ??
      carry(tracked, rows.after, ends.here, ends.here) ??
      NOTHING_KNOWN
    const apart = nulls(here)
    const changed = new Set(here)
    const { model, isRoot } = rows
    touches.rows(model.name, { kind: 'update', before: others, after: apart, changed, isRoot })
  }
}

/** Touches what it touches that rows of the target are no longer related to the written rows. */
function unlink(write: PlannedWrite, rows: ParentRows, relation: Relation, facts: Facts): void {
  const { holder, there, target } = relation
  if (typeof holder === 'object')
    return touchJoinRows(write, rows, relation, holder, facts, 'delete')
  if (holder === 'here') return
  for (const related of relatedFacts(write.tracked, rows, relation)) {
    const before = both(facts, related)
    const changed = new Set(there)
    write.touches.rows(target, { kind: 'update', before, after: nulls(there), changed })
  }
}

function touchJoinRows(
  { tracked, touches }: PlannedWrite,
  rows: ParentRows,
  relation: Relation,
  join: JoinTable,
  facts: Facts,
  kind: 'insert' | 'delete',
): void {
  const ends = endsOf(rows.model.name, relation)
  const joined = joinedBy(join)
  const own = carry(tracked, rows.after, ends.here, joined.here) ?? NOTHING_KNOWN
  const other = carry(tracked, facts, ends.there, joined.there) ?? NOTHING_KNOWN
  const known = new Map([...own, ...other])
  if (kind === 'insert') touches.rows(join.name, { kind, after: known })
  else touches.rows(join.name, { kind, before: known })
  // The id of the written rows may change with the same write.
  const before = carry(tracked, rows.before ?? NOTHING_KNOWN, ends.here, joined.here)
  if (before !== undefined) {
    touches.rows(join.name, { kind: 'delete', before: new Map([...other, ...before]) })
  }
}

/** Gives the facts about the target's rows that are related to the written rows, before or after they change. */
export function relatedFacts(
  tracked: TrackedKeys,
  rows: ParentRows,
  relation: Relation,
): readonly Facts[] {
  if (typeof relation.holder === 'object') return [NOTHING_KNOWN]
  const { here, there } = endsOf(rows.model.name, relation)
  return [rows.before, rows.after].flatMap((facts) =>
    facts === undefined ? [] : [carry(tracked, facts, here, there) ?? NOTHING_KNOWN],
  )
}

function nulls(fields: readonly string[]): Facts {
  return new Map(fields.map((field) => [field, [null]]))
}
