import type { Value } from './normalise.js'

/** What is known of rows: each row has one of these values in that field. */
export type Facts = ReadonlyMap<string, readonly Value[]>

export const NOTHING_KNOWN: Facts = new Map()

/** With more values or alternatives than this, a key counts as not pinned. */
export const MAX_PINNED_VALUES = 32

/** What is known of rows for which both facts hold. */
export function both(one: Facts, other: Facts): Facts {
  if (one.size === 0) return other
  if (other.size === 0) return one
  const facts = new Map(one)
  for (const [field, values] of other) {
    const known = facts.get(field)
    facts.set(field, known === undefined ? values : known.filter((v) => values.includes(v)))
  }
  return facts
}

/** What is known but for these fields. */
export function without(facts: Facts, fields: ReadonlySet<string>): Facts {
  if (fields.size === 0) return facts
  return new Map([...facts].filter(([field]) => !fields.has(field)))
}

/** What is known where one fact of each side holds. Where the combinations are too many, one side is dropped. */
export function eachWithEach(ones: readonly Facts[], others: readonly Facts[]): readonly Facts[] {
  if (ones.length * others.length > MAX_PINNED_VALUES) {
    return ones.length < others.length ? ones : others
  }
  return ones.flatMap((one) => others.map((other) => both(one, other)))
}

/** Renames facts about the fields `from` to the fields `to`, in their order; undefined if one is not known. */
export function carry(
  facts: Facts,
  from: readonly string[],
  to: readonly string[],
): Facts | undefined {
  const carried = new Map<string, readonly Value[]>()
  for (const [index, field] of from.entries()) {
    const values = facts.get(field)
    if (values === undefined) return undefined
    carried.set(to[index] as string, values)
  }
  return carried
}

/** Every combination of values that rows may have in the fields; undefined if one is not known, or if there are too many. */
export function combinations(
  facts: Facts,
  fields: readonly string[],
  limit = MAX_PINNED_VALUES,
): readonly (readonly Value[])[] | undefined {
  let found: (readonly Value[])[] = [[]]
  for (const field of fields) {
    const values = facts.get(field)
    if (values === undefined || found.length * values.length > limit) return undefined
    found = found.flatMap((head) => values.map((value) => [...head, value]))
  }
  return found
}
