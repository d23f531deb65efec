import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Members } from '../../src/members/members.js'
import { tag } from '../../src/plan/tag.js'
import type { Touched } from '../../src/store/store.js'
import { Telemetry } from '../../src/telemetry/telemetry.js'
import { OwedTouches } from '../../src/touch/owed-touches.js'
import { Write } from '../../src/write/write.js'
import { sharedMemory } from '../support/shared-memory.js'

const DEADLINE = 10_000
const user = tag('', 'User')

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Announces a write in a store that may be down, and tells what it touches there. */
async function begin() {
  const shared = sharedMemory()
  const state = { isDown: false }
  const touched: Touched[] = []
  const store = {
    ...shared,
    async touch(given: Touched) {
      if (state.isDown) throw new Error('unreachable')
      touched.push(given)
      await shared.touch(given)
    },
  }
  const telemetry = new Telemetry()
  const clock = () => Date.now()
  const holdUntil = () => undefined
  const members = new Members({ store, keyspace: '', clock, stopwatch: clock })
  members.join({
    everything: () => [],
    deadline: DEADLINE,
    isStrict: false,
    touch: async () => undefined,
    report: () => undefined,
    failed: () => undefined,
  })
  const owed = new OwedTouches({ store, telemetry, holdUntil, everything: () => [] })
  const write = new Write({
    store,
    members,
    owed,
    telemetry,
    clock,
    holdUntil,
    writeDeadline: DEADLINE,
    rejectWrites: false,
  })
  write.announce([user])
  await write.ready()
  const strike = vi.spyOn(store.board, 'strike')
  /** Whether the process may leave, which it may when no intent is needed any more. */
  const mayLeave = async () => {
    strike.mockClear()
    await members.leave()
    return strike.mock.calls.length > 0
  }
  return { write, touched, state, mayLeave }
}

it('a write that was written is settled once, and needs its intent no more', async () => {
  const { write, touched, mayLeave } = await begin()
  expect(await mayLeave()).toBe(false)
  await write.end('written')
  await vi.advanceTimersByTimeAsync(2 * DEADLINE)
  expect(touched.map(({ tags }) => tags)).toEqual([[user.id]])
  expect(await mayLeave()).toBe(true)
})

it('a write that was not written touches nothing', async () => {
  const { write, touched, mayLeave } = await begin()
  await write.end('unwritten')
  expect(touched).toEqual([])
  expect(await mayLeave()).toBe(true)
})

it('a write whose outcome is unknown is held, and settled again when it must be over', async () => {
  const { write, touched, mayLeave } = await begin()
  const began = Date.now()
  await write.end('unknown')
  expect(touched.map(({ holdUntil }) => holdUntil)).toEqual([began + DEADLINE])
  expect(await mayLeave()).toBe(false)
  await vi.advanceTimersByTimeAsync(DEADLINE)
  expect(touched.map(({ tags }) => tags)).toEqual([[user.id], [user.id]])
  expect(await mayLeave()).toBe(true)
})

it('a write whose touches the store did not take needs its intent until they have arrived', async () => {
  const { write, touched, state, mayLeave } = await begin()
  state.isDown = true
  await write.end('written')
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await mayLeave()).toBe(false)
  state.isDown = false
  await vi.advanceTimersByTimeAsync(1_000)
  expect(touched.map(({ tags }) => tags)).toEqual([[user.id]])
  expect(await mayLeave()).toBe(true)
})

it('what is announced after the end of a write, because nobody awaited it, is not intended', async () => {
  const { write, touched, mayLeave } = await begin()
  await write.end('unwritten')
  write.announce([tag('', 'Post')])
  await write.ready()
  await vi.advanceTimersByTimeAsync(10 * DEADLINE)
  expect(touched).toEqual([])
  expect(await mayLeave()).toBe(true)
})
