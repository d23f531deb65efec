import { promisify } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { gunzip, gzip } from 'node:zlib'
import { bufferOf } from '../../codec/buffer.js'
import { ConfigurationError } from '../../errors.js'
import type { EntryKey } from '../../plan/key.js'
import { partsOf, type TagId } from '../../plan/tag.js'
import type {
  Board,
  Created,
  Entry,
  FillOutcome,
  Generation,
  KnownState,
  Lease,
  LeaseId,
  Lookup,
  Mark,
  Store,
  StoreHealth,
  TagState,
  Touched,
  Version,
  WriteId,
} from '../store.js'
import { Batcher } from './batcher.js'
import { AerospikeBoard } from './board.js'
import {
  AerospikeStatusError,
  Commands,
  expectOk,
  type Row,
  type RowWrite,
  status,
} from './commands.js'
import { healthOf, maxRecordBytesOf } from './health.js'
import { type AerospikeOptions, type AerospikeSettings, aerospikeSettings } from './options.js'
import { entryBins, entryOf, isLeased, leaseBins } from './records.js'
import { AerospikeTags } from './tags.js'

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
  readonly board: Board
  readonly #settings: AerospikeSettings
  readonly #commands: Commands
  readonly #records: Batcher<string, Row>
  readonly #creations: Batcher<Creation, Created>
  readonly #tags: AerospikeTags
  #limit: Promise<number> | undefined
  #refusedBytes = Number.POSITIVE_INFINITY

  constructor(settings: AerospikeSettings) {
    const { hosts, namespace, entrySet, tagSet, memberSet } = settings
    this.place = JSON.stringify(['aerospike', hosts, namespace, entrySet])
    this.#settings = settings
    this.#commands = new Commands(settings, warnOfForbiddenTtl)
    this.board = new AerospikeBoard(this.#commands, memberSet)
    this.#records = new Batcher((names) => this.#commands.read(names.map(this.#keyOf)))
    this.#creations = new Batcher((creations) => this.#create(creations))
    this.#tags = new AerospikeTags(this.#commands, tagSet)
  }

  async lookup(key: EntryKey, tags: readonly TagId[]): Promise<Lookup> {
    const [record, ...rows] = await this.#records.get([`entry:${key}`, ...tags.map(nameOfTag)])
    return {
      entry: await this.#entryIn(present(record as Row)),
      generation: (record as Row).generation as Generation,
      tags: this.#tags.statesIn(rows, tags),
    }
  }

  async states(tags: readonly TagId[]): Promise<readonly TagState[]> {
    return this.#tags.statesIn(await this.#records.get(tags.map(nameOfTag)), tags)
  }

  async create(proposed: ReadonlyMap<TagId, Version>, lease?: Lease): Promise<Created> {
    const [created] = await this.#creations.get([{ proposed, lease }])
    return created as Created
  }

  touch(touched: Touched): Promise<void> {
    return this.#tags.touch(touched)
  }

  mark(tags: readonly TagId[], mark: Mark): Promise<void> {
    return this.#tags.mark(tags, mark)
  }

  unmark(tags: readonly TagId[], writeId: WriteId): Promise<void> {
    return this.#tags.unmark(tags, writeId)
  }

  async fill(key: EntryKey, entry: Entry, seen: Generation, keepFor: number): Promise<FillOutcome> {
    const isZipped = entry.value.byteLength > this.#settings.compressAbove
    const value = isZipped ? await zip(entry.value) : bufferOf(entry.value)
    const limit = await this.#maxRecordBytes()
    if (value.byteLength >= Math.min(limit, this.#refusedBytes)) return 'refused'
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
        this.#refusedBytes = Math.min(this.#refusedBytes, value.byteLength)
        return 'refused'
      case status.full:
        return 'refused'
      default:
        throw new AerospikeStatusError(code)
    }
  }

  health(): Promise<StoreHealth> {
    return healthOf(this.#commands, this.#settings)
  }

  async lease(lease: Lease): Promise<boolean> {
    const { leaseSet } = this.#settings
    const take = (generation: number) =>
      this.#commands.put(leaseSet, lease.id, leaseBins(lease), LEASE_TTL_SECONDS, generation)
    if ((await take(0)) === status.ok) return true
    const [row] = await this.#commands.read([{ set: leaseSet, key: lease.id }])
    if (row?.status !== status.ok || isLeased(row.bins, lease)) return false
    // Several callers may notice at once that the lease can be taken over; because of the generation, only one
    // of them does.
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

  /** Creates all that is wanted within one turn, in one call. */
  async #create(creations: readonly Creation[]): Promise<readonly Created[]> {
    const proposed = new Map(creations.flatMap((creation) => [...creation.proposed]))
    const leasing = creations.filter(({ lease }) => lease !== undefined)
    const leases = leasing.map(({ lease }) => this.#leaseRow(lease as Lease))
    const { states, others } = await this.#tags.create(proposed, leases)
    expectOk(others, status.exists)
    const owners = new Set(leasing.filter((_, index) => others[index]?.status === status.ok))
    return creations.map((creation) => ({
      states: Array.from(creation.proposed.keys(), (tag) => states.get(tag) as KnownState),
      isOwner: owners.has(creation),
    }))
  }

  readonly #leaseRow = (lease: Lease): RowWrite => ({
    set: this.#settings.leaseSet,
    key: lease.id,
    ttl: LEASE_TTL_SECONDS,
    only: 'create',
    operations: ({ operations }) =>
      Object.entries(leaseBins(lease)).map(([bin, value]) => operations.write(bin, value)),
  })

  /** The largest record that the server takes. It is asked once, when the first entry is filled. */
  #maxRecordBytes(): Promise<number> {
    this.#limit ??= maxRecordBytesOf(this.#commands, this.#settings.namespace).catch(() => {
      this.#limit = undefined
      return MAX_RECORD_BYTES
    })
    return this.#limit
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

/** Tags to create, and a lease to take with them. */
interface Creation {
  readonly proposed: ReadonlyMap<TagId, Version>
  readonly lease: Lease | undefined
}

/**
 * The maximum size of a decompressed value, in bytes, so that hostile bytes cannot use up the
 * memory.
 */
const MAX_DECOMPRESSED_BYTES = 256 * 2 ** 20

/** The name of the record that holds the tag. Tags of one record are read once. */
function nameOfTag(tag: TagId): string {
  return `tag:${partsOf(tag).record}`
}

/** @throws AerospikeStatusError if the server could not say whether the record exists. */
function present(row: Row): Row | undefined {
  if (row.status === status.ok) return row
  expectOk([row], status.notFound)
  return undefined
}

function warnOfForbiddenTtl(): void {
  process.emitWarning(
    'the Aerospike namespace refuses records with a TTL, because its nsup-period is 0: expired entries are not served, but they stay in memory until they are evicted. Set nsup-period, or allow eviction with evict-used-pct',
    { type: 'CacheAsideWarning', code: 'CACHE_TTL_FORBIDDEN' },
  )
}
