import type { Field, Model } from '../catalog/catalog.js'
import { carry, endsOf, type Facts, without } from './facts.js'
import { alternatives } from './filter.js'
import type { Value } from './normalise.js'
import { type Args, isSkip, objectOf } from './query.js'
import type { TrackedKeys } from './tracked-keys.js'

/** The scalar fields that the data changes: fields that it names, foreign keys of relations that it changes, and fields that Prisma sets. */
export function changedBy(model: Model, data: Args): ReadonlySet<string> {
  const changed = new Set<string>()
  for (const { name, updatedAt } of model.fields.values()) {
    if (updatedAt || (data[name] !== undefined && !isSkip(data[name]))) changed.add(name)
  }
  for (const { name, holder, here } of model.relations.values()) {
    const operations = Object.keys(objectOf(data[name]))
    if (holder !== 'here' || !operations.some((operation) => operation !== 'update')) continue
    for (const field of here) changed.add(field)
  }
  return changed
}

/** The values that the data gives to rows, as far as it says them. */
export function factsOfData(tracked: TrackedKeys, model: Model, data: Args): Facts {
  const facts = new Map<string, readonly Value[]>()
  for (const name of model.fields.keys()) {
    const given = data[name]
    if (given === undefined || isSkip(given)) continue
    const normalise = tracked.normaliser(model.name, name)
    const { set } = objectOf(given)
    const value = normalise?.(given) ?? (set === undefined ? undefined : normalise?.(set))
    const isNull = given === null || set === null
    if (normalise !== undefined && (value !== undefined || isNull)) facts.set(name, [value ?? null])
  }
  for (const relation of model.relations.values()) {
    const { holder, target } = relation
    const { here, there } = endsOf(model.name, relation)
    const { connect, disconnect, ...others } = objectOf(data[relation.name])
    if (holder !== 'here' || Object.keys(others).length > 0) continue
    if (connect !== undefined && disconnect === undefined) {
      const [only, ...more] = alternatives(tracked, tracked.model(target), connect)
      const carried = only && more.length === 0 && carry(tracked, only, there, here)
      for (const [field, values] of carried || []) facts.set(field, values)
    }
  }
  return without(facts, tracked.computed(model.name))
}

/** The values of a row that is created with the data: a field that is not given gets its default. */
export function factsOfNew(
  tracked: TrackedKeys,
  model: Model,
  data: Args,
  implied: readonly string[],
): Facts {
  const facts = new Map(factsOfData(tracked, model, data))
  const related = new Set([
    ...implied,
    ...[...model.relations.values()].flatMap(({ name, here, holder }) =>
      holder === 'here' && data[name] !== undefined ? here : [],
    ),
  ])
  for (const field of model.fields.values()) {
    const isOpen = data[field.name] === undefined && !related.has(field.name)
    if (!isOpen || tracked.computed(model.name).has(field.name)) continue
    const value = defaultOf(tracked, model, field)
    if (value !== undefined) facts.set(field.name, [value])
  }
  return facts
}

function defaultOf(tracked: TrackedKeys, model: Model, field: Field): Value | undefined {
  const normalise = tracked.normaliser(model.name, field.name)
  if (normalise === undefined || field.default.kind === 'generated' || field.updatedAt) {
    return undefined
  }
  if (field.default.kind === 'value') return normalise(field.default.value)
  return field.required ? undefined : null
}
