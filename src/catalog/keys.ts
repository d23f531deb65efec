import type { Key } from './catalog.js'
import { type DmmfModel, hasForeignKey } from './dmmf.js'

export function keysOf(model: DmmfModel): readonly Key[] {
  const foreign = model.fields.filter(hasForeignKey).map((f) => f.relationFromFields ?? [])
  const keys = [
    idOf(model),
    ...model.fields.filter((f) => f.isUnique).map((f) => [f.name]),
    ...model.uniqueFields,
  ].map((fields): Key => ({ fields, unique: true }))
  keys.push(...foreign.map((fields): Key => ({ fields, unique: false })))
  // A foreign key may be a unique key as well. Unique keys come first in the list, and of two keys
  // with the same fields the first must stay. A Map keeps the last, so the list is reversed twice.
  const byFields = new Map(keys.reverse().map((key) => [key.fields.join(' '), key]))
  return [...byFields.values()].reverse().filter(({ fields }) => fields.length > 0)
}

export function idOf(model: DmmfModel): readonly string[] {
  return model.primaryKey?.fields ?? model.fields.filter((f) => f.isId).map((f) => f.name)
}

export function compoundsOf(model: DmmfModel): ReadonlyMap<string, readonly string[]> {
  const named = [model.primaryKey, ...model.uniqueIndexes].flatMap((index) => index ?? [])
  const unnamed = model.uniqueFields.map((fields) => ({ name: null, fields }))
  return new Map(
    [...unnamed, ...named]
      .filter(({ fields }) => fields.length > 1)
      .map(({ name, fields }) => [name ?? fields.join('_'), fields]),
  )
}
