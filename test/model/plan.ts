import type { Narrowed } from '../../src/plan/dependencies.js'
import type { EntryKey } from '../../src/plan/key.js'
import type { Tag, TagId } from '../../src/plan/tag.js'
import type { Read } from '../../src/read/read.js'
import type { Answer } from './ledger.js'
import type { Operation, Scenario } from './scenario.js'

/** Of entries: long against every deadline. */
export const TTL = 1_000_000

/** Touched by every write. */
const MODEL = 'model' as TagId
/** Announced by writes that do not know their rows, and depended on by all reads. */
const FAMILY = 'family' as TagId

/** What the planner says of a read. */
interface ReadPlan {
  readonly key: EntryKey
  readonly tags: readonly TagId[]
  readonly wide: readonly TagId[]
  readonly narrow: () => Narrowed
  /** What an entry of it depends on. */
  readonly dependencies: readonly TagId[]
}

/** What the planner says of a write, before it is known what it does and after that. */
interface WritePlan {
  readonly announced: readonly Tag[]
  readonly touched: readonly Tag[]
}

/** The read as the protocol gets it. */
export function readOf(
  spec: Operation,
  scenario: Scenario,
  load: () => Promise<Answer>,
): Read<Answer> {
  return {
    model: 'Row',
    operation: 'read',
    ...planRead(spec, scenario),
    policy: { ttl: TTL, negativeTtl: TTL, staleWhileRevalidate: 0, staleIfError: 0 },
    refresh: false,
    shape: () => keyOf(spec),
    report: () => undefined,
    load,
  }
}

/** Where no operation is late, every row has a tag, and that is all there is. */
export function planRead(spec: Operation, scenario: Scenario): ReadPlan {
  const key = keyOf(spec)
  const rows = spec.rows as readonly string[] as readonly TagId[]
  const firm = { wide: [], narrow: () => ({ dropped: [], replaced: [], rows: [] }) }
  if (!hasLate(scenario)) return { key, tags: rows, dependencies: rows, ...firm }
  const dependencies = [...rows, FAMILY]
  if (!spec.isLate) return { key, tags: dependencies, dependencies, ...firm }
  const narrow = () => ({ dropped: [], replaced: [MODEL], rows })
  return { key, tags: [FAMILY], wide: [MODEL], narrow, dependencies }
}

export function planWrite({ rows, isLate }: Operation, scenario: Scenario): WritePlan {
  const known = rows.map(tagOf)
  if (!hasLate(scenario)) return { announced: known, touched: known }
  const touched = [tagOf(MODEL), ...known]
  return { announced: isLate ? [tagOf(MODEL), tagOf(FAMILY)] : touched, touched }
}

/** The tags that invalidate every entry. */
export function everything(scenario: Scenario): readonly TagId[] {
  return hasLate(scenario) ? [MODEL, FAMILY] : (['a', 'b'] as TagId[])
}

export function hasLate({ processes }: Scenario): boolean {
  return processes.flat().some(({ isLate }) => isLate)
}

export function keyOf({ rows, isLate }: Operation): EntryKey {
  return `${isLate ? 'late ' : ''}${rows.join('+')}` as EntryKey
}

function tagOf(id: string): Tag {
  return { name: id, id: id as TagId }
}
