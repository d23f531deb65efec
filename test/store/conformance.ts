import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonicalRead, type EntryKey, entryKey } from '../../src/plan/key.js'
import { type TagId, tag } from '../../src/plan/tag.js'
import { newVersion, newWriteId } from '../../src/store/random-ids.js'
import type { Entry, LeaseId, Mark, Store, TagState, Version } from '../../src/store/store.js'
import { describeRows } from './conformance-rows.js'

/** A store under test. */
export interface StoreUnderTest {
  readonly store: Store
  /** Stops the server of the store, if there is one. */
  stop(): Promise<void>
}

const NOW = Date.now()

export function newTag(): TagId {
  return tag('', randomUUID()).id
}

export function newKey(): EntryKey {
  const users = { model: 'User', operation: 'findMany', dataPath: [], args: {} }
  return entryKey({ keyspace: '', fingerprint: '' }, canonicalRead(users, randomUUID()))
}

export function newMark(deadline = NOW + 60_000, blocking = false): Mark {
  return { writeId: newWriteId(), deadline, blocking }
}

export function newEntry(dependencies: Iterable<readonly [TagId, Version]> = []): Entry {
  return {
    value: Buffer.from([0, 255, 67, 65, 0, 10]),
    dependencies: new Map(dependencies),
    filledAt: NOW,
    freshUntil: NOW + 60_000,
  }
}

