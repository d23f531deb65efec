import type { Background } from '../event-loop/background.js'
import type { Narrowed } from '../plan/dependencies.js'
import type { RowVersions } from '../plan/row-versions.js'
import type { Entry, FillOutcome, Store } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import { collectedBy } from './collected.js'
import type { LookUp } from './look-up.js'
import { dependenciesOf, unchanged } from './narrowing.js'
import type { NearCopies } from './near-copies.js'
import type { Answer, Miss, Read, Snapshot } from './read.js'
import type { Moment, SeenVersions } from './seen-versions.js'
import type { Shapes } from './shapes.js'

export interface FillOptions {
  readonly store: Store
  readonly telemetry: Telemetry
  readonly clock: () => number
  readonly lookUp: LookUp
  readonly near: NearCopies | undefined
  readonly shapes: Shapes
  readonly seen: SeenVersions
  readonly background: Background
  /** Represents the store and the keyspace, see `Context`. */
  readonly token: object
}

/** Narrows the wide tags of a read by its answer. Where that fails it gives undefined, and the answer must not be stored. */
export function narrow(
  { narrow }: Read<unknown>,
  value: unknown,
  telemetry: Telemetry,
): Narrowed | undefined {
  try {
    return narrow(value)
  } catch (error) {
    telemetry.error('plan', error)
    return undefined
  }
}

/**
 * Stores the database's answer to a miss. The store's errors are reported to telemetry, and do not fail the
 * read.
 *
 * @returns whether the entry is stored.
 */
export async function fill(
  options: FillOptions,
  miss: Miss<unknown> & { readonly began: Moment },
  value: unknown,
  answer: Answer,
  narrowed: Narrowed,
): Promise<boolean> {
  const { store, telemetry, clock, lookUp, near } = options
  const { model, operation, key } = miss
  const report = (outcome: FillOutcome | 'older') =>
    telemetry.fill({ model, operation, key, outcome, bytes: answer.value.byteLength })
  try {
    // A write that settles after this question touches what the entry depends on.
    if (await isOlder(store, miss.rowVersions?.(value), clock())) {
      report('older')
      return false
    }
    const { snapshot, isPrecise } = await withRows(options, miss, narrowed)
    const own = dependenciesOf(miss, narrowed, snapshot, isPrecise)
    const freshUntil = Math.min(
      answer.freshUntil,
      miss.collected?.freshUntil ?? Number.POSITIVE_INFINITY,
    )
    const dependencies = miss.collected === undefined ? own : miss.collected.mergedWith(own)
    if (dependencies === undefined) {
      collectedBy(options.token)?.spoil()
      report('older')
      return false
    }
    collectedBy(options.token)?.add(dependencies, freshUntil)
    lookUp.remember(miss, [...dependencies.keys(), ...narrowed.rows])
    const entry: Entry = { ...answer, freshUntil, dependencies }
    const outcome = await offer(options, miss, entry)
    report(outcome)
    if (outcome === 'refused') options.shapes.oversized(miss.shape())
    if (outcome !== 'stored') return false
    options.shapes.filled(miss.shape(), key)
    if (miss.asked !== undefined) near?.keep(key, entry, miss.asked)
    return true
  } catch (error) {
    telemetry.error('fill', error)
    return false
  }
}

/**
 * The snapshot with the returned rows, as far as it is known which versions they had before the query. Where one is
 * not, the entry cannot be precise; the next one with that row can.
 */
async function withRows(
  { store, lookUp, seen, background, telemetry }: FillOptions,
  { snapshot, began }: { readonly snapshot: Snapshot; readonly began: Moment },
  { rows, replaced }: Narrowed,
): Promise<{ readonly snapshot: Snapshot; readonly isPrecise: boolean }> {
  const versions = new Map(snapshot)
  for (const tag of rows) {
    const version = versions.get(tag) ?? seen.before(tag, began)
    if (version !== undefined) versions.set(tag, version)
  }
  const late = rows.filter((tag) => !versions.has(tag))
  if (late.length === 0) return { snapshot: versions, isPrecise: true }
  if (store.board !== undefined) {
    const preparing = lookUp.prepare(late)
    background.run(preparing.catch((error) => telemetry.error('fill', error)))
    return { snapshot: versions, isPrecise: false }
  }
  const found = await unchanged(store, late, replaced, snapshot)
  return { snapshot: new Map([...versions, ...found]), isPrecise: found.size > 0 }
}

/** Offers the entry to the store. A refresh replaces entries whose queries began before its own. */
async function offer(
  { store, clock }: FillOptions,
  { key, seen, refresh, policy }: Miss<unknown>,
  entry: Entry,
): Promise<FillOutcome> {
  const { staleWhileRevalidate, staleIfError } = policy
  const keptUntil = entry.freshUntil + Math.max(staleWhileRevalidate, staleIfError)
  for (let generation = seen; ; ) {
    const outcome = await store.fill(key, entry, generation, keptUntil - clock())
    if (outcome !== 'outrun' || !refresh) return outcome
    const present = await store.lookup(key, [])
    if (present.entry !== undefined && present.entry.filledAt > entry.filledAt) return outcome
    generation = present.generation
  }
}

/** Whether one of the rows was read as it was before a write that the store remembers. */
export async function isOlder(
  store: Store,
  rows: RowVersions | undefined,
  now: number,
): Promise<boolean> {
  if (rows === undefined || rows.size === 0) return false
  const states = await store.states([...rows.keys()])
  return Array.from(rows.values()).some((version, index) => {
    const row = states[index]?.row
    return row !== undefined && now <= row.until && version < row.version
  })
}
