import type { Facts } from './facts.js'
import type { Value } from './normalise.js'
import type { Tracked } from './tracked-keys.js'

export type Row = Readonly<Record<string, unknown>>

/** More values than these are not looked for in an answer. */
const LIMIT = 64

/**
 * Where the rows of a part of a read stand in its answer: relation by relation. The fluent API gives
 * only what lies under `base`.
 */
export interface Place {
  readonly base: readonly string[]
  readonly path: readonly string[]
}

/** The rows there; undefined where the answer does not show them. */
export function rowsAt(answer: unknown, { base, path }: Place): readonly Row[] | undefined {
  if (base.some((name, index) => path[index] !== name)) return undefined
  let rows = objects(answer)
  for (const name of path.slice(base.length)) {
    const next: Row[] = []
    for (const row of rows ?? []) {
      const found = objects(row[name])
      if (found === undefined) return undefined
      next.push(...found)
    }
    rows = next
  }
  return rows
}

function objects(value: unknown): readonly Row[] | undefined {
  if (value === null) return []
  if (Array.isArray(value)) return value
  return typeof value === 'object' ? [value as Row] : undefined
}

/**
 * The values that the rows have in the fields, each once, without those that relate to nothing
 * because one is null; undefined where a row does not show them, or there are too many.
 */
export function valuesAt(
  answer: unknown,
  place: Place,
  tracked: Tracked,
  model: string,
  fields: readonly string[],
): readonly (readonly Value[])[] | undefined {
  const rows = rowsAt(answer, place)
  if (rows === undefined) return undefined
  const found = new Map<string, readonly Value[]>()
  for (const row of rows) {
    const values = fields.map((field) => tracked.valueIn(model, field, row))
    if (values.includes(undefined)) return undefined
    if (values.includes(null)) continue
    found.set(JSON.stringify(values), values as readonly Value[])
    if (found.size > LIMIT) return undefined
  }
  return [...found.values()]
}

/** What a row that came back tells of itself. */
export function factsOf(tracked: Tracked, model: string, row: unknown): Facts {
  const facts = new Map<string, readonly Value[]>()
  const [only] = objects(row) ?? []
  if (only === undefined) return facts
  for (const { fields } of tracked.keys(model)) {
    for (const field of fields) {
      const value = tracked.valueIn(model, field, only)
      if (value !== undefined) facts.set(field, [value])
    }
  }
  return facts
}
