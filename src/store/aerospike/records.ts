import type { TagId } from '../../plan/tag.js'
import { partsOf } from '../../plan/tag.js'
import type {
  Entry,
  Lease,
  MemberId,
  RememberedRow,
  Roster,
  TagState,
  Version,
  WriteId,
} from '../store.js'

/*
 * The layout of Aerospike records. Keys, bin names and strings use a safe alphabet, because the native client
 * cuts strings at NUL. Values are Buffers, strings and safe integers, because the client aborts the process on
 * values that it cannot convert.
 *
 *   entry   v  bytes: the sealed value           d  string: tag:version, separated by spaces
 *           f  integer: filledAt                 u  integer: freshUntil
 *           z  integer: 1 if the value is compressed with gzip, otherwise absent
 *   tags    for each tag of the record, behind its name, which is empty if it has the record for itself:
 *           a  string: the version of every touch
 *           r  string: the version of touches by which rows may have come, gone or moved; today, all of them
 *           h  map: until when the tag is held; only the greatest key is kept
 *           m  map: the row's version -> until when it is remembered; only the greatest is kept
 *           p  map: write id -> deadline of its mark
 *   lease   u  integer: until                    d  string: the holder's snapshot
 *   roster  m  map: member id -> its line        c  map: catalog -> 1
 *   intent  t  string: the tags
 */
export const bins = {
  value: 'v',
  dependencies: 'd',
  filledAt: 'f',
  freshUntil: 'u',
  zipped: 'z',
  until: 'u',
  holder: 'd',
  lines: 'm',
  catalogs: 'c',
  text: 't',
} as const

/** The bins that have a new version after every touch. A later release adds one for each column. */
export const VERSION_BINS = ['a', 'r'] as const

/** The bins of one tag, by what they hold. */
export function tagBins(tag: TagId) {
  const { name } = partsOf(tag)
  return {
    versions: VERSION_BINS.map((bin) => name + bin),
    version: `${name}${VERSION_BINS[0]}`,
    hold: `${name}h`,
    row: `${name}m`,
    marks: `${name}p`,
  }
}

export type Bins = Readonly<Record<string, unknown>>

export function entryBins(entry: Entry, value: Buffer): Record<string, string | number | Buffer> {
  const dependencies = Array.from(entry.dependencies, ([tag, version]) => `${tag}:${version}`)
  return {
    [bins.value]: value,
    [bins.dependencies]: dependencies.join(' '),
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
  const parsed = dependenciesOf(dependencies)
  return parsed && { value, dependencies: parsed, filledAt, freshUntil }
}

function dependenciesOf(text: string): ReadonlyMap<TagId, Version> | undefined {
  const found = new Map<TagId, Version>()
  if (text === '') return found
  for (const pair of text.split(' ')) {
    const [tag, version, ...rest] = pair.split(':')
    if (!tag || !version || rest.length > 0) return undefined
    found.set(tag as TagId, version as Version)
  }
  return found
}

/** The state of one of the tags that the record holds. */
export function tagStateOf(record: Bins, tag: TagId): TagState {
  const bins = tagBins(tag)
  const version = record[bins.version]
  const [heldUntil] = Object.entries(objectAt(record, bins.hold)).at(-1) ?? ['0']
  const marks = Object.entries(objectAt(record, bins.marks))
  return {
    version: typeof version === 'string' ? (version as Version) : undefined,
    heldUntil: Number(heldUntil),
    marks: marks.map(([writeId, deadline]) => ({
      writeId: writeId as WriteId,
      deadline: Number(deadline),
    })),
    row: rowIn(objectAt(record, bins.row)),
  }
}

function rowIn(versions: Readonly<Record<string, unknown>>): RememberedRow | undefined {
  const [version, until] = Object.entries(versions).at(-1) ?? []
  return version === undefined ? undefined : { version: Number(version), until: Number(until) }
}

export const MISSING_TAG: TagState = { version: undefined, heldUntil: 0, marks: [] }

export function leaseBins({ until, holder }: Lease): Record<string, string | number> {
  return { [bins.until]: until, [bins.holder]: holder }
}

/** Whether the lease in the record keeps others from taking it. */
export function isLeased(record: Bins, { now, holder }: Lease): boolean {
  return Number(record[bins.until]) >= now && record[bins.holder] === holder
}

/** What the record says, as far as this package wrote it. */
export function rosterOf(record: Bins): Roster {
  const lines = Object.entries(objectAt(record, bins.lines))
  return {
    lines: new Map(lines.map(([member, line]) => [member as MemberId, String(line)])),
    catalogs: new Set(Object.keys(objectAt(record, bins.catalogs))),
  }
}

/** The client takes only safe integers, and a transaction's time-out may be infinite. */
export function timeValue(milliseconds: number): number {
  return Math.min(Math.ceil(milliseconds), Number.MAX_SAFE_INTEGER)
}

function objectAt(record: Bins, bin: string): Record<string, unknown> {
  const value = record[bin]
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
