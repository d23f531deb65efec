import type { Model, Relation } from '../catalog/catalog.js'
import { type Place, type Row, rowsAt, valuesAt } from './answer-rows.js'
import { pinsOf } from './dependencies.js'
import {
  areComparable,
  carry,
  eachWithEach,
  endsOf,
  type Facts,
  joinedBy,
  NOTHING_KNOWN,
} from './facts.js'
import { alternatives } from './filter.js'
import type { Args } from './query.js'
import { dependOn, type Findings, see } from './survey-filters.js'
import type { TrackedKeys } from './tracked-keys.js'
import { whyWhole } from './why.js'

/** Rows that a part of the query selects, and the facts about them before the query runs. */
export interface SelectedRows {
  readonly model: Model
  /** One of these holds for each of the rows. */
  readonly facts: readonly Facts[]
  /** Where the answer shows the rows. */
  readonly place: Place
}

/** Rows that a relation of the selected rows adds to the answer. */
interface RelatedRows extends SelectedRows {
  readonly parent: SelectedRows
  readonly relation: Relation
  /** The facts in the relation's own filter, without those that follow from the parents. */
  readonly own: readonly Facts[]
  readonly args: Args
}

/** Depends on the rows that the relation adds: by their pinned keys, or by those that the answer shows. */
export function dependOnRelated(findings: Findings, related: RelatedRows): void {
  const { parent, relation, model, place, facts } = related
  const { tracked, dependencies, base } = findings
  if (typeof relation.holder === 'object') return dependOnJoined(findings, related)
  const at = place.path
  const areTaken = (answer: unknown) => showsAllRelated(answer, parent, relation)
  const pins = pinsOf(tracked.keys(model.name), facts)
  if (pins !== undefined) return dependencies.pinned(pins, at, areTaken)
  const isRootOfAnswer = base.length > 0 && base.join('.') === at.join('.')
  if (isRootOfAnswer) return narrowByChildren(findings, related)
  const { here, there } = relation
  const shown = { place: parent.place, model: parent.model, fields: here }
  narrow(findings, { model, key: there, at, shown, areTaken })
}

/** As `dependOnRelated`, through the join table of an implicit many-to-many relation. */
function dependOnJoined(findings: Findings, related: RelatedRows): void {
  const { parent, relation, model, place, own, args } = related
  const { tracked, dependencies } = findings
  const at = place.path
  dependOnJoinRows(findings, parent, relation)
  const pins = pinsOf(tracked.keys(model.name), own)
  if (pins !== undefined) return dependencies.pinned(pins, at, () => false)
  // A related row that the arguments leave out may come in by a change of its own.
  if (partialArguments.some((name) => args[name] !== undefined)) {
    return dependencies.whole(model.name, at, () => whyWhole(tracked, model, args.where))
  }
  const { there } = relation
  const shown = { place, model, fields: there }
  narrow(findings, { model, key: there, at, shown, areTaken: () => true })
}

/** Depends on the rows of the join table, by the side that the parents have. */
function dependOnJoinRows(findings: Findings, parent: SelectedRows, relation: Relation): void {
  if (typeof relation.holder !== 'object') return
  const { tracked, dependencies } = findings
  const { name, here } = relation.holder
  const join = see(findings, name)
  const ends = endsOf(parent.model.name, relation)
  const joined = joinedBy(relation.holder)
  const facts = parent.facts.map(
    (known) => carry(tracked, known, ends.here, joined.here) ?? NOTHING_KNOWN,
  )
  const at = [...parent.place.path, relation.name]
  const pins = pinsOf(tracked.keys(join.name), facts)
  if (pins !== undefined) return dependencies.pinned(pins, at, () => false)
  const shown = { place: parent.place, model: parent.model, fields: relation.here }
  narrow(findings, { model: join, key: [here], at, shown, areTaken: () => true })
}

