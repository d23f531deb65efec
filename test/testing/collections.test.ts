import Aerospike, { type Client } from 'aerospike'
import { beforeEach, describe, expect, it } from 'vitest'
import { codeOf, testKey } from './client.js'
import { client, server, set, useServer } from './connected.js'

const { maps, lists, operations: ops, cdt } = Aerospike
const { UNORDERED, KEY_ORDERED, KEY_VALUE_ORDERED } = maps.order
const { CREATE_ONLY, UPDATE_ONLY, NO_FAIL, PARTIAL } = maps.writeFlags
const Return = maps.returnType

useServer()

const key = () => testKey(server.namespace, set, 'k')
const store = (bins: Record<string, unknown>) => client.put(key(), bins as never)
const bins = async () => (await client.get(key())).bins
type Operation = Parameters<Client['operate']>[1][number]
const run = async (operation: Operation) => (await client.operate(key(), [operation])).bins
const failure = (operation: Operation) => codeOf(client.operate(key(), [operation]))

describe.each([
  ['unordered', UNORDERED],
  ['ordered by key', KEY_ORDERED],
  ['ordered by key and value', KEY_VALUE_ORDERED],
])('a map that is %s', (_, order) => {
  const mapPolicy = new Aerospike.MapPolicy({ order, writeFlags: 0 })
  const withFlags = (writeFlags: number) => new Aerospike.MapPolicy({ order, writeFlags })

  beforeEach(async () => {
    await client.operate(key(), [
      maps.putItems('m', { a: 3, b: 1, c: 2, d: 2 }, mapPolicy),
      ops.write('other', 1),
    ])
  })

  it('stores entries and returns its size', async () => {
    expect(await run(maps.put('m', 'e', 9, mapPolicy))).toEqual({ m: 5 })
    expect(await run(maps.put('m', 'a', 0, mapPolicy))).toEqual({ m: 5 })
    expect(await run(maps.size('m'))).toEqual({ m: 5 })
    expect((await bins()).m).toEqual({ a: 0, b: 1, c: 2, d: 2, e: 9 })
  })

  it('is created with the first entry', async () => {
    expect(await run(maps.put('fresh', 'x', 1, mapPolicy))).toEqual({ fresh: 1 })
    expect(await run(maps.increment('count', 'x', 5, mapPolicy))).toEqual({ count: 5 })
  })

  it('increments and decrements values, also missing ones', async () => {
    expect(await run(maps.increment('m', 'a', 4, mapPolicy))).toEqual({ m: 7 })
    expect(await run(maps.increment('m', 'new', 2, mapPolicy))).toEqual({ m: 2 })
    expect(await run(maps.decrement('m', 'a', 1, mapPolicy))).toEqual({ m: 6 })
  })

  it('obeys its write flags', async () => {
    expect(await failure(maps.put('m', 'a', 0, withFlags(CREATE_ONLY)))).toBe(24)
    expect(await failure(maps.put('m', 'x', 0, withFlags(UPDATE_ONLY)))).toBe(23)
    expect(await run(maps.put('m', 'a', 0, withFlags(CREATE_ONLY | NO_FAIL)))).toEqual({ m: 4 })
    const items = { a: 0, x: 7 }
    await run(maps.putItems('m', items, withFlags(CREATE_ONLY | NO_FAIL | PARTIAL)))
    expect((await bins()).m).toEqual({ a: 3, b: 1, c: 2, d: 2, x: 7 })
  })

  it('is read by key', async () => {
    expect(await run(maps.getByKey('m', 'a', Return.VALUE))).toEqual({ m: 3 })
    expect(await run(maps.getByKey('m', 'zz', Return.VALUE))).toEqual({ m: null })
    expect(await run(maps.getByKey('m', 'b', Return.INDEX))).toEqual({ m: 1 })
    expect(await run(maps.getByKey('m', 'b', Return.RANK))).toEqual({ m: 0 })
    expect(await run(maps.getByKey('m', 'zz', Return.EXISTS))).toEqual({ m: false })
    expect(await run(maps.getByKeyList('m', ['c', 'a', 'zz'], Return.COUNT))).toEqual({ m: 2 })
    expect(await run(maps.getByKeyRange('m', 'b', 'd', Return.KEY))).toEqual({ m: ['b', 'c'] })
    expect(await run(maps.getByKeyRange('m', 'b', null, Return.COUNT))).toEqual({ m: 3 })
  })

  it('is read by index, from both ends', async () => {
    expect(await run(maps.getByIndex('m', 0, Return.KEY))).toEqual({ m: 'a' })
    expect(await run(maps.getByIndex('m', -1, Return.KEY))).toEqual({ m: 'd' })
    expect(await run(maps.getByIndexRange('m', 1, 2, Return.KEY))).toEqual({ m: ['b', 'c'] })
    expect(await run(maps.getByIndexRange('m', -2, undefined, Return.KEY))).toEqual({
      m: ['c', 'd'],
    })
    expect(await failure(maps.getByIndex('m', 9, Return.KEY))).toBe(26)
  })

  it('is read by rank and by value', async () => {
    expect(await run(maps.getByRank('m', 0, Return.KEY))).toEqual({ m: 'b' })
    expect(await run(maps.getByRank('m', -1, Return.VALUE))).toEqual({ m: 3 })
    expect(await run(maps.getByValue('m', 2, Return.KEY))).toEqual({ m: ['c', 'd'] })
    expect(await run(maps.getByValueRange('m', 2, 3, Return.COUNT))).toEqual({ m: 2 })
  })

  it('returns entries', async () => {
    const both = await run(maps.getByKeyList('m', ['a', 'c'], Return.ORDERED_MAP))
    expect(both).toEqual({ m: { a: 3, c: 2 } })
    const pairs = await run(maps.getByIndexRange('m', 0, 2, Return.KEY_VALUE))
    expect(pairs).toEqual({ m: ['a', 3, 'b', 1] })
  })

  it('removes entries by key, and returns them', async () => {
    expect(await run(maps.removeByKey('m', 'a', Return.VALUE))).toEqual({ m: 3 })
    expect(await run(maps.removeByKey('m', 'a', Return.VALUE))).toEqual({ m: null })
    expect(await run(maps.removeByKeyList('m', ['b', 'zz'], Return.KEY))).toEqual({ m: ['b'] })
    expect(await run(maps.removeByKeyRange('m', 'a', 'd', Return.COUNT))).toEqual({ m: 1 })
    expect((await bins()).m).toEqual({ d: 2 })
  })

  it('removes entries by a range of values', async () => {
    const removed = await run(maps.removeByValueRange('m', 2, 4, Return.COUNT))
    expect(removed).toEqual({ m: 3 })
    expect((await bins()).m).toEqual({ b: 1 })
  })

  it('removes everything except a range with the flag INVERTED', async () => {
    await run(maps.removeByKeyRange('m', 'b', 'd', Return.COUNT | Return.INVERTED))
    expect((await bins()).m).toEqual({ b: 1, c: 2 })
  })

  it('still exists when it is empty', async () => {
    await run(maps.clear('m'))
    expect((await bins()).m).toEqual({})
    expect(await run(maps.size('m'))).toEqual({ m: 0 })
  })

  it('can get another order', async () => {
    await run(maps.setPolicy('m', new Aerospike.MapPolicy({ order: KEY_ORDERED })))
    expect((await bins()).m).toEqual({ a: 3, b: 1, c: 2, d: 2 })
  })
})

