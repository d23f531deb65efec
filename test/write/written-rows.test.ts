import { describe, expect, it } from 'vitest'
import { Members } from '../../src/members/members.js'
import type { WrittenVersion, WrittenVersions } from '../../src/plan/row-versions.js'
import { type TagId, tag } from '../../src/plan/tag.js'
import { isOlder } from '../../src/read/fill.js'
import { memory } from '../../src/store/memory.js'
import { Telemetry } from '../../src/telemetry/telemetry.js'
import { OwedTouches } from '../../src/touch/owed-touches.js'
import { Write } from '../../src/write/write.js'
import { addWritten, settledRows } from '../../src/write/written-rows.js'
import { newTag } from '../store/new-records.js'

const NOW = Date.now()
const LAG = 60_000

/** Makes a row whose versions are settled by the writes of several processes. */
function openRow() {
  const store = memory()
  const tag = newTag()
  /** Settles a version. Times are milliseconds from now. */
  const settle = (version: number, at: number, { isNew = false, began = at } = {}) =>
    store.touch({
      tags: [tag],
      rows: settledRows(new Map([[tag, { version, isNew }]]), NOW + began, NOW + at),
    })
  const isOld = (version: number, at: number) => isOlder(store, new Map([[tag, version]]), NOW + at)
  return { settle, isOld }
}

describe('an answer counts as older', () => {
  it('for a minute after a write with a greater version', async () => {
    const { settle, isOld } = openRow()
    await settle(4, 0)
    expect(await isOld(3, LAG)).toBe(true)
    expect(await isOld(4, LAG)).toBe(false)
    expect(await isOld(3, LAG + 1)).toBe(false)
  })

  it('if one of its rows has a lesser version', async () => {
    const store = memory()
    const [one, other] = [newTag(), newTag()]
    const rows = settledRows(new Map([[other, { version: 4, isNew: false }]]), NOW, NOW)
    await store.touch({ tags: [other], rows })
    const shown = (version: number) =>
      new Map([
        [one, 1],
        [other, version],
      ])
    expect(await isOlder(store, shown(3), NOW)).toBe(true)
    expect(await isOlder(store, shown(4), NOW)).toBe(false)
  })

  it('only if it shows a version: without one, the store is not called', async () => {
    const store = { ...memory(), states: () => Promise.reject(new Error('called')) }
    expect(await isOlder(store, undefined, NOW)).toBe(false)
    expect(await isOlder(store, new Map(), NOW)).toBe(false)
  })

  it('than the update of a new row, also if the creation is settled after the update', async () => {
    const { settle, isOld } = openRow()
    await settle(2, 5)
    await settle(1, 6, { isNew: true, began: 1 })
    expect(await isOld(1, 6)).toBe(true)
  })
})

describe('an answer does not count as older', () => {
  it('than a deleted row that had the same id', async () => {
    const { settle, isOld } = openRow()
    await settle(9, 1)
    await settle(1, 5, { isNew: true, began: 1 })
    expect(await isOld(1, 5)).toBe(false)
  })

  it('than a write more than a minute ago, also after a write with a lesser version', async () => {
    const { settle, isOld } = openRow()
    await settle(9, 0)
    await settle(2, LAG + 1)
    expect(await isOld(2, LAG + 1)).toBe(false)
    expect(await isOld(1, LAG + 1)).toBe(true)
  })
})

describe('a write', () => {
  const id = tag('', 'User{id:1}')
  const other = tag('', 'User{id:2}')
  const written = new Map([id, other].map((tag) => [tag.id, { version: 4, isNew: false }]))
  const [expected, unexpected] = [new Error('no'), new Error('perhaps')]

  /** @returns the versions that the store remembers of two rows, one of which is touched. */
  async function end(outcome: () => Promise<unknown>) {
    const store = memory()
    const telemetry = new Telemetry()
    const holdUntil = () => undefined
    const owed = new OwedTouches({ store, telemetry, holdUntil, everything: () => [] })
    const clock = () => NOW
    const members = new Members({ store, keyspace: '', clock, stopwatch: clock })
    const options = {
      store,
      owed,
      members,
      telemetry,
      clock,
      holdUntil,
      writeDeadline: 10_000,
      rejectWrites: false,
    }
    const write = new Write(options)
    const report = write.announce([id])
    report([id], written)
    const outcomeOf = (error: unknown) => (error === expected ? 'unwritten' : 'unknown')
    await write.endWith(outcome(), outcomeOf).catch(() => undefined)
    return (await store.states([id.id, other.id])).map(({ row }) => row)
  }

  it('that happened stores the versions of the rows that it touched', async () => {
    const row = { version: 4, until: NOW + LAG }
    expect(await end(async () => 'done')).toEqual([row, undefined])
  })

  it.each([
    ['did not happen', expected],
    ['may have happened', unexpected],
  ])('that %s stores no versions', async (_, error) => {
    expect(await end(() => Promise.reject(error))).toEqual([undefined, undefined])
  })
})

describe('if one write changes a row several times', () => {
  const tag = newTag()
  const all = (...parts: WrittenVersion[]): WrittenVersion | undefined => {
    const rows = new Map<TagId, WrittenVersion>()
    for (const part of parts) addWritten(rows, new Map([[tag, part]]) satisfies WrittenVersions)
    return rows.get(tag)
  }

  it('its greatest version counts', () => {
    const [less, greater] = [2, 3].map((version) => ({ version, isNew: false }))
    expect(all(less as WrittenVersion, greater as WrittenVersion, less as WrittenVersion)).toEqual(
      greater,
    )
  })

  it('a created row stays new when it is updated', () => {
    expect(all({ version: 1, isNew: true }, { version: 2, isNew: false })).toEqual({
      version: 2,
      isNew: true,
    })
  })

  it('a created row replaces a deleted row with the same id', () => {
    expect(all({ version: 9, isNew: false }, { version: 1, isNew: true })).toEqual({
      version: 1,
      isNew: true,
    })
  })
})
