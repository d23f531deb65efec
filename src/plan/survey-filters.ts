import type { Model, Relation } from '../catalog/catalog.js'
import { type Dependencies, type Pin, pinsOf } from './dependencies.js'
import { carry, type Facts, joinedBy, NOTHING_KNOWN } from './facts.js'
import { alternatives } from './filter.js'
import { type Args, listOf, objectOf } from './query.js'
import type { TrackedKeys } from './tracked-keys.js'
import { whyWhole } from './why.js'

/** The findings of a survey so far, with the facts about the query that each of its parts needs. */
export interface Findings {
  readonly tracked: TrackedKeys
  readonly dependencies: Dependencies
  readonly models: Set<string>
  readonly computed: Set<string>
  readonly operation: string
  /** The relations that the fluent API followed: the answer holds only what lies under them. */
  readonly base: readonly string[]
  omits: boolean
}

/** Rows that one part of a query selects. */
export interface Dependence {
  readonly model: Model
  /** One of these holds for each of the rows. */
  readonly facts: readonly Facts[]
  /** Where in the query the rows are selected. */
  readonly at: readonly string[]
  /** The filter that selects them, for explanations; undefined where it pins nothing. */
  readonly where?: unknown
  /** Whether the answer shows a row for every pinned value of a unique key. Default: it does not. */
  readonly areTaken?: (pins: readonly Pin[], answer: unknown) => boolean
}

/** Notes that the read sees the model, and gives it. */
export function see({ models, tracked }: Findings, name: string): Model {
  models.add(name)
  return tracked.model(name)
}

/** Depends on the rows with the values that a tracked key is pinned to, else on the whole model. */
export function dependOn(
  { tracked, dependencies }: Findings,
  { model, facts, at, where, areTaken = () => false }: Dependence,
): void {
  const pins = pinsOf(tracked.keys(model.name), facts)
  if (pins === undefined) dependencies.whole(model.name, at, () => whyWhole(tracked, model, where))
  else dependencies.pinned(pins, at, (answer) => areTaken(pins, answer))
}

/**
 * Surveys the relations that a filter goes through, at any depth: under AND, OR and NOT, and under
 * some, every, none, is and isNot.
 *
 * @param isPlain whether the filter is not negated. Where it is, rows without the values count too.
 */
export function surveyFilter(
  findings: Findings,
  model: Model,
  filter: unknown,
  at: readonly string[],
  isPlain: boolean,
): void {
  for (const part of listOf(filter)) {
    for (const [name, value] of Object.entries(objectOf(part))) {
      if (logicalOperators.has(name)) {
        surveyFilter(findings, model, value, at, isPlain && name !== 'NOT')
        continue
      }
      const relation = model.relations.get(name)
      if (relation !== undefined) {
        surveyRelationFilter(findings, relation, objectOf(value), [...at, name], isPlain)
      }
    }
  }
}

function surveyRelationFilter(
  findings: Findings,
  relation: Relation,
  filter: Args,
  at: readonly string[],
  isPlain: boolean,
): void {
  const model = see(findings, relation.target)
  const nested = Object.entries(filter).filter(([name]) => quantifiers.has(name))
  // A to-one relation may be filtered without `is`; a field of that very name is then filtered twice.
  const parts = nested.length > 0 ? nested : [['is', filter] as const]
  for (const [name, value] of parts) {
    const isPinnable = isPlain && (name === 'is' || name === 'some' || name === 'none')
    const facts = isPinnable ? alternatives(findings.tracked, model, value) : [NOTHING_KNOWN]
    const where = isPinnable ? value : undefined
    dependOn(findings, { model, facts, at: [...at, name], where })
    dependOnFilteredJoins(findings, relation, facts, at)
    surveyFilter(findings, model, value, [...at, name], isPinnable && name !== 'none')
  }
  if (nested.length > 0) surveyFilter(findings, model, filter, at, false)
}

/** Depends on the join table's rows that lead to the filtered rows. */
function dependOnFilteredJoins(
  findings: Findings,
  { holder, target, there: fields }: Relation,
  facts: readonly Facts[],
  at: readonly string[],
): void {
  if (typeof holder !== 'object') return
  const { there } = joinedBy(holder)
  const joined = facts.map(
    (known) => carry(findings.tracked, known, { model: target, fields }, there) ?? NOTHING_KNOWN,
  )
  dependOn(findings, { model: see(findings, holder.name), facts: joined, at })
}

/** The cursor's row decides where the answer begins, though the answer need not show it. */
export function surveyCursor(findings: Findings, model: Model, cursor: unknown): void {
  const facts = alternatives(findings.tracked, model, cursor)
  dependOn(findings, { model, facts, at: ['cursor'], where: cursor })
  surveyFilter(findings, model, cursor, ['cursor'], true)
}

/** An order that follows a relation depends on every row of the related model. */
export function surveyOrder(findings: Findings, model: Model, order: Args): void {
  for (const [name, value] of Object.entries(order)) {
    const relation = model.relations.get(name)
    if (relation === undefined) continue
    const { dependencies } = findings
    const at = ['orderBy', name]
    const why = () =>
      `rows of ${model.name} are ordered by it, also those that the answer does not show`
    const target = see(findings, relation.target)
    dependencies.whole(target.name, at, why)
    if (typeof relation.holder === 'object') {
      dependencies.whole(see(findings, relation.holder.name).name, at, why)
    }
    surveyOrder(findings, target, objectOf(value))
  }
}

const logicalOperators: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT'])
const quantifiers: ReadonlySet<string> = new Set(['some', 'every', 'none', 'is', 'isNot'])
