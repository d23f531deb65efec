import type { JoinTable, Relation } from '../catalog/catalog.js'
import type { Value } from './normalise.js'
import type { TrackedKeys } from './tracked-keys.js'

/** The facts about rows: each row has one of these values in that field. */
export type Facts = ReadonlyMap<string, readonly Value[]>

export const NOTHING_KNOWN: Facts = new Map()

/** With more values or alternatives than this, a key counts as not pinned. */
export const MAX_PINNED_VALUES = 32

/** Combines the facts about rows for which both hold. */
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

/** Leaves out the facts about these fields. */
export function without(facts: Facts, fields: ReadonlySet<string>): Facts {
  if (fields.size === 0) return facts
  return new Map([...facts].filter(([field]) => !fields.has(field)))
}

/** Combines alternatives of which one of each side holds. Where the combinations are too many, one side is dropped. */
export function eachWithEach(ones: readonly Facts[], others: readonly Facts[]): readonly Facts[] {
  if (ones.length * others.length > MAX_PINNED_VALUES) {
    return ones.length < others.length ? ones : others
  }
  return ones.flatMap((one) => others.map((other) => both(one, other)))
}

/** Fields of a model, such as those at one end of a relation. */
export interface Columns {
  readonly model: string
  readonly fields: readonly string[]
}

/**
 * Carries facts about some columns over to others that have the same values, in the order of their fields;
 * undefined if one is not known, or if the database compares the values of the two columns differently.
 */
export function carry(
  tracked: TrackedKeys,
  facts: Facts,
  from: Columns,
  to: Columns,
): Facts | undefined {
  const carried = new Map<string, readonly Value[]>()
  for (const [index, field] of from.fields.entries()) {
    const values = facts.get(field)
    if (values === undefined || !isComparable(tracked, from, to, index)) return undefined
    carried.set(to.fields[index] as string, values)
  }
  return carried
}

/** Whether the database compares all these columns with each other as it compares each of them with itself. */
export function areComparable(tracked: TrackedKeys, ones: Columns, others: Columns): boolean {
  return ones.fields.every((_, index) => isComparable(tracked, ones, others, index))
}

function isComparable(tracked: TrackedKeys, ones: Columns, others: Columns, index: number) {
  return tracked.isSameForm(
    { model: ones.model, field: ones.fields[index] as string },
    { model: others.model, field: others.fields[index] as string },
  )
}

/** The columns at the two ends of a relation of the model. */
export function endsOf(
  model: string,
  { target, here, there }: Relation,
): { readonly here: Columns; readonly there: Columns } {
  return { here: { model, fields: here }, there: { model: target, fields: there } }
}

/** The columns of the join table that refer to the two ends. */
export function joinedBy({ name, here, there }: JoinTable): {
  readonly here: Columns
  readonly there: Columns
} {
  return { here: { model: name, fields: [here] }, there: { model: name, fields: [there] } }
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