/** The conformance suite: tests the behaviour that every store must have. */
export function describeStore(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let underTest: StoreUnderTest
    let store: Store

    beforeAll(async () => {
      underTest = await create()
      store = underTest.store
    })

    afterAll(async () => {
      await store.close()
      await underTest.stop()
    })

    const states = async (...tags: TagId[]) => (await store.lookup(newKey(), tags)).tags
    const stateOf = async (of: TagId) => (await states(of))[0] as TagState
    const versioned = async (of: TagId) =>
      (await store.repair([{ tag: of, overdue: [] }]))[0]?.version as Version

    describe('an entry', () => {
      it('is absent until it is filled', async () => {
        const found = await store.lookup(newKey(), [])
        expect(found).toEqual({ entry: undefined, generation: 0, tags: [] })
      })

      it('is read as it was filled', async () => {
        const key = newKey()
        const entry = newEntry([
          [newTag(), newVersion()],
          [newTag(), newVersion()],
        ])
        const { generation } = await store.lookup(key, [])
        expect(await store.fill(key, entry, generation, 60_000)).toBe('stored')
        const found = (await store.lookup(key, [])).entry
        expect(Buffer.from(found?.value ?? [])).toEqual(entry.value)
        expect(found?.dependencies).toEqual(entry.dependencies)
        expect(found?.filledAt).toBe(entry.filledAt)
        expect(found?.freshUntil).toBe(entry.freshUntil)
      })

      it('is not overwritten by a fill that saw an earlier state of the record', async () => {
        const key = newKey()
        const { generation } = await store.lookup(key, [])
        const first = newEntry([[newTag(), newVersion()]])
        expect(await store.fill(key, first, generation, 60_000)).toBe('stored')
        expect(await store.fill(key, newEntry(), generation, 60_000)).toBe('outrun')
        expect((await store.lookup(key, [])).entry?.dependencies).toEqual(first.dependencies)
      })

      it('is overwritten by a fill that saw the present state of the record', async () => {
        const key = newKey()
        await store.fill(key, newEntry(), (await store.lookup(key, [])).generation, 60_000)
        const second = newEntry([[newTag(), newVersion()]])
        const { generation } = await store.lookup(key, [])
        expect(await store.fill(key, second, generation, 60_000)).toBe('stored')
        expect((await store.lookup(key, [])).entry?.dependencies).toEqual(second.dependencies)
      })

      it('is stored by only one of many fills at once', async () => {
        const key = newKey()
        const { generation } = await store.lookup(key, [])
        const fills = Array.from({ length: 50 }, () =>
          store.fill(key, newEntry(), generation, 60_000),
        )
        const outcomes = await Promise.all(fills)
        expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1)
        expect(outcomes.filter((outcome) => outcome === 'outrun')).toHaveLength(49)
      })

      it('that is much too large is not stored', async () => {
        const key = newKey()
        await store.fill(key, newEntry(), (await store.lookup(key, [])).generation, 60_000)
        const { generation } = await store.lookup(key, [])
        const large = { ...newEntry(), value: Buffer.alloc(100 * 2 ** 20) }
        expect(await store.fill(key, large, generation, 60_000)).toBe('refused')
        expect((await store.lookup(key, [])).entry?.value.byteLength).not.toBe(100 * 2 ** 20)
      })

      it('that has expired is distinguished from an absent one', async () => {
        const key = newKey()
        const entry = { ...newEntry(), freshUntil: NOW + 1 }
        await store.fill(key, entry, (await store.lookup(key, [])).generation, 60_000)
        expect((await store.lookup(key, [])).entry?.freshUntil).toBe(NOW + 1)
      })
    })

    describe('a tag', () => {
      it('has no version until it is repaired or touched', async () => {
        expect(await stateOf(newTag())).toEqual({ version: undefined, marks: [] })
      })

      it('keeps its first version when it is repaired again', async () => {
        const one = newTag()
        const version = await versioned(one)
        expect(await versioned(one)).toBe(version)
        expect(await stateOf(one)).toEqual({ version, marks: [] })
      })

      it('gets only one version from many repairs at once', async () => {
        const one = newTag()
        const versions = await Promise.all(Array.from({ length: 50 }, () => versioned(one)))
        expect(new Set(versions).size).toBe(1)
      })

      it('gets a new version at each touch, and never a version that it had before', async () => {
        const one = newTag()
        const seen = new Set([await versioned(one)])
        for (let n = 0; n < 20; n += 1) {
          await store.settle(newWriteId(), { touched: [one] })
          seen.add((await stateOf(one)).version as Version)
        }
        expect(seen.size).toBe(21)
      })

      it('that is missing stays missing when it is touched, as no valid entry depends on it', async () => {
        const one = newTag()
        await store.settle(newWriteId(), { touched: [one] })
        expect(await stateOf(one)).toEqual({ version: undefined, marks: [] })
      })

      it('that is missing can be touched together with one that is present', async () => {
        const [missing, present] = [newTag(), newTag()]
        const version = await versioned(present)
        await store.settle(newWriteId(), { touched: [missing, present] })
        expect((await stateOf(present)).version).not.toBe(version)
      })

      it('has the same state whether it is read alone or with an entry', async () => {
        const [one, missing] = [newTag(), newTag()]
        await versioned(one)
        await store.announce([one], newMark())
        expect(await store.states([one, missing])).toEqual(await states(one, missing))
      })
    })

    describe('a mark', () => {
      it('is on each tag that it was announced on, together with other marks', async () => {
        const [one, other] = [newTag(), newTag()]
        const [first, second] = [newMark(), newMark(NOW + 5, true)]
        await store.announce([one, other], first)
        await store.announce([one], second)
        const [atOne, atOther] = await states(one, other)
        expect(new Set(atOne?.marks)).toEqual(new Set([first, second]))
        expect(atOther?.marks).toEqual([first])
      })

      it('does not give its tag a version', async () => {
        const one = newTag()
        const mark = newMark()
        await store.announce([one], mark)
        expect(await stateOf(one)).toEqual({ version: undefined, marks: [mark] })
        const version = await versioned(one)
        expect(await stateOf(one)).toEqual({ version, marks: [mark] })
      })

      it('that is announced again has the later deadline', async () => {
        const one = newTag()
        const mark = newMark()
        await store.announce([one], mark)
        await store.announce([one], { ...mark, deadline: NOW + 99_000 })
        expect((await stateOf(one)).marks).toEqual([{ ...mark, deadline: NOW + 99_000 }])
      })

      it('is removed when its write settles, and touched tags get new versions', async () => {
        const [touched, untouched] = [newTag(), newTag()]
        const before = [await versioned(touched), await versioned(untouched)]
        const [mark, other] = [newMark(), newMark()]
        await store.announce([touched, untouched], mark)
        await store.announce([touched, untouched], other)
        await store.settle(mark.writeId, { touched: [touched] })
        await store.unmark(new Map([[untouched, [mark.writeId]]]))
        const after = await states(touched, untouched)
        expect(after.map(({ marks }) => marks)).toEqual([[other], [other]])
        expect(after[0]?.version).not.toBe(before[0])
        expect(after[1]?.version).toBe(before[1])
      })

      it('is removed together with others of the same tag, and the rest stay', async () => {
        const [one, other] = [newTag(), newTag()]
        const before = await versioned(one)
        const marks = [newMark(), newMark(), newMark()] as const
        for (const mark of marks) await store.announce([one, other], mark)
        const [first, second, third] = marks
        await store.unmark(
          new Map([
            [one, [first.writeId, second.writeId]],
            [other, []],
          ]),
        )
        expect(await stateOf(one)).toEqual({ version: before, marks: [third] })
        expect((await stateOf(other)).marks).toHaveLength(3)
      })

      it('that is removed from a lost tag does not create the tag again', async () => {
        const one = newTag()
        await store.unmark(new Map([[one, [newWriteId()]]]))
        expect(await stateOf(one)).toEqual({ version: undefined, marks: [] })
      })

      it('that is overdue is removed by a repair with a new version, and others stay', async () => {
        const one = newTag()
        const version = await versioned(one)
        const [overdue, other] = [newMark(NOW - 1), newMark()]
        await store.announce([one], overdue)
        await store.announce([one], other)
        const [repaired] = await store.repair([{ tag: one, overdue: [overdue.writeId] }])
        expect(repaired?.version).not.toBe(version)
        expect(repaired?.marks).toEqual([other])
        expect(await stateOf(one)).toEqual(repaired)
      })
    })

    describe('a write that holds its touched tags', () => {
      it('replaces its mark by a blocking mark with another id', async () => {
        const one = newTag()
        const before = await versioned(one)
        const mark = newMark()
        await store.announce([one], mark)
        const holdUntil = NOW + 5_000
        await store.settle(mark.writeId, { touched: [one], holdUntil })
        const held = await stateOf(one)
        expect(held?.version).not.toBe(before)
        const writeId = held?.marks[0]?.writeId
        expect(held?.marks).toEqual([{ writeId, deadline: holdUntil, blocking: true }])
        expect(writeId).not.toBe(mark.writeId)
      })
    })

    describeRows(() => store)

    describe('a lease', () => {
      const newLease = () => newKey() as string as LeaseId

      it('is given to only one of many callers at once', async () => {
        const lease = newLease()
        const wants = Array.from({ length: 50 }, () => store.lease(lease, NOW + 1_000, NOW))
        expect((await Promise.all(wants)).filter(Boolean)).toHaveLength(1)
      })

      it('can be taken again after it was released', async () => {
        const lease = newLease()
        expect(await store.lease(lease, NOW + 1_000, NOW)).toBe(true)
        await store.release(lease)
        expect(await store.lease(lease, NOW + 1_000, NOW)).toBe(true)
      })

      it('can be taken by one other caller when its owner is overdue', async () => {
        const lease = newLease()
        expect(await store.lease(lease, NOW + 1_000, NOW)).toBe(true)
        expect(await store.lease(lease, NOW + 2_000, NOW + 1_000)).toBe(false)
        const later = NOW + 1_001
        const wants = Array.from({ length: 20 }, () => store.lease(lease, later + 1_000, later))
        expect((await Promise.all(wants)).filter(Boolean)).toHaveLength(1)
      })

      it('can be released if nobody has it', async () => {
        await expect(store.release(newLease())).resolves.toBeUndefined()
      })
    })

    it('gives each of many look-ups at once its own entry', async () => {
      const keys = Array.from({ length: 200 }, newKey)
      const shared = newTag()
      const version = await versioned(shared)
      await Promise.all(
        keys.map(async (key, n) => {
          const { generation } = await store.lookup(key, [])
          return store.fill(key, { ...newEntry(), freshUntil: NOW + n }, generation, 60_000)
        }),
      )
      const found = await Promise.all(keys.map((key) => store.lookup(key, [shared])))
      expect(found.map(({ entry }) => entry?.freshUntil)).toEqual(keys.map((_, n) => NOW + n))
      expect(found.every(({ tags }) => tags[0]?.version === version)).toBe(true)
    })

    it('can be used again after it was closed', async () => {
      await store.close()
      const one = newTag()
      const version = await versioned(one)
      expect(await stateOf(one)).toEqual({ version, marks: [] })
    })
  })
}
