import { randomUUID } from 'node:crypto'
import { canonicalRead, type EntryKey, entryKey } from '../../src/plan/key.js'
import { type TagId, tag, tagIn } from '../../src/plan/tag.js'
import { newWriteId } from '../../src/store/random-ids.js'
import type { Entry, Lease, LeaseId, Mark, Version } from '../../src/store/store.js'

const NOW = Date.now()

export function newTag(): TagId {
  return tag('', randomUUID()).id
}

export function newKey(): EntryKey {
  const users = { model: 'User', operation: 'findMany', dataPath: [], args: {} }
  return entryKey({ keyspace: '', fingerprint: '' }, canonicalRead(users, randomUUID()))
}

/** Tags that share a record. */
export function newTagsOfOneRecord(count: number): TagId[] {
  const record = randomUUID()
  return Array.from({ length: count }, (_, n) => tagIn(record, '', String(n)).id)
}

export function newMark(deadline = NOW + 60_000): Mark {
  return { writeId: newWriteId(), deadline }
}

export function newLease(lease: Partial<Lease> = {}): Lease {
  return {
    id: newKey() as string as LeaseId,
    holder: 'one',
    until: NOW + 1_000,
    now: NOW,
    ...lease,
  }
}

export function newEntry(dependencies: Iterable<readonly [TagId, Version]> = []): Entry {
  return {
    value: Buffer.from([0, 255, 67, 65, 0, 10]),
    dependencies: new Map(dependencies),
    filledAt: NOW,
    freshUntil: NOW + 60_000,
  }
}
