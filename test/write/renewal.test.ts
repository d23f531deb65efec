import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Background } from '../../src/event-loop/background.js'
import { tag } from '../../src/plan/tag.js'
import { memory } from '../../src/store/memory.js'
import type { Store } from '../../src/store/store.js'
import { Telemetry } from '../../src/telemetry/telemetry.js'
import { OwedTouches } from '../../src/touch/owed-touches.js'
import { Unmarking } from '../../src/write/unmarking.js'
import { Write } from '../../src/write/write.js'

const LIFETIME = 10_000
const user = tag('', 'User')

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

function begin(store: Store, terms: { blocking?: boolean } = {}) {
  const telemetry = new Telemetry()
  const holdUntil = () => undefined
  const owed = new OwedTouches({ store, telemetry, holdUntil, everything: () => [] })
  const clock = () => Date.now()
  const background = new Background()
  const unmarking = new Unmarking({ store, telemetry, background })
  const options = {
    store,
    owed,
    unmarking,
    telemetry,
    clock,
    holdUntil,
    writeDeadline: LIFETIME,
    rejectWrites: false,
  }
  const write = new Write(options, { lifetime: LIFETIME, ...terms })
  const deadlines = async () =>
    (await store.states([user.id])).flatMap(({ marks }) => marks.map(({ deadline }) => deadline))
  return { write, telemetry, deadlines }
}

it('a long write stays announced while its process lives', async () => {
  const { write, deadlines } = begin(memory())
  await write.announce([user])
  expect(await deadlines()).toEqual([LIFETIME])
  await vi.advanceTimersByTimeAsync(10 * LIFETIME)
  const [deadline = 0] = await deadlines()
  expect(deadline).toBeGreaterThan(Date.now())
  await write.end('written')
  expect(await deadlines()).toEqual([])
})

it.each(['written', 'unwritten'] as const)(
  'nothing is announced again after the end: %s',
  async (outcome) => {
    const { write, deadlines } = begin(memory())
    await write.announce([user])
    await write.end(outcome)
    // The marks are removed in the next turn of the event loop.
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(10 * LIFETIME)
    expect(await deadlines()).toEqual([])
  },
)

it('a write ends only after an announcement under way has arrived', async () => {
  const store = memory()
  let arrive: () => void = () => undefined
  const slow: Store = {
    ...store,
    async announce(tags, mark) {
      if (Date.now() > 0) await new Promise<void>((resolve) => (arrive = resolve))
      await store.announce(tags, mark)
    },
  }
  const { write, deadlines } = begin(slow)
  await write.announce([user])
  await vi.advanceTimersByTimeAsync(LIFETIME / 2)
  const settled = write.end('written')
  arrive()
  await settled
  expect(await deadlines()).toEqual([])
})

it('a failed announcement is counted as an error and repeated', async () => {
  const store = memory()
  let isUnreachable = false
  const flaky: Store = {
    ...store,
    async announce(tags, mark) {
      if (isUnreachable) throw new Error('unreachable')
      await store.announce(tags, mark)
    },
  }
  const { write, telemetry, deadlines } = begin(flaky)
  await write.announce([user])
  isUnreachable = true
  await vi.advanceTimersByTimeAsync(LIFETIME / 2)
  expect(telemetry.stats().errors).toBe(1)
  isUnreachable = false
  await vi.advanceTimersByTimeAsync(LIFETIME / 2)
  expect(await deadlines()).toEqual([2 * LIFETIME])
  await write.end('written')
})

it('a write whose end the cache does not see is not announced again', async () => {
  const { write, deadlines } = begin(memory(), { blocking: true })
  await write.announce([user])
  await vi.advanceTimersByTimeAsync(10 * LIFETIME)
  expect(await deadlines()).toEqual([LIFETIME])
})

it('a write that arrives at the store after its transaction has ended is not announced again', async () => {
  const store = memory()
  let arrive: () => void = () => undefined
  const slow: Store = {
    ...store,
    async announce(tags, mark) {
      await new Promise<void>((resolve) => (arrive = resolve))
      await store.announce(tags, mark)
    },
  }
  const { write, deadlines } = begin(slow)
  const unawaited = write.announce([user])
  await write.end('unwritten')
  arrive()
  await unawaited
  await vi.advanceTimersByTimeAsync(10 * LIFETIME)
  expect(vi.getTimerCount()).toBe(0)
  expect(await deadlines()).toEqual([])
})