describe('a map operation', () => {
  it('on a bin of another type is refused with code 12', async () => {
    await store({ m: 'text' })
    expect(await failure(maps.put('m', 'a', 1))).toBe(12)
    expect(await failure(maps.size('m'))).toBe(12)
  })

  it('that removes an entry does not create a missing map', async () => {
    await store({ other: 1 })
    await run(maps.removeByKey('m', 'a'))
    expect(await bins()).toEqual({ other: 1 })
  })

  it('that removes an entry of a missing record is refused with code 2', async () => {
    expect(await failure(maps.removeByKey('m', 'a'))).toBe(2)
  })

  it('changes a map inside a map', async () => {
    await store({ m: { inner: { x: 1 } } })
    const context = new cdt.Context().addMapKey('inner')
    await run(maps.put('m', 'y', 2).withContext(context))
    expect((await bins()).m).toEqual({ inner: { x: 1, y: 2 } })
    const missing = maps.put('m', 'y', 2).withContext(new cdt.Context().addMapKey('none'))
    expect(await failure(missing)).toBe(26)
  })

  it('distinguishes integer keys from string keys', async () => {
    await run(maps.put('m', 1 as never, 'int'))
    await run(maps.put('m', '1', 'string'))
    expect(await run(maps.getByKey('m', 1 as never, Return.VALUE))).toEqual({ m: 'int' })
    expect(await run(maps.getByKey('m', '1', Return.VALUE))).toEqual({ m: 'string' })
  })
})

