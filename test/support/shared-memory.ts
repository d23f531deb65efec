import { type MemoryOptions, memory } from '../../src/store/memory.js'
import type { Board, IntentId, Lease, LeaseId, MemberId, Store } from '../../src/store/store.js'

/** A store in memory that is shared as one is which several processes use: with members and leases. */
export function sharedMemory(options?: MemoryOptions): Store & { readonly board: Board } {
  const store = memory(options)
  const leases = new Map<LeaseId, Lease>()
  const lease = async (wanted: Lease) => {
    const held = leases.get(wanted.id)
    if (held !== undefined && held.until >= wanted.now && held.holder === wanted.holder)
      return false
    leases.set(wanted.id, wanted)
    return true
  }
  return {
    ...store,
    board: memoryBoard(),
    lease,
    async create(proposed, wanted) {
      const { states } = await store.create(proposed)
      const isFree = wanted !== undefined && !leases.has(wanted.id)
      return { states, isOwner: isFree && (await lease(wanted)) }
    },
    async release(id) {
      leases.delete(id)
    },
  }
}

/** A board in memory. */
export function memoryBoard(): Board {
  const rosters = new Map<string, { lines: Map<MemberId, string>; catalogs: Set<string> }>()
  const intents = new Map<IntentId, string>()
  return {
    async beat(id, member, line, how) {
      const roster = rosters.get(id) ?? { lines: new Map(), catalogs: new Set() }
      if (how === 'stay' && !roster.lines.has(member)) return undefined
      roster.lines.set(member, line)
      rosters.set(id, roster)
      return { lines: new Map(roster.lines), catalogs: new Set(roster.catalogs) }
    },
    async cleaned(id, catalog) {
      rosters.get(id)?.catalogs.add(catalog)
    },
    async strike(id, line) {
      const lines = rosters.get(id)?.lines
      const [member] = [...(lines ?? [])].find(([, known]) => known === line) ?? []
      return member !== undefined && (lines?.delete(member) ?? false)
    },
    async intend(id, text) {
      intents.set(id, text)
    },
    intents: async (ids) => ids.map((id) => intents.get(id)),
    async forget(ids) {
      for (const id of ids) intents.delete(id)
    },
  }
}
