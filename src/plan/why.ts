import type { Field, Model } from '../catalog/catalog.js'
import { MAX_PINNED_VALUES } from './facts.js'
import { type Args, listOf, objectOf } from './query.js'
import type { TrackedKeys } from './tracked-keys.js'

/** The reason why a filter pins no tracked key, in words that say what to change. */
export function whyWhole(tracked: TrackedKeys, model: Model, where: unknown): string {
  if (model.kind === 'view') return `${model.name} is a view`
  const reasons = reasonsIn(tracked, model, objectOf(where))
  return reasons.length > 0
    ? reasons.join('; ')
    : 'no condition gives a tracked key a value: any row may match'
}

function reasonsIn(tracked: TrackedKeys, model: Model, where: Args): readonly string[] {
  return Object.entries(where).flatMap(([name, condition]): readonly string[] => {
    if (condition === undefined) return []
    if (name === 'AND' || name === 'OR') {
      const parts = listOf(condition).flatMap((part) => reasonsIn(tracked, model, objectOf(part)))
      return name === 'AND' || parts.length === 0
        ? parts
        : [`every branch of OR must give a tracked key a value (${parts.join('; ')})`]
    }
    if (name === 'NOT') return ['NOT gives no key a value']
    const field = model.fields.get(name)
    return field === undefined ? [] : reasonOf(tracked, model, field, condition)
  })
}

function reasonOf(
  tracked: TrackedKeys,
  model: Model,
  field: Field,
  condition: unknown,
): readonly string[] {
  const normalise = tracked.normaliser(model.name, field.name)
  const { name } = field
  if (normalise === undefined) {
    const type = field.native === undefined ? field.type : `@db.${field.native.name}`
    return [`this database does not compare \`${name}\` exactly (${type}${field.list ? '[]' : ''})`]
  }
  if (normalise(condition) === undefined) {
    const { equals, in: list, mode } = objectOf(condition)
    if (mode === 'insensitive') return [`\`${name}\` is compared without regard to case`]
    if (equals === undefined && !Array.isArray(list)) {
      return [`\`${name}\` is compared by ${Object.keys(objectOf(condition))}, not by equality`]
    }
    if (Array.isArray(list) && list.length > MAX_PINNED_VALUES) {
      return [`\`${name}\` is one of ${list.length} values, more than ${MAX_PINNED_VALUES}`]
    }
  }
  const isTracked = tracked.keys(model.name).some(({ fields }) => fields.includes(name))
  return isTracked ? [] : [`\`${name}\` is not a tracked key: add trackBy: ['${name}']`]
}