/** Depends on the related rows that `_count` counts. */
export function countRelated(
  findings: Findings,
  parent: SelectedRows,
  relation: Relation,
  where: unknown,
): void {
  const { tracked, dependencies } = findings
  const at = [...parent.place.path, '_count', relation.name]
  const model = see(findings, relation.target)
  const own = alternatives(tracked, model, where)
  if (typeof relation.holder === 'object') {
    dependOnJoinRows(findings, parent, relation)
    // Without a filter, Prisma counts rows of the join table.
    if (where !== undefined) dependOn(findings, { model, facts: own, at, where })
    return
  }
  const facts = eachWithEach(own, relatedFacts(tracked, parent, relation))
  const pins = pinsOf(tracked.keys(model.name), facts)
  if (pins !== undefined) return dependencies.pinned(pins, at, () => false)
  const { here, there } = relation
  const shown = { place: parent.place, model: parent.model, fields: here }
  narrow(findings, { model, key: there, at, shown, areTaken: () => false })
}

/** Rows of a model with those values of a key which rows elsewhere in the answer show. */
interface Narrowing {
  readonly model: Model
  readonly key: readonly string[]
  readonly at: readonly string[]
  /** The rows that show the values, and their fields, in the order of the key's. */
  readonly shown: {
    readonly place: Place
    readonly model: Model
    readonly fields: readonly string[]
  }
  readonly areTaken: (answer: unknown) => boolean
}

function narrow(
  { tracked, dependencies }: Findings,
  { model, key, at, shown, areTaken }: Narrowing,
): void {
  const tracks = tracked.keyOn(model.name, key)
  const [ones, others] = [
    { model: model.name, fields: key },
    { model: shown.model.name, fields: shown.fields },
  ]
  if (tracks === undefined || !areComparable(tracked, ones, others)) {
    return dependencies.whole(model.name, at, () => whyUntracked(model, key))
  }
  const fields = tracks.fields.map((field) => shown.fields[key.indexOf(field)] as string)
  const valuesIn = (answer: unknown) =>
    valuesAt(answer, { place: shown.place, tracked, model: shown.model.name, fields })
  dependencies.narrowed(tracks, at, valuesIn, areTaken)
}

/** The fluent API does not answer with the parent; but its children, if there are any, show its key. */
function narrowByChildren({ tracked, dependencies }: Findings, related: RelatedRows): void {
  const { model, relation, place } = related
  const at = place.path
  const tracks = tracked.keyOn(model.name, relation.there)
  if (tracks === undefined) {
    return dependencies.whole(model.name, at, () => whyUntracked(model, relation.there))
  }
  const valuesIn = (answer: unknown) => {
    const values = valuesAt(answer, { place, tracked, model: model.name, fields: tracks.fields })
    return values?.length === 1 ? values : undefined
  }
  dependencies.narrowed(tracks, at, valuesIn, (answer) => valuesIn(answer) !== undefined)
}

/** Gives the facts about rows that are related to rows for which one of these facts holds. */
export function relatedFacts(
  tracked: TrackedKeys,
  { model, facts: known }: SelectedRows,
  relation: Relation,
): readonly Facts[] {
  const { here, there } = endsOf(model.name, relation)
  const isDirect = typeof relation.holder === 'string'
  const carried = known.map((facts) => isDirect && carry(tracked, facts, here, there))
  return carried.every((facts) => typeof facts === 'object') ? carried : [NOTHING_KNOWN]
}

/** Whether every row that refers to a related row shows it. */
function showsAllRelated(
  answer: unknown,
  { place }: SelectedRows,
  { name, list, holder, here }: Relation,
): boolean {
  const rows = list ? undefined : rowsAt(answer, place)
  const refersToNothing = (row: Row) =>
    holder === 'here' && here.some((field) => row[field] === null)
  const isShown = (row: Row) => typeof row[name] === 'object' && row[name] !== null
  return rows?.every((row) => isShown(row) || refersToNothing(row)) ?? false
}

function whyUntracked(model: Model, key: readonly string[]): string {
  return `this database does not compare values of ${model.name}.${key} exactly`
}

/** The arguments that leave out related rows. */
const partialArguments = ['where', 'take', 'skip', 'cursor', 'distinct']
