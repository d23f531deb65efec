import { pinsOf } from './dependencies.js'
import { alternatives } from './filter.js'
import type { Tag } from './tag.js'
import { Touches } from './touches.js'
import type { TrackedKeys } from './tracked-keys.js'
import { whyWhole } from './why.js'

/**
 * The tags that a read of the rows depends on which `where` describes; or the reason why no tag is about
 * these rows alone.
 */
export function dependingOn(
  tracked: TrackedKeys,
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

/** The tags that any change touches to rows which `where` describes before or after it. */
export function touchesOfRows(tracked: TrackedKeys, model: string, where: unknown): readonly Tag[] {
  if (tracked.model(model).kind === 'view') return [tracked.modelTag(model)]
  const touches = new Touches(tracked)
  for (const facts of alternatives(tracked, tracked.model(model), where)) {
    touches.rows(model, { kind: 'delete', before: facts })
    touches.rows(model, { kind: 'insert', after: facts })
  }
  return touches.tags()
}
