import { isExpired, type StoredRecord, serverSeconds } from './record.js'
import { type Answer, type AnswerBin, withoutBins } from './wire/answer.js'

/**
 * A namespace of the emulator. The defaults are those of server 8.1.0.3, except for `nsupPeriod`.
 */
export interface NamespaceOptions {
  readonly name: string
  /**
   * Seconds between two runs of the expiration thread.
   *
   * @default 10 (the server's own default is 0)
   */
  readonly nsupPeriod?: number
  /** Whether writes with a TTL are accepted although `nsupPeriod` is 0. @default false */
  readonly allowTtlWithoutNsup?: boolean
  /** How long a record written with TTL 0 lives, in seconds; with 0 it never expires. @default 0 */
  readonly defaultTtl?: number
  /** The maximum size of a stored record in bytes. @default 1048576 */
  readonly maxRecordSize?: number
  /**
   * How much memory must be used before a server evicts, in per cent; with 0 it never evicts. The
   * emulator reports this value but never evicts by itself.
   *
   * @default 0
   */
  readonly evictUsedPct?: number
  /**
   * How much memory must be used before a server stops writes, in per cent. The emulator only
   * reports this value.
   *
   * @default 70
   */
  readonly stopWritesUsedPct?: number
  /** Starts with writes stopped, see `faults.stopWrites`. @default false */
  readonly stopWrites?: boolean
  /** The emulator only reports this value. @default false */
  readonly strongConsistency?: boolean
  /** The emulator only reports this value. @default 'generation' */
  readonly conflictResolutionPolicy?: 'generation' | 'last-update-time'
}

/** The settings of a running namespace, which `set-config` changes. */
export type NamespaceConfig = {
  -readonly [Name in keyof Omit<NamespaceOptions, 'name' | 'stopWrites'>]-?: NamespaceOptions[Name]
} & { applyTtlReductions: boolean }

/** The longest TTL: ten years, in seconds (as/include/base/cfg.h: MAX_ALLOWED_TTL). */
const MAX_TTL_SECONDS = 315_360_000
export const TTL_DEFAULT = 0
export const TTL_NEVER = 0xffff_ffff
export const TTL_KEEP = 0xffff_fffe

/** The records of one namespace. Records that have expired or were truncated are never returned. */
export class Namespace {
  readonly name: string
  readonly config: NamespaceConfig
  /**
   * Whether every write is refused with code 8, as in a namespace that has too little free memory.
   */
  stopWrites: boolean
  readonly #records = new Map<string, StoredRecord>()
  readonly #truncated = new Map<string, number>()
  #sweepAt = 1024

  constructor(options: NamespaceOptions) {
    this.name = options.name
    this.stopWrites = options.stopWrites ?? false
    this.config = {
      nsupPeriod: options.nsupPeriod ?? 10,
      allowTtlWithoutNsup: options.allowTtlWithoutNsup ?? false,
      defaultTtl: options.defaultTtl ?? 0,
      maxRecordSize: options.maxRecordSize ?? 1_048_576,
      evictUsedPct: options.evictUsedPct ?? 0,
      stopWritesUsedPct: options.stopWritesUsedPct ?? 70,
      strongConsistency: options.strongConsistency ?? false,
      conflictResolutionPolicy: options.conflictResolutionPolicy ?? 'generation',
      applyTtlReductions: true,
    }
  }

  /**
   * Returns the record of a digest. A record that has expired or was truncated is deleted instead.
   */
  find(digest: string, now: number): StoredRecord | undefined {
    const record = this.#records.get(digest)
    if (record === undefined) return undefined
    if (!this.#isDoomed(record, now)) return record
    this.#records.delete(digest)
    return undefined
  }

  store(digest: string, record: StoredRecord, now: number): void {
    this.#records.set(digest, record)
    // Expired records that nobody reads must not accumulate. Sweeping only when the number of
    // records has doubled costs little.
    if (this.#records.size < this.#sweepAt) return
    this.sweep(now)
    this.#sweepAt = Math.max(1024, this.#records.size * 2)
  }

  delete(digest: string): boolean {
    return this.#records.delete(digest)
  }

  clear(): void {
    this.#records.clear()
    this.#truncated.clear()
  }

  /** Deletes the records that have expired or were truncated. */
  sweep(now: number): void {
    for (const [digest, record] of this.#records) {
      if (this.#isDoomed(record, now)) this.#records.delete(digest)
    }
  }

  /** Yields all records that have not expired and were not truncated, with their digests. */
  *live(now: number): Generator<[digest: string, record: StoredRecord]> {
    for (const entry of this.#records) {
      if (!this.#isDoomed(entry[1], now)) yield entry
    }
  }

  /**
   * Truncates one set, or all sets: removes the records that were last written before `until`, in
   * milliseconds. Records written in that same millisecond survive, as on the server
   * (as/src/base/truncate.c).
   */
  truncate(set: string | undefined, until: number): void {
    const scope = set ?? ''
    if ((this.#truncated.get(scope) ?? 0) < until) this.#truncated.set(scope, until)
  }

  undoTruncate(set: string | undefined): void {
    this.#truncated.delete(set ?? '')
  }

  #isDoomed(record: StoredRecord, now: number): boolean {
    if (isExpired(record, now)) return true
    if (this.#truncated.size === 0) return false
    const { lastUpdate, set } = record
    return (
      lastUpdate < (this.#truncated.get('') ?? 0) || lastUpdate < (this.#truncated.get(set) ?? 0)
    )
  }

  /** Returns whether the server accepts this number as the TTL of a write. */
  isTtl(ttl: number): boolean {
    return ttl <= MAX_TTL_SECONDS || ttl === TTL_NEVER || ttl === TTL_KEEP
  }

  /**
   * Returns whether a write with this TTL is forbidden, because nothing would expire the record.
   */
  forbidsTtl(ttl: number): boolean {
    const { nsupPeriod, allowTtlWithoutNsup, defaultTtl } = this.config
    if (nsupPeriod !== 0 || allowTtlWithoutNsup) return false
    return ttl === TTL_DEFAULT ? defaultTtl !== 0 : ttl !== TTL_NEVER && ttl !== TTL_KEEP
  }

  /**
   * Returns the void time after a write with this TTL (as/src/base/record.c: advance_void_time).
   */
  voidTimeFor(ttl: number, old: StoredRecord | undefined, now: number): number {
    const voidTime = this.#plainVoidTime(ttl, old, now)
    if (old === undefined || this.config.applyTtlReductions) return voidTime
    const reduces = (old.voidTime === 0 && voidTime !== 0) || voidTime < old.voidTime
    return reduces ? old.voidTime : voidTime
  }

  #plainVoidTime(ttl: number, old: StoredRecord | undefined, now: number): number {
    if (ttl === TTL_NEVER) return 0
    if (ttl === TTL_KEEP && old !== undefined) return old.voidTime
    const seconds = ttl === TTL_DEFAULT || ttl === TTL_KEEP ? this.config.defaultTtl : ttl
    return seconds === 0 ? 0 : serverSeconds(now) + seconds
  }
}

/**
 * Returns an answer about a record. The client computes the TTL from the void time with the clock
 * of the machine, so the remaining life by the emulator's clock is converted to that clock.
 */
export function recordAnswer(
  code: number,
  record: StoredRecord,
  bins: readonly AnswerBin[],
  now: number,
): Answer {
  const voidTime =
    record.voidTime === 0 ? 0 : record.voidTime - serverSeconds(now) + serverSeconds(Date.now())
  return bins.length === 0
    ? withoutBins(code, record.generation, voidTime)
    : { code, generation: record.generation, voidTime, bins }
}
