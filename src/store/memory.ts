import { LRUCache } from 'lru-cache'
import { checkKeys, wholeOf } from '../checks.js'
import type { EntryKey } from '../plan/key.js'
import { MemoryTags } from './memory-tags.js'
import type { Entry, Generation, Store } from './store.js'

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
  const tags = new MemoryTags(maxEntries * TAGS_PER_ENTRY)
  let generations = 0
  return {
    async lookup(key, ids) {
      const stored = entries.get(key)
      return {
        entry: stored?.entry,
        generation: stored?.generation ?? ABSENT,
        tags: ids.map(tags.stateOf),
      }
    },
    states: async (ids) => ids.map(tags.stateOf),
    async create(proposed) {
      const states = Array.from(proposed, ([tag, version]) => tags.create(tag, version))
      return { states, isOwner: false }
    },
    touch: async (touched) => tags.touch(touched),
    async mark(ids, mark) {
      for (const tag of ids) tags.mark(tag, mark)
    },
    async unmark(ids, writeId) {
      for (const tag of ids) tags.unmark(tag, writeId)
    },
    // The queries under way are shared within the process, and nobody else uses this store.
    lease: async () => true,
    release: async () => undefined,
    async fill(key, entry, seen) {
      if ((entries.peek(key)?.generation ?? ABSENT) !== seen) return 'outrun'
      generations += 1
      entries.set(key, { entry, generation: generations as Generation })
      return entries.has(key) ? 'stored' : 'refused'
    },
    health: async () => ({ state: 'up', latencyMs: 0, advice: [] }),
    clear: async () => entries.clear(),
    async close() {
      entries.clear()
      tags.clear()
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

const ABSENT = 0 as Generation
/** The room for tags: an entry depends on several. */
const TAGS_PER_ENTRY = 8
