import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type TagId, tag } from '../../src/plan/tag.js'
import { newVersion } from '../../src/store/random-ids.js'
import type { Store, TagState } from '../../src/store/store.js'

const NOW = Date.now()

/** Tests what every store must remember about the versions of rows. */
export function describeRows(store: () => Store): void {
  describe('for a row, the store', () => {
    const newTag = () => tag('', randomUUID()).id
    const stateOf = async (of: TagId) => (await store().states([of]))[0] as TagState
    const versioned = async (of: TagId) =>
      (await store().create(new Map([[of, newVersion()]]))).states[0]?.version
    const later = NOW + 60_000
    const settle = (tag: TagId, version: number, until = later, forgets = NOW) =>
      store().touch({
        tags: [tag],
        rows: new Map([[tag, { version, until, forgets }]]),
      })
    const rowOf = async (tag: TagId) => (await stateOf(tag)).row

    it('remembers the version and its end, also if the tag was absent', async () => {
      const [present, absent] = [newTag(), newTag()]
      const version = await versioned(present)
      for (const one of [present, absent]) await settle(one, 4)
      const [atPresent, atAbsent] = await store().states([present, absent])
      expect(atPresent?.row).toEqual({ version: 4, until: later })
      expect(atAbsent?.row).toEqual({ version: 4, until: later })
      expect(atPresent?.version).not.toBe(version)
    })

    it('remembers the greatest version, in whatever order versions arrive', async () => {
      const one = newTag()
      await settle(one, 4)
      await settle(one, 10, later + 1)
      await settle(one, 9, later + 2)
      expect(await rowOf(one)).toEqual({ version: 10, until: later + 1 })
    })

    it('remembers only the greatest version, and no other after that is forgotten', async () => {
      const one = newTag()
      await settle(one, 10)
      await settle(one, 9, later + 2)
      await settle(one, 1, later + 2, later)
      expect(await rowOf(one)).toEqual({ version: 1, until: later + 2 })
    })

    it('remembers the greatest of many versions that arrive at once', async () => {
      const one = newTag()
      const versions = Array.from({ length: 50 }, (_, n) => (n * 7) % 50)
      await Promise.all(versions.map((version) => settle(one, version)))
      expect(await rowOf(one)).toEqual({ version: 49, until: later })
    })

    it.each([
      ['below zero', -3, -2],
      ['across zero', -1, 0],
      ['of more than 32 bits', 2 ** 32, 2 ** 32 + 1],
      ['as large as safe integers can be', Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER],
    ])('compares versions %s', async (_, less, greater) => {
      const one = newTag()
      for (const version of [less, greater, less]) await settle(one, version)
      expect(await rowOf(one)).toEqual({ version: greater, until: later })
    })

    it('remembers a version that arrives again until the time given last', async () => {
      const one = newTag()
      await settle(one, 4)
      await settle(one, 4, later + 7)
      expect(await rowOf(one)).toEqual({ version: 4, until: later + 7 })
    })

    it('forgets versions whose time is over by `forgets`, and no others', async () => {
      const one = newTag()
      await settle(one, 9)
      await settle(one, 2, later + 1, later - 1)
      expect(await rowOf(one)).toEqual({ version: 9, until: later })
      await settle(one, 1, later + 1, later)
      expect(await rowOf(one)).toEqual({ version: 1, until: later + 1 })
    })

    it('still remembers the version after touches and creations', async () => {
      const one = newTag()
      await settle(one, 4)
      await store().touch({ tags: [one] })
      const { states } = await store().create(new Map([[one, newVersion()]]))
      expect(states).toEqual([await stateOf(one)])
      expect(states[0]?.row).toEqual({ version: 4, until: later })
    })

    it('remembers no version for other tags that were touched with it', async () => {
      const [one, other, missing] = [newTag(), newTag(), newTag()]
      await versioned(other)
      await store().touch({
        tags: [one, other, missing],
        rows: new Map([[one, { version: 4, until: later, forgets: NOW }]]),
      })
      const states = await store().states([one, other, missing])
      expect(states.map(({ row }) => row?.version)).toEqual([4, undefined, undefined])
    })
  })
}
