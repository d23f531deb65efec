import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newMemberId, newVersion } from '../../src/store/random-ids.js'
import type { Board, IntentId, RosterId, Store } from '../../src/store/store.js'
import { newLease, newTag } from './new-records.js'

/** Tests what a store must have that several processes share. */
export function describeBoard(storeOf: () => Store): void {
  const board = () => storeOf().board as Board
  const newRoster = () => `roster-${randomUUID()}` as RosterId
  const newIntent = () => randomUUID() as string as IntentId

  describe('where processes share the store', () => {
    it('a lease is given to only one of many callers at once', async () => {
      const lease = newLease()
      const wants = Array.from({ length: 50 }, () => storeOf().lease(lease))
      expect((await Promise.all(wants)).filter(Boolean)).toHaveLength(1)
    })

    it('a lease can be taken again after it was released', async () => {
      const lease = newLease()
      expect(await storeOf().lease(lease)).toBe(true)
      expect(await storeOf().lease(lease)).toBe(false)
      await storeOf().release(lease.id)
      expect(await storeOf().lease(lease)).toBe(true)
    })

    it('a lease can be taken by one other caller when its owner is overdue', async () => {
      const lease = newLease()
      expect(await storeOf().lease(lease)).toBe(true)
      expect(await storeOf().lease({ ...lease, now: lease.until })).toBe(false)
      const now = lease.until + 1
      const wants = Array.from({ length: 20 }, () =>
        storeOf().lease({ ...lease, now, until: now + 1_000 }),
      )
      expect((await Promise.all(wants)).filter(Boolean)).toHaveLength(1)
    })

    it('a lease can be taken by a caller who could not use its owner’s answer', async () => {
      const lease = newLease()
      expect(await storeOf().lease(lease)).toBe(true)
      expect(await storeOf().lease({ ...lease, holder: 'other' })).toBe(true)
      expect(await storeOf().lease({ ...lease, holder: 'other' })).toBe(false)
    })

    it('a lease can be taken with the creation of tags, by one of many callers', async () => {
      const [one, lease] = [newTag(), newLease()]
      const created = await Promise.all(
        Array.from({ length: 20 }, () => storeOf().create(new Map([[one, newVersion()]]), lease)),
      )
      expect(created.filter(({ isOwner }) => isOwner)).toHaveLength(1)
      expect(new Set(created.map(({ states }) => states[0]?.version)).size).toBe(1)
      expect(await storeOf().lease(lease)).toBe(false)
    })

    it('a lease can be released if nobody has it', async () => {
      await expect(storeOf().release(newLease().id)).resolves.toBeUndefined()
    })

    it('a member joins a roster, stays on it, and finds the others', async () => {
      const [roster, one, other] = [newRoster(), newMemberId(), newMemberId()]
      expect(await board().beat(roster, one, 'one 1', 'stay')).toBeUndefined()
      expect(await board().beat(roster, one, 'one 1', 'join')).toEqual({
        lines: new Map([[one, 'one 1']]),
        catalogs: new Set(),
      })
      expect(await board().beat(roster, other, 'other 1', 'stay')).toBeUndefined()
      await board().beat(roster, other, 'other 1', 'join')
      const found = await board().beat(roster, one, 'one 2', 'stay')
      expect(found?.lines).toEqual(
        new Map([
          [one, 'one 2'],
          [other, 'other 1'],
        ]),
      )
    })

    it('a member is struck off only if its line is still the same', async () => {
      const [roster, one] = [newRoster(), newMemberId()]
      expect(await board().strike(roster, 'one 1')).toBe(false)
      await board().beat(roster, one, 'one 1', 'join')
      await board().beat(roster, one, 'one 2', 'stay')
      expect(await board().strike(roster, 'one 1')).toBe(false)
      expect(await board().strike(roster, 'one 2')).toBe(true)
      expect(await board().strike(roster, 'one 2')).toBe(false)
      expect(await board().beat(roster, one, 'one 3', 'stay')).toBeUndefined()
    })

    it('a roster remembers the catalogs whose tags were touched', async () => {
      const [roster, one] = [newRoster(), newMemberId()]
      await expect(board().cleaned(roster, 'shop')).resolves.toBeUndefined()
      await board().beat(roster, one, 'one 1', 'join')
      await board().cleaned(roster, 'shop')
      await board().cleaned(roster, 'blog')
      const found = await board().beat(roster, one, 'one 2', 'stay')
      expect(found?.catalogs).toEqual(new Set(['shop', 'blog']))
    })

    it('an intent is read as it was last written, until it is forgotten', async () => {
      const [one, other, missing] = [newIntent(), newIntent(), newIntent()]
      await board().intend(one, 'a b')
      await board().intend(other, 'c')
      await board().intend(one, 'a')
      expect(await board().intents([one, missing, other])).toEqual(['a', undefined, 'c'])
      await board().forget([one, missing])
      expect(await board().intents([one, other])).toEqual([undefined, 'c'])
      expect(await board().intents([])).toEqual([])
    })
  })
}
