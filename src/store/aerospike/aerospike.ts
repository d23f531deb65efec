import { promisify } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { gunzip, gzip } from 'node:zlib'
import { bufferOf } from '../../codec/buffer.js'
import { ConfigurationError } from '../../errors.js'
import type { EntryKey } from '../../plan/key.js'
import type { TagId } from '../../plan/tag.js'
import { newWriteId } from '../random-ids.js'
import type {
  Doubt,
  Entry,
  FillOutcome,
  Generation,
  LeaseId,
  Lookup,
  Mark,
  SettledTags,
  SnapshotState,
  Store,
  StoreHealth,
  TagState,
  WriteId,
} from '../store.js'
import { Batcher } from './batcher.js'
import {
  type Aerospike,
  AerospikeStatusError,
  Commands,
  type Row,
  type RowWrite,
  status,
} from './commands.js'
import { healthOf } from './health.js'
import { type AerospikeOptions, type AerospikeSettings, aerospikeSettings } from './options.js'
import { bins, entryBins, entryOf, MISSING_TAG, pendingValue, tagStateOf } from './records.js'
import { remember, removeMarks, setVersion, setVersionIfAbsent } from './tag-operations.js'

/**
 * A store in an Aerospike cluster. All processes that use the same namespace and set share it. It
 * needs the npm package `aerospike`, and connects when it is first used.
 *
 * @throws ConfigurationError if an option is unknown or wrong, and in a worker thread, where the native client would
 *   abort the process.
 *
 * @example
 * ```ts
 * cacheAside({ store: aerospike({ hosts: '10.0.0.1:3000,10.0.0.2:3000', namespace: 'cache' }) })
 * ```
 */
export function aerospike(options: AerospikeOptions = {}): Store {
  if (!isMainThread) {
    throw new ConfigurationError(
      'aerospike(): expected to be called in the main thread, got a worker, in which the native client aborts the process: pass cacheAside({ store: memory() }) there, or use processes instead of workers',
    )
  }
  return new AerospikeStore(aerospikeSettings(options))
}

/**
 * How long a tag is kept after it was last touched, in seconds. The entries of an expired tag are
 * invalid, so no entry lives longer than this, whatever its TTL.
 */
const TAG_TTL_SECONDS = 7 * 24 * 3600

/** In seconds. A lease ends much earlier, at the time that its record contains. */
const LEASE_TTL_SECONDS = 60

/**
 * The maximum size of a record on any server, in bytes. Larger values are not sent at all, because
 * the client answers a much larger put with a time-out instead of a refusal.
 */
const MAX_RECORD_BYTES = 8 * 2 ** 20

const zip = promisify(gzip)
const unzip = promisify(gunzip)

class AerospikeStore implements Store {
  readonly place: string
  readonly #settings: AerospikeSettings
  readonly #commands: Commands
  readonly #records: Batcher<string, Row>
  readonly #repairs: Batcher<string, SnapshotState>
  #maxRecordBytes = MAX_RECORD_BYTES

  constructor(settings: AerospikeSettings) {
    const { hosts, namespace, entrySet } = settings
    this.place = JSON.stringify(['aerospike', hosts, namespace, entrySet])
    this.#settings = settings
    this.#commands = new Commands(settings, warnOfForbiddenTtl)
    this.#records = new Batcher((names) => this.#commands.read(names.map(this.#keyOf)))
    this.#repairs = new Batcher((doubts) => this.#repair(doubts.map((text) => JSON.parse(text))))
  }

  async lookup(key: EntryKey, tags: readonly TagId[]): Promise<Lookup> {
    const names = [`entry:${key}`, ...tags.map((tag) => `tag:${tag}`)]
    const [record, ...rows] = await this.#records.get(names)
    return {
      entry: await this.#entryIn(present(record as Row)),
      generation: (record as Row).generation as Generation,
      tags: rows.map(stateIn),
    }
  }

  async states(tags: readonly TagId[]): Promise<readonly TagState[]> {
    const rows = await this.#records.get(tags.map((tag) => `tag:${tag}`))
    return rows.map(stateIn)
  }

  repair(doubts: readonly Doubt[]): Promise<readonly SnapshotState[]> {
    return this.#repairs.get(doubts.map((doubt) => JSON.stringify(doubt)))
  }

