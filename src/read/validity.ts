import type { TagId } from '../plan/tag.js'
import type { Doubt, Entry, Generation, Mark, TagState } from '../store/store.js'
import type { MissReason } from '../telemetry/events.js'

/** What a look-up found, tags by their ids. */
export interface Found {
  readonly entry: Entry | undefined
  readonly generation: Generation
  readonly states: ReadonlyMap<TagId, TagState>
}

export type Verdict =
  | { readonly kind: 'valid'; readonly entry: Entry }
  /** It stands, and is past its time to live. */
  | { readonly kind: 'expired'; readonly entry: Entry }
  | { readonly kind: 'invalid'; readonly reason: MissReason }
  | { readonly kind: 'blocked' }

/** Whether what was found answers a read that depends on these tags, whatever its answer. */
export function judge(
  { entry, states }: Found,
  tags: readonly TagId[],
  now: number,
  strict: boolean,
): Verdict {
  if (entry === undefined) return { kind: 'invalid', reason: 'absent' }
  const { dependencies } = entry
  // An entry that lacks one of its read's tags was not written by this code.
  const isOurs = tags.every((tag) => dependencies.has(tag))
  if (!isOurs || !stands(dependencies, states, now))
    return { kind: 'invalid', reason: 'invalidated' }
  if (isBlocked(states, dependencies.keys(), now, strict)) return { kind: 'blocked' }
  return { kind: entry.freshUntil < now ? 'expired' : 'valid', entry }
}

function stands(
  dependencies: Entry['dependencies'],
  states: ReadonlyMap<TagId, TagState>,
  now: number,
): boolean {
  for (const [tag, version] of dependencies) {
    const state = states.get(tag)
    if (state?.version !== version) return false
    if (state.marks.some((mark) => isInDoubt(mark, now))) return false
  }
  return true
}

/** While a blocking mark stands (in strict mode, any), nothing that depends on its tag is served or stored. */
export function isBlocked(
  states: ReadonlyMap<TagId, TagState>,
  tags: Iterable<TagId>,
  now: number,
  strict: boolean,
): boolean {
  for (const tag of tags) {
    const { marks } = states.get(tag) as TagState
    if (marks.some((mark) => (strict || mark.blocking) && !isInDoubt(mark, now))) return true
  }
  return false
}

/** Past its deadline nobody knows what became of the write. */
function isInDoubt(mark: Mark, now: number): boolean {
  return mark.deadline < now
}

/** The tags whose states cannot serve as a snapshot. */
export function doubtsOf(states: ReadonlyMap<TagId, TagState>, now: number): readonly Doubt[] {
  const doubts: Doubt[] = []
  for (const [tag, { version, marks }] of states) {
    const overdue = marks.filter((mark) => isInDoubt(mark, now)).map(({ writeId }) => writeId)
    if (version === undefined || overdue.length > 0) doubts.push({ tag, overdue })
  }
  return doubts
}
