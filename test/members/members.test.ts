import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Members } from '../../src/members/members.js'
import type { TagId } from '../../src/plan/tag.js'
import type { Board, RosterId } from '../../src/store/store.js'
import type { Recovery } from '../../src/telemetry/events.js'
import { newTag } from '../store/new-records.js'
import { sharedMemory } from '../support/shared-memory.js'

const DEADLINE = 10_000
const EVERYTHING = [newTag(), newTag()]

/** The store, its time, and what was invalidated in it. */
interface Cluster {
  readonly store: ReturnType<typeof sharedMemory>
  readonly touched: (readonly TagId[])[]
  readonly recoveries: Recovery[]
  now: number
}

let cluster: Cluster

beforeEach(() => {
  vi.useFakeTimers()
  cluster = { store: sharedMemory(), touched: [], recoveries: [], now: 0 }
  return () => {
    vi.useRealTimers()
  }
})

interface Given {
  readonly board?: Partial<Board>
  readonly isStrict?: boolean
  readonly everything?: readonly TagId[]
}

/** Starts a process. Its timers do not run, so it beats only when it is asked to. */
function start({ board, isStrict = false, everything = EVERYTHING }: Given = {}): Members {
  const { store } = cluster
  const clock = () => cluster.now
  const members = new Members({
    store: { ...store, board: { ...store.board, ...board } },
    keyspace: 'shop',
    clock,
    stopwatch: clock,
  })
  members.join({
    everything: () => everything,
    deadline: DEADLINE,
    isStrict,
    touch: async (tags) => {
      cluster.touched.push(tags)
    },
    report: (recovery) => cluster.recoveries.push(recovery),
    failed: () => undefined,
  })
  return members
}

/** Announces a write to a tag, and leaves it under way. */
async function write(members: Members, tag = newTag()) {
  const announcement = members.announce()
  announcement.add([tag])
  await announcement.ready()
  return { tag, announcement }
}

/** Lets time pass in which these processes beat, and the others do not. */
async function pass(milliseconds: number, ...alive: readonly Members[]): Promise<void> {
  for (let left = milliseconds; left > 0; left -= 4_000) {
    cluster.now += Math.min(left, 4_000)
    for (const members of alive) await members.look()
  }
}

const isTouched = (tag: TagId) => cluster.touched.some((tags) => tags.includes(tag))

describe('in a new store', () => {
  it('the first process invalidates everything once, and says so', async () => {
    const one = start()
    expect(one.isCurrent(false)).toBe(false)
    await one.look()
    expect(one.isCurrent(false)).toBe(true)
    await start().look()
    expect(cluster.touched).toEqual([EVERYTHING])
    expect(cluster.recoveries).toEqual([{ members: 0, isWhole: true }])
  })

  it('a process with other tables invalidates its own, too', async () => {
    await start().look()
    const others = [newTag()]
    await start({ everything: others }).look()
    expect(cluster.touched).toEqual([EVERYTHING, others])
  })
})

describe('a process that stops in the middle of a write', () => {
  it('is noticed by the others after its deadline, and what it intended is invalidated', async () => {
    const [reader, writer] = [start(), start()]
    await reader.look()
    const { tag } = await write(writer)
    await pass(DEADLINE, reader)
    expect(isTouched(tag)).toBe(false)
    await pass(4_000, reader)
    expect(isTouched(tag)).toBe(true)
    expect(cluster.recoveries.at(-1)).toEqual({ members: 1, isWhole: false })
  })

  it('is repaired once: it is off the roster, and its intents are gone', async () => {
    const [one, other, writer] = [start(), start(), start()]
    for (const members of [one, other]) await members.look()
    await write(writer)
    await pass(DEADLINE + 8_000, one)
    const { length } = cluster.touched
    await pass(2 * DEADLINE, one)
    await pass(1, other)
    expect(cluster.touched.length).toBe(length)
  })

  it('is not forgotten where all processes stop: the next one invalidates what it intended', async () => {
    const { tag } = await write(start())
    await pass(5 * DEADLINE)
    const next = start()
    await next.look()
    expect(isTouched(tag)).toBe(true)
  })

  it('is noticed before the store answers a read of a process that did not look for long', async () => {
    const [reader, writer] = [start(), start()]
    await reader.look()
    const { tag } = await write(writer)
    await pass(4_000, reader)
    await pass(2 * DEADLINE)
    expect(reader.isCurrent(false)).toBe(false)
    await reader.look()
    expect(isTouched(tag)).toBe(true)
  })
})