  async announce(tags: readonly TagId[], mark: Mark): Promise<void> {
    const rows = await this.#writeTags(tags, ({ maps }) => [
      maps.put(bins.pending, mark.writeId, pendingValue(mark)),
    ])
    expectOk(rows)
  }

  async settle(writeId: WriteId, tags: SettledTags): Promise<void> {
    const { touched, holdUntil, rows: written } = tags
    const leave = ({ maps }: Aerospike) => {
      if (holdUntil === undefined) return []
      const hold = { writeId: newWriteId(), deadline: holdUntil, blocking: true }
      return [maps.put(bins.pending, hold.writeId, pendingValue(hold))]
    }
    const touch = (tag: TagId) => {
      const row = written?.get(tag)
      const operations = (as: Aerospike) => [
        setVersion(as),
        removeMarks(as, [writeId]),
        ...leave(as),
        ...(row === undefined ? [] : remember(as, row)),
      ]
      const updateOnly = holdUntil === undefined && row === undefined
      return { ...this.#tagWrite(tag, operations), updateOnly }
    }
    const rows = await this.#commands.write(touched.map(touch), TAG_TTL_SECONDS)
    // A full namespace refuses to change a tag but allows removing it, which invalidates its
    // entries too.
    const refused = touched.filter((_, index) => rows[index]?.status === status.full)
    if (refused.length > 0) await this.#commands.remove(this.#settings.tagSet, refused)
    expectOk(
      rows.filter((row) => row.status !== status.full),
      status.notFound,
    )
  }

  async unmark(marks: ReadonlyMap<TagId, readonly WriteId[]>): Promise<void> {
    const writes = Array.from(marks, ([tag, ids]) => ({
      ...this.#tagWrite(tag, (as) => [removeMarks(as, ids)]),
      updateOnly: true,
    }))
    expectOk(await this.#commands.write(writes, TAG_TTL_SECONDS), status.notFound)
  }

  async fill(key: EntryKey, entry: Entry, seen: Generation, keepFor: number): Promise<FillOutcome> {
    const isZipped = entry.value.byteLength > this.#settings.compressAbove
    const value = isZipped ? await zip(entry.value) : bufferOf(entry.value)
    if (value.byteLength >= this.#maxRecordBytes) return 'refused'
    const record = { ...entryBins(entry, value), ...(isZipped && { z: 1 }) }
    const ttl = keepFor / 1000
    const code = await this.#commands.put(this.#settings.entrySet, key, record, ttl, seen)
    switch (code) {
      case status.ok:
        return 'stored'
      case status.exists:
      case status.generation:
      case status.notFound:
        return 'outrun'
      case status.tooBig:
        this.#maxRecordBytes = Math.min(this.#maxRecordBytes, value.byteLength)
        return 'refused'
      case status.full:
        return 'refused'
      default:
        throw new AerospikeStatusError(code)
    }
  }

  health(): Promise<StoreHealth> {
    return healthOf(this.#commands, this.#settings.namespace)
  }

  async lease(lease: LeaseId, until: number, now: number): Promise<boolean> {
    const { leaseSet } = this.#settings
    const take = (generation: number) =>
      this.#commands.put(leaseSet, lease, { [bins.until]: until }, LEASE_TTL_SECONDS, generation)
    if ((await take(0)) === status.ok) return true
    const [row] = await this.#commands.read([{ set: leaseSet, key: lease }])
    if (row?.status !== status.ok || Number(row.bins[bins.until]) >= now) return false
    // The owner of the lease is overdue. Several callers may notice that at once; because of the
    // generation, only one of them takes the lease over.
    return (await take(row.generation)) === status.ok
  }

  release(lease: LeaseId): Promise<void> {
    return this.#commands.remove(this.#settings.leaseSet, [lease])
  }

  clear(): Promise<void> {
    return this.#commands.truncate(this.#settings.entrySet)
  }

  close(): Promise<void> {
    return this.#commands.close()
  }

  readonly #keyOf = (name: string) => {
    const { entrySet, tagSet } = this.#settings
    return name.startsWith('entry:')
      ? { set: entrySet, key: name.slice('entry:'.length) }
      : { set: tagSet, key: name.slice('tag:'.length) }
  }

  async #repair(doubts: readonly Doubt[]): Promise<readonly SnapshotState[]> {
    const rows = await this.#commands.write(
      doubts.map(({ tag, overdue }) =>
        this.#tagWrite(tag, (as) => [
          ...(overdue.length > 0
            ? [setVersion(as), removeMarks(as, overdue)]
            : [setVersionIfAbsent(as)]),
          as.operations.read(bins.version),
          as.operations.read(bins.pending),
          as.operations.read(bins.row),
        ]),
      ),
      TAG_TTL_SECONDS,
    )
    expectOk(rows)
    return rows.map((row) => {
      const state = tagStateOf(row.bins)
      if (state.version === undefined) throw new Error('a repaired tag has no version')
      return { ...state, version: state.version }
    })
  }

  #writeTags(tags: readonly TagId[], operations: RowWrite['operations']): Promise<Row[]> {
    return this.#commands.write(
      tags.map((tag) => this.#tagWrite(tag, operations)),
      TAG_TTL_SECONDS,
    )
  }

  #tagWrite(tag: TagId, operations: RowWrite['operations']): RowWrite {
    return { set: this.#settings.tagSet, key: tag, operations }
  }

  /** A record that cannot be decompressed was not written by this package, and counts as absent. */
  async #entryIn(row: Row | undefined): Promise<Entry | undefined> {
    const entry = row && entryOf(row.bins)
    if (entry === undefined || row?.bins.z !== 1) return entry
    const value = await unzip(entry.value, { maxOutputLength: MAX_DECOMPRESSED_BYTES }).catch(
      () => undefined,
    )
    return value && { ...entry, value }
  }
}

/**
 * The maximum size of a decompressed value, in bytes, so that hostile bytes cannot use up the
 * memory.
 */
const MAX_DECOMPRESSED_BYTES = 256 * 2 ** 20

function stateIn(row: Row): TagState {
  return present(row) === undefined ? MISSING_TAG : tagStateOf(row.bins)
}

/** @throws AerospikeStatusError if the server could not say whether the record exists. */
function present(row: Row): Row | undefined {
  if (row.status === status.ok) return row
  expectOk([row], status.notFound)
  return undefined
}

function expectOk(rows: readonly Row[], also: number = status.ok): void {
  const failed = rows.find((row) => row.status !== status.ok && row.status !== also)
  if (failed !== undefined) throw new AerospikeStatusError(failed.status)
}

function warnOfForbiddenTtl(): void {
  process.emitWarning(
    'the Aerospike namespace refuses records with a TTL, because its nsup-period is 0: expired entries are not served, but they stay in memory until they are evicted. Set nsup-period, or allow eviction with evict-used-pct',
    { type: 'CacheAsideWarning', code: 'CACHE_TTL_FORBIDDEN' },
  )
}
