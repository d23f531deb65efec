import type { Model, Relation } from '../catalog/catalog.js'
import { type Place, type Row, rowsAt, valuesAt } from './answer-rows.js'
import { Dependencies, type Pin, pinsOf } from './dependencies.js'
import { carry, eachWithEach, type Facts, NOTHING_KNOWN } from './facts.js'
import { alternatives } from './filter.js'
import { type Args, listOf, objectOf, type Query } from './query.js'
import type { Tracked } from './tracked-keys.js'
import { whyWhole } from './why.js'

/** What a read depends on, and what else its arguments say about its answer. */
export interface Survey {
  readonly dependencies: Dependencies
  /** Every model that it sees. */
  readonly models: ReadonlySet<string>
  /** Selected names that the schema does not have, as `User.fullName`: computed fields, if anything. */
  readonly computed: ReadonlySet<string>
  /** Whether an `omit` stands anywhere: then computed fields decide which fields are read. */
  readonly omits: boolean
}

export interface SurveyOptions {
  readonly tracked: Tracked
  /** Whether to tell why, for people. */
  readonly explains?: boolean
}

/** Rows that a part of the read selects, and what is known of them beforehand. */
interface Rows {
  readonly model: Model
  readonly facts: readonly Facts[]
  readonly place: Place
}

