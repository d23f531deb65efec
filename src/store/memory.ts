import { LRUCache } from 'lru-cache'
import { checkKeys, wholeOf } from '../checks.js'
import type { EntryKey } from '../plan/key.js'
import type { TagId } from '../plan/tag.js'
import { newVersion, newWriteId } from './random-ids.js'
import { remembered } from './remembered-row.js'
import type {
  Doubt,
  Entry,
  Generation,
  LeaseId,
  Mark,
  SettledRow,
  SnapshotState,
  Store,
  TagState,
} from './store.js'

export interface MemoryOptions {
  /** The maximum number of entries. Default 10,000. */
  readonly maxEntries?: number | undefined
  /** The maximum size of all encoded values together, in bytes. Default 64 MiB. */
  readonly maxBytes?: number | undefined
}

/**
 * A bounded store in the memory of this process, which evicts the least recently used entries
 * first. Clients that share one `memory()` see each other's writes. Other processes have stores of
 * their own and do not see the writes of this one.
 *
 * @throws ConfigurationError if an option is unknown, or is not a whole number above zero.
 *
 * @example
 * ```ts
 * const prisma = new PrismaClient({ adapter }).$extends(cacheAside({ store: memory({ maxEntries: 1_000 }) }))
 * ```
 */
export function memory(options: MemoryOptions = {}): Store {
  checkKeys('memory', options, memoryOptionNames)
  const maxEntries = wholeOf('memory.maxEntries', options.maxEntries) ?? DEFAULT_MAX_ENTRIES
  const maxBytes = wholeOf('memory.maxBytes', options.maxBytes) ?? DEFAULT_MAX_BYTES
  const entries = new LRUCache<EntryKey, Stored>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: ({ entry }) => Math.max(1, entry.value.byteLength),
  })
  // Evicting a tag invalidates the entries that depend on it, so there is room for several tags per
  // entry.
  const records = new LRUCache<TagId, TagRecord>({ max: maxEntries * TAGS_PER_ENTRY })
  // Marks are kept outside the cache, because evicting one would hide a write that is in flight.
  // They need no bound: there are only as many as writes in flight.
  const marks = new Map<TagId, Mark[]>()
  const leases = new LRUCache<LeaseId, number>({ max: maxEntries })
  let generations = 0

  function stateOf(tag: TagId): TagState {
    return { ...(records.get(tag) ?? EMPTY_TAG), marks: marks.get(tag) ?? [] }
  }

  function unmark(tag: TagId, isGone: (mark: Mark) => boolean): boolean {
    const present = marks.get(tag) ?? []
    const left = present.filter((mark) => !isGone(mark))
    if (left.length > 0) marks.set(tag, left)
    else marks.delete(tag)
    return left.length < present.length
  }

  function repaired({ tag, overdue }: Doubt): SnapshotState {
    const wasInDoubt = unmark(tag, (mark) => overdue.includes(mark.writeId))
    const { version: known, row } = records.get(tag) ?? EMPTY_TAG
    const version = wasInDoubt || known === undefined ? newVersion() : known
    records.set(tag, { version, row })
    return { ...stateOf(tag), version }
  }

  function touch(tag: TagId, settled: SettledRow | undefined): void {
    const { version, row } = records.get(tag) ?? EMPTY_TAG
    if (version === undefined && settled === undefined) return
    records.set(tag, {
      version: version && newVersion(),
      row: settled === undefined ? row : remembered(row, settled),
    })
  }

  return {
    async lookup(key, tags) {
      const stored = entries.get(key)
      return {
        entry: stored?.entry,
        generation: stored?.generation ?? ABSENT_GENERATION,
        tags: tags.map(stateOf),
      }
    },

    async states(tags) {
      return tags.map(stateOf)
    },

    async repair(doubts) {
      return doubts.map(repaired)
    },

    async announce(tags, mark) {
      for (const tag of tags) {
        unmark(tag, ({ writeId }) => writeId === mark.writeId)
        marks.set(tag, [...(marks.get(tag) ?? []), mark])
      }
    },

    async settle(writeId, { touched, holdUntil, rows }) {
      for (const tag of touched) {
        unmark(tag, (mark) => mark.writeId === writeId)
        touch(tag, rows?.get(tag))
        if (holdUntil !== undefined) {
          const hold = { writeId: newWriteId(), deadline: holdUntil, blocking: true }
          marks.set(tag, [...(marks.get(tag) ?? []), hold])
        }
      }
    },

    async unmark(gone) {
      for (const [tag, ids] of gone) unmark(tag, ({ writeId }) => ids.includes(writeId))
    },

    async lease(lease, until, now) {
      if ((leases.get(lease) ?? 0) >= now) return false
      leases.set(lease, until)
      return true
    },

    async release(lease) {
      leases.delete(lease)
    },

    async fill(key, entry, seen) {
      if ((entries.peek(key)?.generation ?? ABSENT_GENERATION) !== seen) return 'outrun'
      generations += 1
      entries.set(key, { entry, generation: generations as Generation })
      return entries.has(key) ? 'stored' : 'refused'
    },

    async health() {
      return { state: 'up', latency: 0, advice: [] }
    },

    async clear() {
      entries.clear()
    },

    async close() {
      entries.clear()
      records.clear()
    },
  }
}

const memoryOptionNames = ['maxEntries', 'maxBytes'] as const satisfies (keyof MemoryOptions)[]
const DEFAULT_MAX_ENTRIES = 10_000
const DEFAULT_MAX_BYTES = 64 * 2 ** 20

interface Stored {
  readonly entry: Entry
  readonly generation: Generation
}

type TagRecord = Omit<TagState, 'marks'>

const EMPTY_TAG: TagRecord = { version: undefined }
const ABSENT_GENERATION = 0 as Generation
const TAGS_PER_ENTRY = 8
