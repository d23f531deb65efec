import type { Facts } from './facts.js'
import type { Value } from './normalise.js'
import type { TrackedKeys } from './tracked-keys.js'

export type Row = Readonly<Record<string, unknown>>

/** The most values that `valuesAt` gives: with more of them, a tag for each would cost more than it saves. */
const MAX_VALUES = 64

/**
 * Where an answer shows the rows of a part of the read: relation by relation. The fluent API answers
 * only with what lies under `base`.
 */
export interface Place {
  readonly base: readonly string[]
  readonly path: readonly string[]
}

/** The rows at that place; undefined where the answer does not show them. */
export function rowsAt(answer: unknown, { base, path }: Place): readonly Row[] | undefined {
  if (base.some((name, index) => path[index] !== name)) return undefined
  let rows = objectsIn(answer)
  for (const name of path.slice(base.length)) {
    const next: Row[] = []
    for (const row of rows ?? []) {
      const found = objectsIn(row[name])
      if (found === undefined) return undefined
      next.push(...found)
    }
    rows = next
  }
  return rows
}

function objectsIn(value: unknown): readonly Row[] | undefined {
  if (value === null) return []
  if (Array.isArray(value)) return value
  return typeof value === 'object' ? [value as Row] : undefined
}

export interface ShownFields {
  readonly place: Place
  readonly tracked: TrackedKeys
  /** The model of the rows at that place. */
  readonly model: string
  readonly fields: readonly string[]
}

/**
 * The values that the rows have in the fields, each once. Rows that relate to nothing, because one of
 * the values is null, are left out. Undefined where a row does not show the fields, or where there
 * are too many values.
 */
export function valuesAt(
  answer: unknown,
  { place, tracked, model, fields }: ShownFields,
): readonly (readonly Value[])[] | undefined {
  const rows = rowsAt(answer, place)
  if (rows === undefined) return undefined
  const found = new Map<string, readonly Value[]>()
  for (const row of rows) {
    const values = fields.map((field) => tracked.valueIn(model, field, row))
    if (values.includes(undefined)) return undefined
    if (values.includes(null)) continue
    found.set(JSON.stringify(values), values as readonly Value[])
    if (found.size > MAX_VALUES) return undefined
  }
  return [...found.values()]
}

/** The values of tracked fields that a returned row shows. */
export function factsOfRow(tracked: TrackedKeys, model: string, row: unknown): Facts {
  const facts = new Map<string, readonly Value[]>()
  const [only] = objectsIn(row) ?? []
  if (only === undefined) return facts
  for (const { fields } of tracked.keys(model)) {
    for (const field of fields) {
      const value = tracked.valueIn(model, field, only)
      if (value !== undefined) facts.set(field, [value])
    }
  }
  return facts
}
