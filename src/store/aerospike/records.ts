import type { TagId } from '../../plan/tag.js'
import type { Entry, Mark, RememberedRow, TagState, Version, WriteId } from '../store.js'

/*
 * The layout of entries, tags and leases as Aerospike records. Keys, bin names and strings use a
 * safe alphabet, because the native client cuts strings at NUL. Values are Buffers, strings and safe
 * integers, because the client aborts the process on values that it cannot convert.
 *
 *   entry  v  bytes: the sealed value           d  string: dependencies, 33 characters each
 *          f  integer: filledAt                 u  integer: freshUntil
 *          z  integer: 1 if the value is compressed with gzip, otherwise absent
 *   tag    v  map: { v: version }, so that "set it only if it is absent" is one atomic operation
 *          p  map: write id -> deadline, which is negative if the mark is blocking
 *          r  map: the row's version -> until when it is remembered; only the greatest is kept
 *   lease  u  integer: until
 */
export const bins = {
  value: 'v',
  dependencies: 'd',
  filledAt: 'f',
  freshUntil: 'u',
  version: 'v',
  pending: 'p',
  row: 'r',
  until: 'u',
} as const

/** The only key in the version map of a tag. */
export const VERSION_KEY = 'v'

export type Bins = Readonly<Record<string, unknown>>

/** In characters. */
const TAG_LENGTH = 22
/** In characters: a tag and its version. */
const DEPENDENCY_LENGTH = 33

export function entryBins(entry: Entry, value: Buffer): Record<string, string | number | Buffer> {
  const dependencies = Array.from(entry.dependencies, ([tag, version]) => tag + version)
  return {
    [bins.value]: value,
    [bins.dependencies]: dependencies.join(''),
    [bins.filledAt]: entry.filledAt,
    [bins.freshUntil]: entry.freshUntil,
  }
}

/** Returns undefined if this package did not write the record, which then counts as absent. */
export function entryOf(record: Bins): Entry | undefined {
  const value = record[bins.value]
  const dependencies = record[bins.dependencies]
  const filledAt = record[bins.filledAt]
  const freshUntil = record[bins.freshUntil]
  if (!Buffer.isBuffer(value) || typeof dependencies !== 'string') return undefined
  if (typeof filledAt !== 'number' || typeof freshUntil !== 'number') return undefined
  if (dependencies.length % DEPENDENCY_LENGTH !== 0) return undefined
  return { value, dependencies: dependenciesOf(dependencies), filledAt, freshUntil }
}

function dependenciesOf(text: string): ReadonlyMap<TagId, Version> {
  const found = new Map<TagId, Version>()
  for (let at = 0; at < text.length; at += DEPENDENCY_LENGTH) {
    const tag = text.slice(at, at + TAG_LENGTH) as TagId
    found.set(tag, text.slice(at + TAG_LENGTH, at + DEPENDENCY_LENGTH) as Version)
  }
  return found
}

export function tagStateOf(record: Bins): TagState {
  const version = objectAt(record, bins.version)[VERSION_KEY]
  const pending = Object.entries(objectAt(record, bins.pending))
  return {
    version: typeof version === 'string' ? (version as Version) : undefined,
    marks: pending.length === 0 ? NO_MARKS : pending.map(markOf),
    row: rowIn(objectAt(record, bins.row)),
  }
}

function rowIn(versions: Readonly<Record<string, unknown>>): RememberedRow | undefined {
  const [version, until] = Object.entries(versions).at(-1) ?? []
  return version === undefined ? undefined : { version: Number(version), until: Number(until) }
}

const NO_MARKS: readonly Mark[] = []

export const MISSING_TAG: TagState = { version: undefined, marks: NO_MARKS }

export function pendingValue({ deadline, blocking }: Mark): number {
  // The deadline is infinite if a transaction has an infinite time-out, but the native client takes
  // only safe integers.
  const time = Math.min(Math.ceil(deadline), Number.MAX_SAFE_INTEGER)
  return blocking ? -time : time
}

function markOf([writeId, value]: [string, unknown]): Mark {
  const deadline = Number(value)
  return { writeId: writeId as WriteId, deadline: Math.abs(deadline), blocking: deadline < 0 }
}

function objectAt(record: Bins, bin: string): Record<string, unknown> {
  const value = record[bin]
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
