import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TagId } from '../../src/plan/tag.js'
import { newVersion, newWriteId } from '../../src/store/random-ids.js'
import type { Store, TagState, Version } from '../../src/store/store.js'
import { describeBoard } from './conformance-board.js'
import { describeRows } from './conformance-rows.js'
import { newEntry, newKey, newMark, newTag, newTagsOfOneRecord } from './new-records.js'

/** A store under test. */
export interface StoreUnderTest {
  readonly store: Store
  /** Stops the server of the store, if there is one. */
  stop(): Promise<void>
}

const NOW = Date.now()
const NO_TAG: TagState = { version: undefined, heldUntil: 0, marks: [] }

/**
 * The conformance suite: tests the behaviour that every store must have.
 *
 * @param isShared whether several processes share the store, so that it must have what they need for that.
 */
export function describeStore(
  name: string,
  create: () => Promise<StoreUnderTest>,
  { isShared }: { readonly isShared: boolean },
): void {
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
      (await store.create(new Map([[of, newVersion()]]))).states[0]?.version as Version

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
      it('has no version until it is created', async () => {
        expect(await stateOf(newTag())).toEqual(NO_TAG)
      })

      it('is created with the proposed version, and keeps it when it is created again', async () => {
        const one = newTag()
        const proposed = newVersion()
        const { states: created } = await store.create(new Map([[one, proposed]]))
        expect(created).toEqual([{ ...NO_TAG, version: proposed }])
        expect(await versioned(one)).toBe(proposed)
        expect(await stateOf(one)).toEqual({ ...NO_TAG, version: proposed })
      })

      it('gets only one version from many creations at once', async () => {
        const one = newTag()
        const versions = await Promise.all(Array.from({ length: 50 }, () => versioned(one)))
        expect(new Set(versions).size).toBe(1)
      })

      it('gets a new version at each touch, and never a version that it had before', async () => {
        const one = newTag()
        const seen = new Set([await versioned(one)])
        for (let n = 0; n < 20; n += 1) {
          await store.touch({ tags: [one] })
          seen.add((await stateOf(one)).version as Version)
        }
        expect(seen.size).toBe(21)
      })

      it('that is missing stays missing when it is touched, as no valid entry depends on it', async () => {
        const one = newTag()
        await store.touch({ tags: [one] })
        expect(await stateOf(one)).toEqual(NO_TAG)
      })

      it('that is missing can be touched together with one that is present', async () => {
        const [missing, present] = [newTag(), newTag()]
        const version = await versioned(present)
        await store.touch({ tags: [missing, present] })
        expect((await stateOf(present)).version).not.toBe(version)
      })

      it('has the same state whether it is read alone or with an entry', async () => {
        const [one, missing] = [newTag(), newTag()]
        await versioned(one)
        await store.mark([one], newMark())
        expect(await store.states([one, missing])).toEqual(await states(one, missing))
      })
    })

    describe('tags of one record', () => {
      it('have versions of their own', async () => {
        const [one, other] = newTagsOfOneRecord(2) as [TagId, TagId]
        const version = await versioned(one)
        expect((await stateOf(other)).version).toBeUndefined()
        const otherVersion = await versioned(other)
        await store.touch({ tags: [other] })
        expect((await stateOf(one)).version).toBe(version)
        expect((await stateOf(other)).version).not.toBe(otherVersion)
      })

      it('are created together, each with one version, by many callers at once', async () => {
        const tags = newTagsOfOneRecord(5)
        const proposals = Array.from(
          { length: 20 },
          (_, n) => new Map(tags.slice(n % 3).map((tag) => [tag, newVersion()])),
        )
        const created = await Promise.all(proposals.map((proposed) => store.create(proposed)))
        const present = await states(...tags)
        created.forEach(({ states: found }, n) => {
          expect(found.map(({ version }) => version)).toEqual(
            present.slice(n % 3).map(({ version }) => version),
          )
        })
      })

      it('are touched, held and marked each by itself', async () => {
        const [one, held, marked] = newTagsOfOneRecord(3) as [TagId, TagId, TagId]
        for (const tag of [one, held, marked]) await versioned(tag)
        const mark = newMark()
        await store.touch({ tags: [held], holdUntil: NOW + 5_000 })
        await store.mark([marked], mark)
        const found = await states(one, held, marked)
        expect(found.map(({ heldUntil }) => heldUntil)).toEqual([0, NOW + 5_000, 0])
        expect(found.map(({ marks }) => marks)).toEqual([[], [], [mark]])
      })
    })

    describe('a mark', () => {
      it('is on each tag that it was put on, together with other marks', async () => {
        const [one, other] = [newTag(), newTag()]
        const [first, second] = [newMark(), newMark(NOW + 5)]
        await store.mark([one, other], first)
        await store.mark([one], second)
        const [atOne, atOther] = await states(one, other)
        expect(new Set(atOne?.marks)).toEqual(new Set([first, second]))
        expect(atOther?.marks).toEqual([first])
      })

      it('does not give its tag a version, and does not keep it from getting one', async () => {
        const one = newTag()
        const mark = newMark()
        await store.mark([one], mark)
        expect(await stateOf(one)).toEqual({ ...NO_TAG, marks: [mark] })
        const version = await versioned(one)
        expect(await stateOf(one)).toEqual({ ...NO_TAG, version, marks: [mark] })
      })

      it('that is put again has the later deadline', async () => {
        const one = newTag()
        const mark = newMark()
        await store.mark([one], mark)
        await store.mark([one], { ...mark, deadline: NOW + 99_000 })
        expect((await stateOf(one)).marks).toEqual([{ ...mark, deadline: NOW + 99_000 }])
      })

      it('is removed by a touch of its write, and by unmarking, and others stay', async () => {
        const [touched, untouched] = [newTag(), newTag()]
        const before = [await versioned(touched), await versioned(untouched)]
        const [mark, other] = [newMark(), newMark()]
        await store.mark([touched, untouched], mark)
        await store.mark([touched, untouched], other)
        await store.touch({ tags: [touched], unmark: mark.writeId })
        await store.unmark([untouched], mark.writeId)
        const after = await states(touched, untouched)
        expect(after.map(({ marks }) => marks)).toEqual([[other], [other]])
        expect(after[0]?.version).not.toBe(before[0])
        expect(after[1]?.version).toBe(before[1])
      })

      it('that is removed from a lost tag does not create the tag again', async () => {
        const one = newTag()
        await store.unmark([one], newWriteId())
        expect(await stateOf(one)).toEqual(NO_TAG)
      })
    })

    describe('a hold', () => {
      it('stays on the touched tags, also on those that were missing', async () => {
        const [present, missing] = [newTag(), newTag()]
        const before = await versioned(present)
        const holdUntil = NOW + 5_000
        await store.touch({ tags: [present, missing], holdUntil })
        const held = await states(present, missing)
        expect(held.map(({ heldUntil }) => heldUntil)).toEqual([holdUntil, holdUntil])
        expect(held[0]?.version).not.toBe(before)
      })

      it('ends at the latest time that was given, in whatever order they come', async () => {
        const one = newTag()
        for (const holdUntil of [NOW + 5_000, NOW + 9_000, NOW + 7_000]) {
          await store.touch({ tags: [one], holdUntil })
        }
        expect((await stateOf(one)).heldUntil).toBe(NOW + 9_000)
        await store.touch({ tags: [one] })
        expect((await stateOf(one)).heldUntil).toBe(NOW + 9_000)
      })

      it('may be as long as a time-out that never ends', async () => {
        const one = newTag()
        await store.touch({ tags: [one], holdUntil: Number.POSITIVE_INFINITY })
        expect((await stateOf(one)).heldUntil).toBeGreaterThan(NOW + 1e12)
      })
    })

    describeRows(() => store)

    if (isShared) describeBoard(() => store)

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
      expect(await stateOf(one)).toEqual({ ...NO_TAG, version })
    })
  })
}
