import type { Model, Relation } from '../catalog/catalog.js'
import {
  carry,
  eachWithEach,
  endsOf,
  type Facts,
  MAX_PINNED_VALUES,
  NOTHING_KNOWN,
} from './facts.js'
import type { Value } from './normalise.js'
import { type Args, isSkip, listOf, objectOf } from './query.js'
import type { TrackedKeys } from './tracked-keys.js'

/**
 * Gives the facts in a `where` about the rows that it selects: one of these alternatives holds for each row. A
 * condition that is not understood says nothing, so the alternatives may be too wide, but never too narrow.
 */
export function alternatives(tracked: TrackedKeys, model: Model, where: unknown): readonly Facts[] {
  let found: readonly Facts[] = ANYTHING
  for (const [name, condition] of Object.entries(objectOf(where))) {
    if (condition === undefined || isSkip(condition)) continue
    found = eachWithEach(found, oneCondition(tracked, model, name, condition))
  }
  return found
}

const ANYTHING: readonly Facts[] = [NOTHING_KNOWN]

function oneCondition(
  tracked: TrackedKeys,
  model: Model,
  name: string,
  condition: unknown,
): readonly Facts[] {
  if (name === 'AND') {
    return listOf(condition)
      .map((part) => alternatives(tracked, model, part))
      .reduce(eachWithEach, ANYTHING)
  }
  if (name === 'OR') {
    const parts = listOf(condition).flatMap((part) => alternatives(tracked, model, part))
    return parts.length === 0 || parts.length > MAX_PINNED_VALUES ? ANYTHING : parts
  }
  if (model.compounds.has(name)) return alternatives(tracked, model, condition)
  const relation = model.relations.get(name)
  if (relation !== undefined) return relatedCondition(tracked, model, relation, objectOf(condition))
  const values = valuesOf(tracked, model, name, condition)
  return values === undefined ? ANYTHING : [new Map([[name, values]])]
}

/** The filter `author: { id: 7 }` says that `authorId` is 7. */
function relatedCondition(
  tracked: TrackedKeys,
  model: Model,
  relation: Relation,
  condition: Args,
): readonly Facts[] {
  const { holder, target } = relation
  const { here, there } = endsOf(model.name, relation)
  if (holder !== 'here' || 'isNot' in condition) return ANYTHING
  const nested = 'is' in condition ? condition.is : condition
  return alternatives(tracked, tracked.model(target), nested).map(
    (facts) => carry(tracked, facts, there, here) ?? NOTHING_KNOWN,
  )
}

/** The values that the condition allows the field to have; undefined where it allows others. */
function valuesOf(
  tracked: TrackedKeys,
  model: Model,
  field: string,
  condition: unknown,
): readonly Value[] | undefined {
  const normalise = tracked.normaliser(model.name, field)
  if (normalise === undefined) return undefined
  const direct = normalise(condition)
  if (direct !== undefined) return [direct]
  if (typeof condition !== 'object' || condition === null) return undefined
  const { equals, in: list, mode } = condition as Args
  if (mode !== undefined && mode !== 'default') return undefined
  if (equals !== undefined) {
    const value = normalise(equals)
    return value === undefined ? undefined : [value]
  }
  if (!Array.isArray(list) || list.length > MAX_PINNED_VALUES) return undefined
  const values = list.map(normalise)
  return values.includes(undefined) ? undefined : [...new Set(values as Value[])]
}
