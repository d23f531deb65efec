import type { Policy } from '../options/policy.js'
import type { TagId } from '../plan/tag.js'
import type { Entry, TagState } from '../store/store.js'
import type { MissReason } from '../telemetry/events.js'
import type { Found } from './read.js'

export type Verdict =
  | { readonly kind: 'valid'; readonly entry: Entry }
  /** No write has invalidated the entry, but its time to live is over. */
  | { readonly kind: 'expired'; readonly entry: Entry }
  | { readonly kind: 'invalid'; readonly reason: MissReason }
  /** Nothing may be served or stored now, see `isBlocked`. */
  | { readonly kind: 'blocked' }

/** Whether the found entry answers a read that depends on these tags whatever its answer is. */
export function judge(
  { entry, states }: Found,
  tags: readonly TagId[],
  now: number,
  strict: boolean,
): Verdict {
  if (entry === undefined) return { kind: 'invalid', reason: 'absent' }
  const { dependencies } = entry
  // An entry without one of its read's tags was not written by this code.
  const isOurs = tags.every((tag) => dependencies.has(tag))
  if (!isOurs || !hasCurrentVersions(dependencies, states)) {
    return { kind: 'invalid', reason: 'invalidated' }
  }
  if (isBlocked(states, dependencies.keys(), now, strict)) return { kind: 'blocked' }
  return { kind: entry.freshUntil < now ? 'expired' : 'valid', entry }
}

function hasCurrentVersions(
  dependencies: Entry['dependencies'],
  states: ReadonlyMap<TagId, TagState>,
): boolean {
  for (const [tag, version] of dependencies) {
    if (states.get(tag)?.version !== version) return false
  }
  return true
}

/**
 * Whether one of the tags is held (in strict mode, or is marked): until that is over, nothing that depends on
 * the tag is served or stored.
 */
export function isBlocked(
  states: ReadonlyMap<TagId, TagState>,
  tags: Iterable<TagId>,
  now: number,
  strict: boolean,
): boolean {
  for (const tag of tags) {
    const { heldUntil, marks } = states.get(tag) as TagState
    if (heldUntil >= now) return true
    if (strict && marks.some(({ deadline }) => deadline >= now)) return true
  }
  return false
}

/**
 * Until when an answer is fresh, in milliseconds since the epoch.
 *
 * @param jitter the share by which its time to live is shortened at random at most.
 */
export function freshUntil(
  value: unknown,
  startedAt: number,
  { ttl, negativeTtl }: Policy,
  jitter: number,
): number {
  const isNothing = value === null || value === undefined
  const life = isNothing ? Math.min(ttl, negativeTtl) : ttl
  // Aerospike's client takes only whole numbers.
  return Math.floor(startedAt + life * (1 - jitter * Math.random()))
}