describe('a process that lives', () => {
  it('is never taken for gone, however long its write takes', async () => {
    const [reader, writer] = [start(), start()]
    await reader.look()
    const { tag } = await write(writer)
    await pass(5 * DEADLINE, reader, writer)
    expect(isTouched(tag)).toBe(false)
  })

  it('that stood still, and counts as gone, joins anew and intends again before a write goes on', async () => {
    const [reader, writer] = [start(), start()]
    await reader.look()
    const { tag, announcement } = await write(writer)
    await pass(2 * DEADLINE, reader)
    expect(isTouched(tag)).toBe(true)
    cluster.touched.length = 0
    await announcement.ready()
    await pass(2 * DEADLINE, reader)
    expect(isTouched(tag)).toBe(true)
  })

  it('leaves when it is closed, and then nothing is invalidated for it', async () => {
    const [reader, writer] = [start(), start()]
    await reader.look()
    const { tag, announcement } = await write(writer)
    announcement.end()
    await writer.leave()
    await pass(2 * DEADLINE, reader)
    expect(isTouched(tag)).toBe(false)
  })

  it('does not leave while a write is under way', async () => {
    const [reader, writer] = [start(), start()]
    await reader.look()
    const { tag } = await write(writer)
    await writer.leave()
    await pass(2 * DEADLINE, reader)
    expect(isTouched(tag)).toBe(true)
  })

  it('can be used again after it has left', async () => {
    const [reader, writer] = [start(), start()]
    await reader.look()
    await writer.leave()
    const { tag } = await write(writer)
    await pass(2 * DEADLINE, reader)
    expect(isTouched(tag)).toBe(true)
  })

  it('beats every second while it is used, and stops a minute after that', async () => {
    const beat = vi.spyOn(cluster.store.board, 'beat')
    const one = start()
    await one.look()
    for (let second = 0; second < 120; second += 1) {
      cluster.now += 1_000
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(beat.mock.calls.length).toBeGreaterThan(55)
    expect(beat.mock.calls.length).toBeLessThan(65)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('intents', () => {
  it('of writes that begin in one turn share a record, and one call', async () => {
    const intend = vi.fn(cluster.store.board.intend)
    const writer = start({ board: { intend } })
    await write(writer)
    intend.mockClear()
    const announcements = Array.from({ length: 20 }, () => writer.announce())
    for (const announcement of announcements) announcement.add([newTag()])
    await Promise.all(announcements.map((announcement) => announcement.ready()))
    expect(intend).toHaveBeenCalledOnce()
  })

  it('of many writes at once are all found, also beyond the number of records', async () => {
    const [reader, writer] = [start(), start()]
    await reader.look()
    const tags: TagId[] = []
    for (let n = 0; n < 100; n += 1) tags.push((await write(writer)).tag)
    await pass(2 * DEADLINE, reader)
    expect(tags.filter((tag) => !isTouched(tag))).toEqual([])
  })

  it('grow with a transaction, and are written only where that adds a tag', async () => {
    const intend = vi.fn(cluster.store.board.intend)
    const [reader, writer] = [start(), start({ board: { intend } })]
    await reader.look()
    const { tag, announcement } = await write(writer)
    const another = newTag()
    for (const added of [[tag], [tag, another], [another]]) {
      announcement.add(added)
      await announcement.ready()
    }
    expect(intend).toHaveBeenCalledTimes(2)
    await pass(2 * DEADLINE, reader)
    expect([tag, another].every(isTouched)).toBe(true)
  })

  it('that name very many tags name all', async () => {
    const [reader, writer] = [start(), start()]
    await reader.look()
    cluster.touched.length = 0
    const announcement = writer.announce()
    announcement.add(Array.from({ length: 20_001 }, newTag))
    await announcement.ready()
    await pass(2 * DEADLINE, reader)
    expect(cluster.touched).toEqual([EVERYTHING])
  })

  it.each(['gibberish', 'a b c', '\u0000', 'x'.repeat(23)])(
    'that cannot be read stand for everything: %j',
    async (text) => {
      const reader = start()
      const { intend } = cluster.store.board
      const writer = start({ board: { intend: (intent) => intend(intent, text) } })
      await reader.look()
      await write(writer)
      cluster.touched.length = 0
      await pass(2 * DEADLINE, reader)
      expect(cluster.touched).toEqual([EVERYTHING])
    },
  )

  it('that the store does not take make the write wait for nothing, and the next one try again', async () => {
    let isDown = false
    const { intend } = cluster.store.board
    const fail = async () => {
      throw new Error('unreachable')
    }
    const writer = start({
      board: { intend: (...call) => (isDown ? fail() : intend(...call)) },
    })
    const reader = start()
    await reader.look()
    await write(writer)
    isDown = true
    const announcement = writer.announce()
    const tag = newTag()
    announcement.add([tag])
    await expect(announcement.ready()).rejects.toThrow('unreachable')
    isDown = false
    announcement.add([newTag()])
    await announcement.ready()
    await pass(2 * DEADLINE, reader)
    expect(isTouched(tag)).toBe(true)
  })
})

describe('a roster', () => {
  const ROSTER = expect.stringMatching(/^roster-/) as string as RosterId

  it('that is lost makes every process invalidate everything before the store answers', async () => {
    const one = start()
    await one.look()
    const lost = sharedMemory().board
    let isLost = false
    const { beat, cleaned } = cluster.store.board
    const another = start({
      board: {
        beat: (...call) => (isLost ? lost.beat(...call) : beat(...call)),
        cleaned: (...call) => (isLost ? lost.cleaned(...call) : cleaned(...call)),
      },
    })
    await another.look()
    cluster.touched.length = 0
    isLost = true
    await pass(4_000, another)
    expect(cluster.touched).toEqual([EVERYTHING])
    expect(another.isCurrent(false)).toBe(true)
  })

  it('with lines that no process wrote does no harm', async () => {
    const beat = vi.fn(cluster.store.board.beat)
    const one = start({
      board: {
        async beat(...call) {
          const found = await beat(...call)
          if (found === undefined) return undefined
          const hostile = ['', 'x', 'a b c d', `y -1 9999999999 1e400 strict`, 'z 1 2 3 \u0000']
          const lines = new Map([
            ...found.lines,
            ...hostile.map((line, n) => [`hostile${n}` as never, line] as const),
          ])
          return { ...found, lines }
        },
      },
    })
    await one.look()
    await pass(5 * DEADLINE, one)
    expect(one.isCurrent(false)).toBe(true)
    expect(beat.mock.calls[0]?.[0]).toEqual(ROSTER)
  })

  it('that cannot be read keeps the store from answering', async () => {
    const one = start({ board: { beat: () => Promise.reject(new Error('unreachable')) } })
    await expect(one.look()).rejects.toThrow('unreachable')
    expect(one.isCurrent(false)).toBe(false)
  })

  it('of 300 processes is one record, which each reads and writes once in a beat', async () => {
    const calls = { beats: 0, others: 0 }
    const { board } = cluster.store
    const count = <K extends keyof Board>(name: K) =>
      ((...call: never[]) => {
        if (name === 'beat') calls.beats += 1
        else calls.others += 1
        return (board[name] as (...all: never[]) => unknown)(...call)
      }) as Board[K]
    const counted = Object.fromEntries(
      (Object.keys(board) as (keyof Board)[]).map((name) => [name, count(name)]),
    )
    const all = Array.from({ length: 300 }, () => start({ board: counted }))
    for (const members of all) await members.look()
    Object.assign(calls, { beats: 0, others: 0 })
    cluster.now += 4_000
    for (const members of all) await members.look()
    expect(calls).toEqual({ beats: 300, others: 0 })
  })
})

describe('a strict process', () => {
  it('lets the store answer only when every writer must have seen it', async () => {
    const [strict, writer] = [start({ isStrict: true }), start()]
    await writer.look()
    await strict.look()
    expect(strict.isCurrent(true)).toBe(false)
    await pass(DEADLINE, strict, writer)
    expect(strict.isCurrent(true)).toBe(true)
  })

  it('has writers mark their tags, those of writes under way, too', async () => {
    const marksOf = async (tag: TagId) => (await cluster.store.states([tag]))[0]?.marks.length
    const writer = start()
    const { tag, announcement } = await write(writer)
    expect(await marksOf(tag)).toBe(0)
    await start({ isStrict: true }).look()
    await pass(4_000, writer)
    expect(await marksOf(tag)).toBe(1)
    const next = await write(writer)
    expect(await marksOf(next.tag)).toBe(1)
    for (const ended of [announcement, next.announcement]) ended.end()
  })

  it('has the marks of a slow write renewed', async () => {
    const [strict, writer] = [start({ isStrict: true }), start()]
    for (const members of [strict, writer]) await members.look()
    await pass(DEADLINE, strict, writer)
    const { tag } = await write(writer)
    await pass(300_000, strict, writer)
    const [state] = await cluster.store.states([tag])
    expect(state?.marks).toHaveLength(1)
    expect(state?.marks[0]?.deadline).toBeGreaterThan(cluster.now)
  })
})

describe('a store that only this process uses', () => {
  it('has no members: nothing is announced, and it may answer at once', async () => {
    const { board: _, ...store } = cluster.store
    const mark = vi.spyOn(store, 'mark')
    const alone = new Members({ store, keyspace: '', clock: () => 0, stopwatch: () => 0 })
    const announcement = alone.announce()
    announcement.add([newTag()])
    await announcement.ready()
    expect(alone.isCurrent(true)).toBe(true)
    await alone.look()
    await alone.leave()
    expect(mark).not.toHaveBeenCalled()
  })
})
