import { LRUCache } from 'lru-cache'
import type { TagId } from '../plan/tag.js'
import type { Store } from '../store/store.js'
import type { RowVersions } from './shown.js'

/** How many rows are remembered, and for how long: no replica is to lag further behind. */
const LIMIT = 10_000
const MEMORY = 60_000

/** What the acknowledged writes of this process made of rows' versions, with whichever client of the store. */
export function acknowledgedIn(store: Store): Acknowledged {
  const acknowledged = byStore.get(store) ?? new Acknowledged()
  byStore.set(store, acknowledged)
  return acknowledged
}

const byStore = new WeakMap<Store, Acknowledged>()

export class Acknowledged {
  readonly #versions = new LRUCache<TagId, bigint>({ max: LIMIT, ttl: MEMORY })

  /** @param operation which showed these versions of its rows. */
  note(operation: string, rows: RowVersions): void {
    for (const [row, version] of rows) {
      const known = this.#versions.get(row)
      // A row that comes after one of the same id begins anew.
      if (operation === 'delete') this.#versions.delete(row)
      else if (known === undefined || known < version || operation.startsWith('create')) {
        this.#versions.set(row, version)
      }
    }
  }

  /** Whether one of the rows was read as it was before a write that is remembered. */
  isOlder(rows: RowVersions): boolean {
    for (const [row, version] of rows) {
      if (version < (this.#versions.get(row) ?? version)) return true
    }
    return false
  }
}
