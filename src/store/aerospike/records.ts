import type { TagId } from '../../plan/tag.js'
import type { Entry, Mark, RememberedRow, TagState, Version, WriteId } from '../store.js'

/*
 * How entries and tags lie in Aerospike. Keys, names of bins and strings are of a safe alphabet (the
 * native client cuts strings at NUL); values are Buffers and safe integers (it aborts the process on
 * what it cannot convert).
 *
 *   entry  v  bytes: the sealed value           d  string: dependencies, 33 characters each
 *          f  integer: filledAt                 u  integer: freshUntil
 *   tag    v  map: { v: version }, so that "set it only if it is absent" is one atomic operation
 *          p  map: write id -> deadline, negative where the mark is blocking
 *          r  map: the row's version -> until when it is remembered; the greatest only
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

/** The only key of a tag's version map. */
export const VERSION_KEY = 'v'

export type Bins = Readonly<Record<string, unknown>>

const TAG_LENGTH = 22
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

/** Undefined where the record is not one of ours: then it counts as absent. */
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
  // A transaction may be given an endless time-out; the native client takes safe integers.
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
