import type { Value } from './normalise.js'

/** What is known of rows: that each has, in such a field, one of these values. */
export type Facts = ReadonlyMap<string, readonly Value[]>

export const NOTHING_KNOWN: Facts = new Map()

/** More values or alternatives than these are taken for any. */
export const LIMIT = 32

/** What is known of rows for which both hold. */
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

/** What is known where one of each side holds; where that is too much, what one side says. */
export function eachWithEach(ones: readonly Facts[], others: readonly Facts[]): readonly Facts[] {
  if (ones.length * others.length > LIMIT) return ones.length < others.length ? ones : others
  return ones.flatMap((one) => others.map((other) => both(one, other)))
}

/** The facts about these fields, as facts about those in the same places; undefined if one is not known. */
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

/** Every combination of values that rows may have in the fields; undefined if there may be others, or too many. */
export function combinations(
  facts: Facts,
  fields: readonly string[],
  limit = LIMIT,
): readonly (readonly Value[])[] | undefined {
  let found: (readonly Value[])[] = [[]]
  for (const field of fields) {
    const values = facts.get(field)
    if (values === undefined || found.length * values.length > limit) return undefined
    found = found.flatMap((head) => values.map((value) => [...head, value]))
  }
  return found
}
