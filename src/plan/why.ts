import type { Field, Model } from '../catalog/catalog.js'
import { LIMIT } from './facts.js'
import { type Args, listOf, objectOf } from './query.js'
import type { Tracked } from './tracked-keys.js'

/** Why a filter pins no tracked key, in words that tell what to change. */
export function whyWhole(tracked: Tracked, model: Model, where: unknown): string {
  if (model.kind === 'view') return `${model.name} is a view`
  const reasons = reasonsIn(tracked, model, objectOf(where))
  return reasons.length > 0
    ? reasons.join('; ')
    : 'no condition pins a tracked key: any row may match'
}

function reasonsIn(tracked: Tracked, model: Model, where: Args): readonly string[] {
  return Object.entries(where).flatMap(([name, condition]): readonly string[] => {
    if (condition === undefined) return []
    if (name === 'AND' || name === 'OR') {
      const parts = listOf(condition).flatMap((part) => reasonsIn(tracked, model, objectOf(part)))
      return name === 'AND' || parts.length === 0
        ? parts
        : [`every branch of OR must pin a tracked key (${parts.join('; ')})`]
    }
    if (name === 'NOT') return ['NOT pins nothing']
    const field = model.fields.get(name)
    return field === undefined ? [] : reasonOf(tracked, model, field, condition)
  })
}

function reasonOf(
  tracked: Tracked,
  model: Model,
  field: Field,
  condition: unknown,
): readonly string[] {
  const normalise = tracked.normaliser(model.name, field.name)
  const { name } = field
  if (normalise === undefined) {
    const type = field.native === undefined ? field.type : `@db.${field.native.name}`
    return [
      `\`${name}\` is of type ${type}${field.list ? '[]' : ''}, which is not compared exactly here`,
    ]
  }
  if (normalise(condition) === undefined) {
    const { equals, in: list, mode } = objectOf(condition)
    if (mode === 'insensitive') return [`\`${name}\` is compared without case`]
    if (equals === undefined && !Array.isArray(list)) {
      return [`\`${name}\` is compared by ${Object.keys(objectOf(condition))}, not by equality`]
    }
    if (Array.isArray(list) && list.length > LIMIT) {
      return [`\`${name}\` is one of ${list.length} values, more than ${LIMIT}`]
    }
  }
  const isTracked = tracked.keys(model.name).some(({ fields }) => fields.includes(name))
  return isTracked ? [] : [`\`${name}\` is not a tracked key: add trackBy: ['${name}']`]
}
