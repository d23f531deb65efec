import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TagId } from '../../src/plan/tag.js'
import { memory } from '../../src/store/memory.js'
import type { SettledRow, SettledRows, Store } from '../../src/store/store.js'
import { Telemetry } from '../../src/telemetry/telemetry.js'
import { OwedTouches } from '../../src/touch/owed-touches.js'
import { newTag } from '../store/new-records.js'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

/** Makes a store that refuses to settle while it cannot be reached, and that records what it settles. */
function createStore() {
  const settled: TagId[][] = []
  const rows: (SettledRows | undefined)[] = []
  const state: { isUnreachable: boolean; beforeSettling?: (() => void) | undefined } = {
    isUnreachable: true,
  }
  const store: Store = {
    ...memory(),
    async touch({ tags, rows: written }) {
      state.beforeSettling?.()
      if (state.isUnreachable) throw new Error('unreachable')
      settled.push([...tags])
      rows.push(written)
    },
  }
  return { store, state, settled, rows }
}

function owe(everything: readonly TagId[] = []) {
  const created = createStore()
  const telemetry = new Telemetry()
  const owed = new OwedTouches({
    store: created.store,
    telemetry,
    holdUntil: () => undefined,
    everything: () => everything,
  })
  return { ...created, owed, telemetry }
}

describe('touches that the store did not receive', () => {
  it('are sent again until they arrive, together and without repetitions', async () => {
    const { owed, state, settled } = owe()
    const [one, other] = [newTag(), newTag()]
    owed.add([one])
    owed.add([other, one])
    await vi.advanceTimersByTimeAsync(2_000)
    expect(owed.isEmpty).toBe(false)
    state.isUnreachable = false
    await vi.advanceTimersByTimeAsync(500)
    expect(settled).toEqual([[one, other]])
    expect(owed.isEmpty).toBe(true)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(settled).toHaveLength(1)
  })

  it('are sent less and less often, but at least every half second', async () => {
    const { owed, telemetry } = owe()
    owed.add([newTag()])
    await vi.advanceTimersByTimeAsync(1_000)
    const first = telemetry.stats().errors
    await vi.advanceTimersByTimeAsync(10_000)
    const later = telemetry.stats().errors - first
    expect(first).toBeGreaterThanOrEqual(4)
    expect(later).toBeGreaterThanOrEqual(19)
    expect(later).toBeLessThanOrEqual(21)
  })

  it('are delivered after those that are being delivered', async () => {
    const { owed, state, settled } = owe()
    const [one, other] = [newTag(), newTag()]
    owed.add([one])
    state.isUnreachable = false
    state.beforeSettling = () => {
      state.beforeSettling = undefined
      owed.add([other, one])
    }
    await owed.deliver()
    expect(owed.isEmpty).toBe(false)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(settled).toEqual([[one], [other, one]])
    expect(owed.isEmpty).toBe(true)
  })

  it('become a touch of everything where there are too many to remember', async () => {
    const everything = [newTag(), newTag()]
    const { owed, state, settled } = owe(everything)
    for (let n = 0; n < 10_001; n += 1) owed.add([`tag ${n}` as TagId])
    state.isUnreachable = false
    await vi.advanceTimersByTimeAsync(1_000)
    expect(settled.flat()).toEqual(everything)
  })

  it('bring the greatest version of each row that their writes changed', async () => {
    const { owed, state, rows } = owe()
    const [one, other, third] = [newTag(), newTag(), newTag()]
    const row = (version: number): SettledRow => ({ version, until: 60_000, forgets: 0 })
    owed.add([one, other], { rows: new Map([[one, row(4)]]) })
    await vi.advanceTimersByTimeAsync(1_000)
    owed.add([one, third], {
      rows: new Map([
        [one, row(3)],
        [third, row(1)],
      ]),
    })
    state.isUnreachable = false
    await vi.advanceTimersByTimeAsync(1_000)
    owed.add([one])
    await vi.advanceTimersByTimeAsync(1_000)
    const first = new Map([
      [one, row(4)],
      [third, row(1)],
    ])
    expect(rows).toEqual([first, new Map()])
  })

  it('bring no versions where there are too many to remember', async () => {
    const { owed, state, rows } = owe([newTag()])
    const tags = Array.from({ length: 10_001 }, (_, n) => `tag ${n}` as TagId)
    const rowsOwed = new Map([['tag 1' as TagId, { version: 1, until: 60_000, forgets: 0 }]])
    owed.add(tags, { rows: rowsOwed })
    state.isUnreachable = false
    await vi.advanceTimersByTimeAsync(1_000)
    expect(rows).toEqual([new Map()])
  })
})
