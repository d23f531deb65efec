import type { Model, Relation } from '../catalog/catalog.js'
import { rowsAt } from './answer-rows.js'
import { Dependencies, type Pin } from './dependencies.js'
import { eachWithEach } from './facts.js'
import { alternatives } from './filter.js'
import { type Args, listOf, objectOf, type Query } from './query.js'
import {
  dependOn,
  type Findings,
  see,
  surveyCursor,
  surveyFilter,
  surveyOrder,
} from './survey-filters.js'
import {
  countRelated,
  dependOnRelated,
  relatedFacts,
  type SelectedRows,
} from './survey-relations.js'
import type { TrackedKeys } from './tracked-keys.js'

/** The dependencies of a read, and the other facts in its arguments about its answer. */
export interface Survey {
  readonly dependencies: Dependencies
  /** Every model that the read sees. */
  readonly models: ReadonlySet<string>
  /** Selected names that the schema does not have, as `User.fullName`: computed fields, if anything. */
  readonly computed: ReadonlySet<string>
  /** Whether the query has an `omit` anywhere: then computed fields decide which fields are read. */
  readonly omits: boolean
}

export interface SurveyOptions {
  readonly tracked: TrackedKeys
  /** Whether the dependencies also carry reasons for people to read. Default false. */
  readonly explains?: boolean
}

/** Finds every part of a read that makes its answer depend on rows. */
export function survey({ tracked, explains = false }: SurveyOptions, query: Query): Survey {
  const findings: Findings = {
    tracked,
    dependencies: new Dependencies(tracked, explains),
    models: new Set(),
    computed: new Set(),
    operation: query.operation,
    // The data path of the fluent API alternates 'select' with the names of relations.
    base: query.dataPath.filter((_, index) => index % 2 === 1),
    omits: false,
  }
  surveyRoot(findings, query)
  const { dependencies, models, computed, omits } = findings
  return { dependencies, models, computed, omits }
}

function surveyRoot(findings: Findings, query: Query): void {
  const args = objectOf(query.args)
  const model = see(findings, query.model)
  const facts = alternatives(findings.tracked, model, args.where)
  const place = { base: findings.base, path: [] }
  dependOn(findings, {
    model,
    facts,
    at: ['where'],
    where: args.where,
    areTaken: (pins, answer) => {
      // A value of a unique key belongs to at most one row, unless it is null.
      if (!returnsAllSelected.has(query.operation) || pins.some(hasNull)) return false
      return rowsAt(answer, place)?.length === new Set(pins.flatMap(valuesAsText)).size
    },
  })
  surveyArgs(findings, { model, facts, place }, args)
}

/** Surveys what the arguments say besides which rows they select. */
function surveyArgs(findings: Findings, rows: SelectedRows, args: Args): void {
  findings.omits ||= args.omit !== undefined
  surveyFilter(findings, rows.model, args.where, [...rows.place.path, 'where'], true)
  if (args.cursor !== undefined) surveyCursor(findings, rows.model, args.cursor)
  for (const order of listOf(args.orderBy)) surveyOrder(findings, rows.model, objectOf(order))
  surveySelection(findings, rows, objectOf(args.select))
  surveySelection(findings, rows, objectOf(args.include))
}

function surveySelection(findings: Findings, rows: SelectedRows, selection: Args): void {
  const { fields, relations, name: model } = rows.model
  for (const [name, value] of Object.entries(selection)) {
    if (value === undefined || value === false) continue
    if (name === '_count') surveyCount(findings, rows, value)
    // `count` selects the fields that it counts, and `_all`.
    else if (fields.has(name) || findings.operation === 'count') continue
    else {
      const relation = relations.get(name)
      if (relation === undefined) findings.computed.add(`${model}.${name}`)
      else surveyRelation(findings, rows, relation, objectOf(value))
    }
  }
}

/** Surveys the rows that a relation adds to each of the selected rows. */
function surveyRelation(
  findings: Findings,
  parent: SelectedRows,
  relation: Relation,
  args: Args,
): void {
  const model = see(findings, relation.target)
  const place = { base: findings.base, path: [...parent.place.path, relation.name] }
  const own = alternatives(findings.tracked, model, args.where)
  const facts = eachWithEach(own, relatedFacts(findings.tracked, parent, relation))
  dependOnRelated(findings, { parent, relation, model, place, own, facts, args })
  surveyArgs(findings, { model, facts, place }, args)
}

/** `_count: true` counts every list relation, `_count: { select: { posts: true | { where } } }` those named. */
function surveyCount(findings: Findings, rows: SelectedRows, value: unknown): void {
  const selected = objectOf(value).select
  const { relations } = rows.model
  const named =
    selected === undefined ? listRelations(rows.model) : Object.entries(objectOf(selected))
  for (const [name, counted] of named) {
    const relation = relations.get(name)
    if (relation === undefined || counted === false || counted === undefined) continue
    const { where } = objectOf(counted)
    countRelated(findings, rows, relation, where)
    const target = see(findings, relation.target)
    surveyFilter(findings, target, where, [...rows.place.path, '_count', name], true)
  }
}

function listRelations({ relations }: Model): readonly (readonly [string, unknown])[] {
  return [...relations.values()].filter(({ list }) => list).map(({ name }) => [name, true])
}

function hasNull({ values }: Pin): boolean {
  return values.some((each) => each.includes(null))
}

function valuesAsText({ key, values }: Pin): readonly string[] {
  return values.map((each) => `${key.fields} ${JSON.stringify(each)}`)
}

/** The operations that answer with every row that their arguments select. */
const returnsAllSelected: ReadonlySet<string> = new Set([
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
])
