import { isExpired, type StoredRecord, serverSeconds } from './record.js'
import { type Answer, type AnswerBin, bare } from './wire/answer.js'

/** A namespace of the emulator. All but the name has the default of server 8.1.0.3. */
export interface NamespaceOptions {
  readonly name: string
  /** Seconds between two runs of the expiration thread. @default 10 (the server's own default is 0) */
  readonly nsupPeriod?: number
  /** Whether writes with a TTL are accepted although `nsupPeriod` is 0. @default false */
  readonly allowTtlWithoutNsup?: boolean
  /** Seconds that a record lives which is written with TTL 0; 0: for ever. @default 0 */
  readonly defaultTtl?: number
  /** Bytes of a stored record. @default 1048576 */
  readonly maxRecordSize?: number
  /** Per cent of the memory at which a server begins to evict; 0: never. Only reported. @default 0 */
  readonly evictUsedPct?: number
  /** Per cent of the memory at which a server stops writes. Only reported. @default 70 */
  readonly stopWritesUsedPct?: number
  /** Starts with writes stopped, see `faults.stopWrites`. @default false */
  readonly stopWrites?: boolean
  /** Only reported. @default false */
  readonly strongConsistency?: boolean
  /** Only reported. @default 'generation' */
  readonly conflictResolutionPolicy?: 'generation' | 'last-update-time'
}

/** The settings of a namespace while it runs: `set-config` changes them. */
export type NamespaceConfig = {
  -readonly [Name in keyof Omit<NamespaceOptions, 'name' | 'stopWrites'>]-?: NamespaceOptions[Name]
} & { applyTtlReductions: boolean }

/** The most seconds a TTL can be: ten years (as/include/base/cfg.h: MAX_ALLOWED_TTL). */
const MAX_TTL = 315_360_000
export const TTL_DEFAULT = 0
export const TTL_NEVER = 0xffff_ffff
export const TTL_KEEP = 0xffff_fffe

/** The records of one namespace, and what time and truncation make of them. */
export class Namespace {
  readonly name: string
  readonly config: NamespaceConfig
  /** Refuses every write with code 8, as a namespace that has too little memory left. */
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

  /** The record of a digest, unless it has expired or was truncated: then it goes here. */
  find(digest: string, now: number): StoredRecord | undefined {
    const record = this.#records.get(digest)
    if (record === undefined) return undefined
    if (!this.#isDoomed(record, now)) return record
    this.#records.delete(digest)
    return undefined
  }

  store(digest: string, record: StoredRecord, now: number): void {
    this.#records.set(digest, record)
    // Expired records that nobody asks for must not pile up: sweeping at each doubling is cheap.
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

  /** Drops the records that have expired or were truncated. */
  sweep(now: number): void {
    for (const [digest, record] of this.#records) {
      if (this.#isDoomed(record, now)) this.#records.delete(digest)
    }
  }

  /** The records that are there, with their digests. */
  *live(now: number): Generator<[digest: string, record: StoredRecord]> {
    for (const entry of this.#records) {
      if (!this.#isDoomed(entry[1], now)) yield entry
    }
  }

  /**
   * Forgets the records of a set (or of all) that were last written before `until` milliseconds;
   * those of that very millisecond stay, as on the server (as/src/base/truncate.c).
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

  /** Whether a TTL of a write is one at all. */
  isTtl(ttl: number): boolean {
    return ttl <= MAX_TTL || ttl === TTL_NEVER || ttl === TTL_KEEP
  }

  /** Whether nobody would ever expire a record with this TTL, so that the write is forbidden. */
  forbidsTtl(ttl: number): boolean {
    const { nsupPeriod, allowTtlWithoutNsup, defaultTtl } = this.config
    if (nsupPeriod !== 0 || allowTtlWithoutNsup) return false
    return ttl === TTL_DEFAULT ? defaultTtl !== 0 : ttl !== TTL_NEVER && ttl !== TTL_KEEP
  }

  /** The void time that a write with this TTL gives (as/src/base/record.c: advance_void_time). */
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
 * An answer about a record. The client turns a void time into a TTL with its own clock, so the
 * remaining life by the emulator's clock is told in the machine's time.
 */
export function describe(
  code: number,
  record: StoredRecord,
  bins: readonly AnswerBin[],
  now: number,
): Answer {
  const voidTime =
    record.voidTime === 0 ? 0 : record.voidTime - serverSeconds(now) + serverSeconds(Date.now())
  return bins.length === 0
    ? bare(code, record.generation, voidTime)
    : { code, generation: record.generation, voidTime, bins }
}
