import { describe, expect, it } from 'vitest'
import { memory } from '../../src/store/memory.js'
import { newVersion } from '../../src/store/random-ids.js'
import type { Generation } from '../../src/store/store.js'
import { sharedMemory } from '../support/shared-memory.js'
import { describeStore } from './conformance.js'
import { newEntry, newKey, newMark, newTag } from './new-records.js'

const stop = async () => undefined

describeStore('memory()', async () => ({ store: memory(), stop }), { isShared: false })

// The tests' own store must behave as a shared one, too.
describeStore('memory that is shared', async () => ({ store: sharedMemory(), stop }), {
  isShared: true,
})

describe('memory()', () => {
  const ABSENT = 0 as Generation

  it('keeps only maxEntries entries, the most recently used ones', async () => {
    const store = memory({ maxEntries: 2 })
    const [one, two, three] = [newKey(), newKey(), newKey()]
    await store.fill(one, newEntry(), ABSENT, 0)
    await store.fill(two, newEntry(), ABSENT, 0)
    await store.lookup(one, [])
    await store.fill(three, newEntry(), ABSENT, 0)
    const found = await Promise.all([one, two, three].map((key) => store.lookup(key, [])))
    expect(found.map(({ entry }) => entry !== undefined)).toEqual([true, false, true])
  })

  it('keeps only maxBytes bytes of values', async () => {
    const store = memory({ maxBytes: 1_000 })
    const keys = [newKey(), newKey(), newKey()]
    for (const key of keys) {
      await store.fill(key, { ...newEntry(), value: Buffer.alloc(400) }, ABSENT, 0)
    }
    const found = await Promise.all(keys.map((key) => store.lookup(key, [])))
    expect(found.map(({ entry }) => entry !== undefined)).toEqual([false, true, true])
  })

  it('never evicts the mark of a write in flight', async () => {
    const store = memory({ maxEntries: 1 })
    const one = newTag()
    const mark = newMark()
    await store.mark([one], mark)
    for (let n = 0; n < 100; n += 1) await store.create(new Map([[newTag(), newVersion()]]))
    expect((await store.lookup(newKey(), [one])).tags).toEqual([
      { version: undefined, heldUntil: 0, marks: [mark] },
    ])
  })
})