export function survey({ tracked, explains = false }: SurveyOptions, query: Query): Survey {
  const dependencies = new Dependencies(tracked, explains)
  const models = new Set<string>()
  const computed = new Set<string>()
  const base = query.dataPath.filter((_, index) => index % 2 === 1)
  let omits = false
  readRoot(objectOf(query.args))
  return { dependencies, models, computed, omits }

  function readRoot(args: Args): void {
    const model = see(query.model)
    const facts = alternatives(tracked, model, args.where)
    const place = { base, path: [] }
    dependOn(model, facts, ['where'], args.where, (pins, answer) => {
      // Each value of a unique key is one row's at most, unless it is null.
      if (!isListing.has(query.operation) || pins.some(hasNull)) return false
      return rowsAt(answer, place)?.length === new Set(pins.flatMap(textsOf)).size
    })
    readArgs({ model, facts, place }, args)
  }

  /** What the arguments say besides which rows they select. */
  function readArgs(rows: Rows, args: Args): void {
    omits ||= args.omit !== undefined
    readFilter(rows.model, args.where, [...rows.place.path, 'where'], true)
    if (args.cursor !== undefined) readCursor(rows.model, args.cursor)
    for (const order of listOf(args.orderBy)) readOrder(rows.model, objectOf(order))
    readSelection(rows, objectOf(args.select))
    readSelection(rows, objectOf(args.include))
  }

  function readSelection(rows: Rows, selection: Args): void {
    for (const [name, value] of Object.entries(selection)) {
      if (value === undefined || value === false) continue
      if (name === '_count') readCount(rows, value)
      // `count` selects fields to count, and `_all`.
      else if (rows.model.fields.has(name) || query.operation === 'count') continue
      else {
        const relation = rows.model.relations.get(name)
        if (relation === undefined) computed.add(`${rows.model.name}.${name}`)
        else readRelation(rows, relation, objectOf(value))
      }
    }
  }

  /** The related rows of each of these. */
  function readRelation(parent: Rows, relation: Relation, args: Args): void {
    const model = see(relation.target)
    const place = { base, path: [...parent.place.path, relation.name] }
    const own = alternatives(tracked, model, args.where)
    const facts = eachWithEach(own, relatedFacts(parent.facts, relation))
    const at = place.path
    const areTaken = (answer: unknown) => hasAllRelated(answer, parent, relation)

    if (typeof relation.holder === 'object') {
      readJoins(parent, relation)
      // Those that the arguments leave out may come in by a change of their own.
      const isPartial = partial.some((name) => args[name] !== undefined)
      const pins = pinsOf(tracked.keys(model.name), own)
      if (pins !== undefined) dependencies.pinned(pins, at, () => false)
      else if (isPartial)
        dependencies.whole(model.name, at, () => whyWhole(tracked, model, args.where))
      else narrow(model, relation.there, at, place, model, relation.there, () => true)
    } else {
      const pins = pinsOf(tracked.keys(model.name), facts)
      if (pins !== undefined) dependencies.pinned(pins, at, areTaken)
      else {
        const isChildShown = base.length > 0 && base.join('.') === at.join('.')
        if (isChildShown) narrowByChild(model, relation, at, place)
        else narrow(model, relation.there, at, parent.place, parent.model, relation.here, areTaken)
      }
    }
    readArgs({ model, facts, place }, args)
  }

  /** The rows of the join table, by the side that is known. */
  function readJoins(parent: Rows, relation: Relation): void {
    if (typeof relation.holder !== 'object') return
    const { name, here } = relation.holder
    const join = see(name)
    const facts = parent.facts.map((known) => carry(known, relation.here, [here]) ?? NOTHING_KNOWN)
    const at = [...parent.place.path, relation.name]
    const pins = pinsOf(tracked.keys(join.name), facts)
    if (pins !== undefined) dependencies.pinned(pins, at, () => false)
    else narrow(join, [here], at, parent.place, parent.model, relation.here, () => true)
  }

  /** Rows of the model with values of a key that rows elsewhere in the answer show. */
  function narrow(
    model: Model,
    key: readonly string[],
    at: readonly string[],
    place: Place,
    shownBy: Model,
    fields: readonly string[],
    areTaken: (answer: unknown) => boolean,
  ): void {
    const tracks = tracked.keyOn(model.name, key)
    if (tracks === undefined)
      return dependencies.whole(model.name, at, () => whyUntracked(model, key))
    const shown = tracks.fields.map((field) => fields[key.indexOf(field)] as string)
    const valuesIn = (answer: unknown) => valuesAt(answer, place, tracked, shownBy.name, shown)
    dependencies.narrowed(tracks, at, valuesIn, areTaken)
  }

  /** The fluent API does not give the parent; but its children, if there are any, show its key. */
  function narrowByChild(
    model: Model,
    { there }: Relation,
    at: readonly string[],
    place: Place,
  ): void {
    const tracks = tracked.keyOn(model.name, there)
    if (tracks === undefined)
      return dependencies.whole(model.name, at, () => whyUntracked(model, there))
    const valuesIn = (answer: unknown) => {
      const values = valuesAt(answer, place, tracked, model.name, tracks.fields)
      return values?.length === 1 ? values : undefined
    }
    dependencies.narrowed(tracks, at, valuesIn, (answer) => valuesIn(answer) !== undefined)
  }

  /** `true` counts every list relation; `{ select: { posts: true | { where } } }` those named. */
  function readCount(rows: Rows, value: unknown): void {
    const selected = objectOf(value).select
    const { relations } = rows.model
    const named = selected === undefined ? lists(relations) : Object.entries(objectOf(selected))
    for (const [name, counted] of named) {
      const relation = relations.get(name)
      if (relation === undefined || counted === false || counted === undefined) continue
      const { where } = objectOf(counted)
      countRelated(rows, relation, where)
      readFilter(see(relation.target), where, [...rows.place.path, '_count', name], true)
    }
  }

  function countRelated(parent: Rows, relation: Relation, where: unknown): void {
    const at = [...parent.place.path, '_count', relation.name]
    const model = see(relation.target)
    const own = alternatives(tracked, model, where)
    if (typeof relation.holder === 'object') {
      readJoins(parent, relation)
      // Without a filter it is the rows of the join table that are counted.
      if (where !== undefined) dependOn(model, own, at, where, () => false)
      return
    }
    const facts = eachWithEach(own, relatedFacts(parent.facts, relation))
    const pins = pinsOf(tracked.keys(model.name), facts)
    if (pins !== undefined) dependencies.pinned(pins, at, () => false)
    else narrow(model, relation.there, at, parent.place, parent.model, relation.here, () => false)
  }

  /**
   * The relations that a filter goes through, at any depth: under AND, OR and NOT, and under some,
   * every, none, is and isNot. Where a condition is negated, rows that lack the values count too.
   */
  function readFilter(
    model: Model,
    filter: unknown,
    at: readonly string[],
    isPlain: boolean,
  ): void {
    for (const part of listOf(filter)) {
      for (const [name, value] of Object.entries(objectOf(part))) {
        if (logical.has(name)) readFilter(model, value, at, isPlain && name !== 'NOT')
        else {
          const relation = model.relations.get(name)
          if (relation !== undefined) {
            readRelationFilter(relation, objectOf(value), [...at, name], isPlain)
          }
        }
      }
    }
  }

  function readRelationFilter(
    relation: Relation,
    filter: Args,
    at: readonly string[],
    isPlain: boolean,
  ): void {
    const model = see(relation.target)
    const nested = Object.entries(filter).filter(([name]) => quantifiers.has(name))
    // A to-one relation may be filtered without `is`; a field of that very name is then filtered twice.
    const parts = nested.length > 0 ? nested : [['is', filter] as const]
    for (const [name, value] of parts) {
      const isPinnable = isPlain && (name === 'is' || name === 'some' || name === 'none')
      const facts = isPinnable ? alternatives(tracked, model, value) : [NOTHING_KNOWN]
      dependOn(model, facts, [...at, name], isPinnable ? value : undefined, () => false)
      if (typeof relation.holder === 'object') filterJoins(relation, facts, at)
      readFilter(model, value, [...at, name], isPinnable && name !== 'none')
    }
    if (nested.length > 0) readFilter(model, filter, at, false)
  }

  function filterJoins(relation: Relation, facts: readonly Facts[], at: readonly string[]): void {
    if (typeof relation.holder !== 'object') return
    const { name, there } = relation.holder
    const joined = facts.map((known) => carry(known, relation.there, [there]) ?? NOTHING_KNOWN)
    dependOn(see(name), joined, at, undefined, () => false)
  }

  /** The cursor's row decides where the answer begins, though it need not be in it. */
  function readCursor(model: Model, cursor: unknown): void {
    dependOn(model, alternatives(tracked, model, cursor), ['cursor'], cursor, () => false)
    readFilter(model, cursor, ['cursor'], true)
  }

  function readOrder(model: Model, order: Args): void {
    for (const [name, value] of Object.entries(order)) {
      const relation = model.relations.get(name)
      if (relation === undefined) continue
      const at = ['orderBy', name]
      const why = () => `the order of ${model.name} goes by it, also for rows that do not come back`
      const target = see(relation.target)
      dependencies.whole(target.name, at, why)
      if (typeof relation.holder === 'object') {
        dependencies.whole(see(relation.holder.name).name, at, why)
      }
      readOrder(target, objectOf(value))
    }
  }

  /** Rows of which one of these facts holds, or the model as a whole where no key is pinned. */
  function dependOn(
    model: Model,
    facts: readonly Facts[],
    at: readonly string[],
    where: unknown,
    areTaken: (pins: readonly Pin[], answer: unknown) => boolean,
  ): void {
    const pins = pinsOf(tracked.keys(model.name), facts)
    if (pins === undefined)
      dependencies.whole(model.name, at, () => whyWhole(tracked, model, where))
    else dependencies.pinned(pins, at, (answer) => areTaken(pins, answer))
  }

  function see(name: string): Model {
    models.add(name)
    return tracked.model(name)
  }
}

