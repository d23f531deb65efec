import type { TagId } from '../plan/tag.js'
import type { Doubt, Entry, Lookup, Mark, TagState } from '../store/store.js'
import type { MissReason } from '../telemetry/events.js'

export type Verdict =
  | { readonly kind: 'valid'; readonly entry: Entry }
  | { readonly kind: 'invalid'; readonly reason: MissReason }
  | { readonly kind: 'blocked' }

/** Whether what was found answers a read that depends on these tags. */
export function judge(
  found: Lookup,
  tags: readonly TagId[],
  now: number,
  strict: boolean,
): Verdict {
  if (isBlocked(found.tags, now, strict)) return { kind: 'blocked' }
  const { entry } = found
  if (entry === undefined) return { kind: 'invalid', reason: 'absent' }
  if (entry.freshUntil < now) return { kind: 'invalid', reason: 'expired' }
  const stands = tags.every((tag, index) => {
    const state = found.tags[index]
    return (
      state?.version !== undefined &&
      state.version === entry.dependencies.get(tag) &&
      !state.marks.some((mark) => isInDoubt(mark, now))
    )
  })
  // A dependency that was not looked up cannot be vouched for.
  if (!stands || entry.dependencies.size > tags.length) {
    return { kind: 'invalid', reason: 'invalidated' }
  }
  return { kind: 'valid', entry }
}

/** While a blocking mark stands (in strict mode, any), nothing that depends on its tag is served or stored. */
export function isBlocked(states: readonly TagState[], now: number, strict: boolean): boolean {
  return states.some(({ marks }) =>
    marks.some((mark) => (strict || mark.blocking) && !isInDoubt(mark, now)),
  )
}

/** Past its deadline nobody knows what became of the write. */
function isInDoubt(mark: Mark, now: number): boolean {
  return mark.deadline < now
}

/** The tags whose states cannot serve as a snapshot. */
export function doubtsOf(
  tags: readonly TagId[],
  states: readonly TagState[],
  now: number,
): readonly Doubt[] {
  return tags.flatMap((tag, index) => {
    const { version, marks } = states[index] as TagState
    const overdue = marks.filter((mark) => isInDoubt(mark, now)).map(({ writeId }) => writeId)
    return version === undefined || overdue.length > 0 ? { tag, overdue } : []
  })
}
