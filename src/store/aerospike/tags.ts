import { partsOf, type TagId } from '../../plan/tag.js'
import type { KnownState, Mark, TagState, Touched, Version, WriteId } from '../store.js'
import {
  AerospikeStatusError,
  type Commands,
  expectOk,
  type Row,
  type RowWrite,
  status,
} from './commands.js'
import { MISSING_TAG, tagBins, tagStateOf } from './records.js'
import { putMark, removeMark, setVersion, type TagOperations, touch } from './tag-operations.js'

/**
 * How long a record of tags is kept after it was last touched, in seconds. The entries of an expired tag are
 * invalid, so no entry lives longer than this, whatever its TTL.
 */
const TTL_SECONDS = 7 * 24 * 3600

/** How often the creation of a tag is tried again where others change its record at the same time. */
const MAX_TRIES = 10

/** The tags in their records: one record for each key with values, and one for all wide tags of a model. */
export class AerospikeTags {
  readonly #commands: Commands
  readonly #set: string

  constructor(commands: Commands, set: string) {
    this.#commands = commands
    this.#set = set
  }

  /** @param rows for each of the tags, its record. */
  statesIn(rows: readonly Row[], tags: readonly TagId[]): TagState[] {
    return tags.map((tag, index) => {
      const row = rows[index] as Row
      expectOk([row], status.notFound)
      return row.status === status.ok ? tagStateOf(row.bins, tag) : MISSING_TAG
    })
  }

  /**
   * Gives versions to tags that have none.
   *
   * @param others rows to write in the same call.
   */
  async create(
    proposed: ReadonlyMap<TagId, Version>,
    others: readonly RowWrite[] = [],
  ): Promise<{
    readonly states: ReadonlyMap<TagId, KnownState>
    readonly others: readonly Row[]
  }> {
    const groups = byRecord(proposed.keys())
    const rows = await this.#commands.write([
      ...this.#writes(
        groups,
        () => 'create',
        (tag) => setVersion(tag, proposed.get(tag) as Version),
      ),
      ...others,
    ])
    const created = rows.slice(0, groups.size)
    expectOk(created, status.exists)
    const states = new Map<TagId, KnownState>()
    for (const [index, [record, tags]] of [...groups].entries()) {
      const isNew = created[index]?.status === status.ok
      const found = isNew
        ? tags.map((tag) => ({ ...MISSING_TAG, version: proposed.get(tag) as Version }))
        : await this.#complete(record, tags, proposed)
      tags.forEach((tag, position) => {
        states.set(tag, found[position] as KnownState)
      })
    }
    return { states, others: rows.slice(groups.size) }
  }

  /** Gives versions to tags that have none, in a record which exists. */
  async #complete(
    record: string,
    tags: readonly TagId[],
    proposed: ReadonlyMap<TagId, Version>,
  ): Promise<readonly KnownState[]> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const [row] = await this.#commands.read([{ set: this.#set, key: record }])
      const states = this.statesIn(
        tags.map(() => row as Row),
        tags,
      )
      const missing = tags.filter((_, index) => states[index]?.version === undefined)
      if (missing.length === 0) return states as KnownState[]
      const versions = missing.flatMap((tag) =>
        tagBins(tag).versions.map((bin) => [bin, proposed.get(tag) as string] as const),
      )
      const generation = row?.generation ?? 0
      await this.#commands.put(
        this.#set,
        record,
        Object.fromEntries(versions),
        TTL_SECONDS,
        generation,
      )
    }
    throw new AerospikeStatusError(status.generation)
  }

  async touch(touched: Touched): Promise<void> {
    const { tags, holdUntil, rows } = touched
    const groups = byRecord(tags)
    const mayCreate = (tag: TagId) => holdUntil !== undefined || rows?.has(tag) === true
    const onlyFor = (own: readonly TagId[]) => (own.some(mayCreate) ? undefined : 'update')
    const writes = this.#writes(groups, onlyFor, (tag) => touch(tag, touched))
    const results = await this.#commands.write(writes)
    // A full namespace refuses to change a record but allows removing it, which invalidates its entries too.
    const refused = [...groups.keys()].filter((_, index) => results[index]?.status === status.full)
    if (refused.length > 0) await this.#commands.remove(this.#set, refused)
    expectOk(
      results.filter((row) => row.status !== status.full),
      status.notFound,
    )
  }

  async mark(tags: readonly TagId[], mark: Mark): Promise<void> {
    const writes = this.#writes(
      byRecord(tags),
      () => undefined,
      (tag) => putMark(tag, mark),
    )
    expectOk(await this.#commands.write(writes))
  }

  async unmark(tags: readonly TagId[], writeId: WriteId): Promise<void> {
    const writes = this.#writes(
      byRecord(tags),
      () => 'update',
      (tag) => removeMark(tag, writeId),
    )
    expectOk(await this.#commands.write(writes), status.notFound)
  }

  #writes(
    groups: ReadonlyMap<string, readonly TagId[]>,
    onlyFor: (tags: readonly TagId[]) => RowWrite['only'],
    operationsOf: (tag: TagId) => TagOperations,
  ): RowWrite[] {
    return Array.from(groups, ([key, tags]) => ({
      set: this.#set,
      key,
      ttl: TTL_SECONDS,
      only: onlyFor(tags),
      operations: (aerospike) => tags.flatMap((tag) => operationsOf(tag)(aerospike)),
    }))
  }
}

/** The tags by the ids of their records. */
function byRecord(tags: Iterable<TagId>): ReadonlyMap<string, readonly TagId[]> {
  const groups = new Map<string, TagId[]>()
  for (const tag of tags) {
    const { record } = partsOf(tag)
    const group = groups.get(record)
    if (group === undefined) groups.set(record, [tag])
    else group.push(tag)
  }
  return groups
}