/** What is known of rows that are related to such as have one of these facts. */
function relatedFacts(
  known: readonly Facts[],
  { here, there, holder }: Relation,
): readonly Facts[] {
  const carried = known.map((facts) => typeof holder === 'string' && carry(facts, here, there))
  return carried.every((facts) => typeof facts === 'object') ? carried : [NOTHING_KNOWN]
}

/** Whether every row that refers to a related one shows it. */
function hasAllRelated(
  answer: unknown,
  { place }: Rows,
  { name, list, holder, here }: Relation,
): boolean {
  const rows = list ? undefined : rowsAt(answer, place)
  const refersToNothing = (row: Row) =>
    holder === 'here' && here.some((field) => row[field] === null)
  const isShown = (row: Row) => typeof row[name] === 'object' && row[name] !== null
  return rows?.every((row) => isShown(row) || refersToNothing(row)) ?? false
}

function hasNull({ values }: Pin): boolean {
  return values.some((each) => each.includes(null))
}

function textsOf({ key, values }: Pin): readonly string[] {
  return values.map((each) => `${key.fields} ${JSON.stringify(each)}`)
}

function lists(relations: ReadonlyMap<string, Relation>): readonly (readonly [string, unknown])[] {
  return [...relations.values()].filter(({ list }) => list).map(({ name }) => [name, true])
}

function whyUntracked(model: Model, key: readonly string[]): string {
  return `values of ${model.name}.${key} are not compared exactly by this database`
}

/** The operations that answer with every row that they select, if there is no more to it. */
const isListing: ReadonlySet<string> = new Set([
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
])
/** Arguments that leave out related rows. */
const partial = ['where', 'take', 'skip', 'cursor', 'distinct']
const logical: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT'])
const quantifiers: ReadonlySet<string> = new Set(['some', 'every', 'none', 'is', 'isNot'])