describe('a list', () => {
  const value = lists.returnType.VALUE

  beforeEach(() => store({ l: [3, 1, 2, 1] }))

  it('grows at its end and in the middle', async () => {
    expect(await run(lists.append('l', 9))).toEqual({ l: 5 })
    expect(await run(lists.appendItems('l', [8, 7]))).toEqual({ l: 7 })
    expect(await run(lists.insert('l', 1, 'x'))).toEqual({ l: 8 })
    expect((await bins()).l).toEqual([3, 'x', 1, 2, 1, 9, 8, 7])
  })

  it('is padded with null if a value is inserted after its end', async () => {
    await run(lists.insert('l', 6, 'far'))
    expect((await bins()).l).toEqual([3, 1, 2, 1, null, null, 'far'])
  })

  it('is read by index, by value and by rank', async () => {
    expect(await run(lists.size('l'))).toEqual({ l: 4 })
    expect(await run(lists.get('l', 0))).toEqual({ l: 3 })
    expect(await run(lists.get('l', -1))).toEqual({ l: 1 })
    expect(await run(lists.getRange('l', 1, 2))).toEqual({ l: [1, 2] })
    expect(await run(lists.getByValue('l', 1, lists.returnType.INDEX))).toEqual({ l: [1, 3] })
    expect(await run(lists.getByRank('l', -1, value))).toEqual({ l: 3 })
    expect(await failure(lists.get('l', 9))).toBe(26)
  })

  it('is changed in place', async () => {
    await run(lists.set('l', 1, 'one'))
    expect(await run(lists.increment('l', 0, 4))).toEqual({ l: 7 })
    expect((await bins()).l).toEqual([7, 'one', 2, 1])
  })

  it('removes elements', async () => {
    expect(await run(lists.pop('l', 0))).toEqual({ l: 3 })
    expect(await run(lists.remove('l', 0))).toEqual({ l: 1 })
    expect((await bins()).l).toEqual([2, 1])
    expect(await run(lists.removeRange('l', 0, 1))).toEqual({ l: 1 })
    await run(lists.clear('l'))
    expect((await bins()).l).toEqual([])
  })

  it('removes elements by value', async () => {
    const removed = await run(lists.removeByValue('l', 1, lists.returnType.COUNT))
    expect(removed).toEqual({ l: 2 })
    expect((await bins()).l).toEqual([3, 2])
  })

  it('is trimmed and sorted', async () => {
    await run(lists.sort('l', lists.sortFlags.DROP_DUPLICATES))
    expect((await bins()).l).toEqual([1, 2, 3])
    expect(await run(lists.trim('l', 1, 1))).toEqual({ l: 2 })
    expect((await bins()).l).toEqual([2])
  })

  it('that is ordered keeps its elements in order, and refuses duplicates with ADD_UNIQUE', async () => {
    const unique = new Aerospike.ListPolicy({
      order: lists.order.ORDERED,
      writeFlags: lists.writeFlags.ADD_UNIQUE,
    })
    for (const element of [3, 1, 2]) await run(lists.append('o', element, unique))
    expect((await bins()).o).toEqual([1, 2, 3])
    expect(await failure(lists.append('o', 2, unique))).toBe(24)
    expect(await failure(lists.insert('o', 0, 9))).toBe(26)
  })
})
