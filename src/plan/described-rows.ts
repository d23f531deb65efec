import { pinsOf } from './dependencies.js'
import { alternatives } from './filter.js'
import type { Tag } from './tag.js'
import { Touches } from './touches.js'
import type { Tracked } from './tracked-keys.js'
import { whyWhole } from './why.js'

/**
 * What depends on the rows that `where` describes, as a read of them does; or why they cannot be told
 * from the other rows of their model.
 */
export function dependingOn(
  tracked: Tracked,
  model: string,
  where: unknown,
): { readonly tags: readonly Tag[] } | { readonly why: string } {
  const described = tracked.model(model)
  const pins = pinsOf(tracked.keys(model), alternatives(tracked, described, where))
  if (pins === undefined) return { why: whyWhole(tracked, described, where) }
  const tags = pins.flatMap(({ key, values }) => [
    key.family,
    ...(key.unique ? [tracked.insertTag(model)] : []),
    ...values.map((each) => tracked.keyTag(key, each)),
  ])
  return { tags }
}

/** What is touched by any change to the rows that `where` describes, before or after it. */
export function touching(tracked: Tracked, model: string, where: unknown): readonly Tag[] {
  const touches = new Touches(tracked)
  for (const facts of alternatives(tracked, tracked.model(model), where)) {
    touches.rows(model, { kind: 'delete', before: facts })
    touches.rows(model, { kind: 'insert', after: facts })
  }
  return touches.tags()
}
