import Aerospike, { type Client } from 'aerospike'
import { describe, expect, it } from 'vitest'
import { codeOf, testKey } from './client.js'
import { client, server, set, useServer } from './connected.js'

const { batchType, operations: ops, maps, policy } = Aerospike

useServer()

const key = (name: string | number) => testKey(server.namespace, set, name)
const read = (name: string) => ({ type: batchType.BATCH_READ, key: key(name), readAllBins: true })
const binsOf = (rows: readonly { record: { bins: object } }[]) => rows.map((row) => row.record.bins)
type Row = Parameters<Client['batchWrite']>[0][number]
const batchRead = (rows: readonly object[]) => client.batchRead(rows as Row[])
const batchWrite = (rows: readonly object[]) => client.batchWrite(rows as Row[])
const statuses = (rows: readonly { status: unknown }[]) => rows.map(({ status }) => status)

describe('batchRead', () => {
  it('answers in the order of its rows, with code 2 for missing records', async () => {
    await client.put(key('a'), { v: 1 })
    await client.put(key('c'), { v: 3 })
    const rows = await batchRead([read('c'), read('b'), read('a')])
    expect(statuses(rows)).toEqual([0, 2, 0])
    expect(rows[0]?.record.bins).toEqual({ v: 3 })
    expect(rows[2]?.record.bins).toEqual({ v: 1 })
  })

  it('reads some bins, or executes read operations', async () => {
    await client.put(key('a'), { v: 1, w: 2, m: { x: 1, y: 2 } })
    const rows = await batchRead([
      { type: batchType.BATCH_READ, key: key('a'), bins: ['w'] },
      {
        type: batchType.BATCH_READ,
        key: key('a'),
        ops: [maps.getByKey('m', 'y', maps.returnType.VALUE)],
      },
      { type: batchType.BATCH_READ, key: key('a') },
    ])
    expect(binsOf(rows)).toEqual([{ w: 2 }, { m: 2 }, {}])
  })

  it('without rows returns an empty list', async () => {
    expect(await batchRead([])).toEqual([])
  })

  it('reads a record as often as it is requested', async () => {
    await client.put(key('a'), { v: 1 })
    const rows = await batchRead([read('a'), read('a'), read('a')])
    expect(binsOf(rows)).toEqual([{ v: 1 }, { v: 1 }, { v: 1 }])
  })

  it('reads hundreds of records in one batch', async () => {
    const names = Array.from({ length: 500 }, (_, i) => `r${i}`)
    await batchWrite(
      names.map((name, i) => ({
        type: batchType.BATCH_WRITE,
        key: key(name),
        ops: [ops.write('i', i), ops.write('pad', 'x'.repeat(500))],
      })),
    )
    const rows = await batchRead(names.map(read))
    expect(rows.map(({ record }) => record.bins.i)).toEqual(names.map((_, i) => i))
  })

  it('fails if the namespace does not exist', async () => {
    const row = { type: batchType.BATCH_READ, key: testKey('nope', set, 'a'), readAllBins: true }
    expect(await codeOf(batchRead([row]))).not.toBe(0)
  })
})

describe('batchWrite', () => {
  const row = (name: string, rowOps: object[], rowPolicy?: object) =>
    ({
      type: batchType.BATCH_WRITE,
      key: key(name),
      ops: rowOps,
      ...(rowPolicy && { policy: new Aerospike.BatchWritePolicy(rowPolicy) }),
    }) as Row

  it('writes bins, with the TTL of each row', async () => {
    const rows = await batchWrite([
      row('a', [ops.write('v', 1)], { ttl: 100 }),
      row('b', [ops.write('v', 2)]),
    ])
    expect(statuses(rows)).toEqual([0, 0])
    const a = await client.get(key('a'))
    expect(a.bins).toEqual({ v: 1 })
    expect(a.ttl).toBeGreaterThan(98)
    expect((await client.get(key('b'))).ttl).toBe(Aerospike.ttl.NEVER_EXPIRE)
  })

  it('executes operations, and returns what they read', async () => {
    await client.put(key('a'), { n: 1, m: { x: 1 } })
    const [a] = await batchWrite([
      row('a', [
        ops.incr('n', 2),
        maps.put('m', 'y', 2),
        maps.removeByKey('m', 'x'),
        ops.read('n'),
        maps.getByKey('m', 'y', maps.returnType.VALUE),
      ]),
    ])
    expect(a?.status).toBe(0)
    expect(a?.record.bins.n).toBe(3)
    expect((await client.get(key('a'))).bins).toEqual({ n: 3, m: { y: 2 } })
  })

  it('checks existence and generation (which the client sends as 0) for each row', async () => {
    await client.put(key('old'), { v: 1 })
    const { CREATE, UPDATE } = policy.exists
    const rows = await batchWrite([
      row('old', [ops.write('v', 2)], { exists: CREATE }),
      row('new', [ops.write('v', 2)], { exists: CREATE }),
      row('none', [ops.write('v', 2)], { exists: UPDATE }),
      row('old', [ops.write('v', 3)], { gen: policy.gen.EQ }),
    ])
    expect(statuses(rows)).toEqual([5, 0, 2, 3])
  })

  it('refuses a row that is too big with code 13 and writes the others', async () => {
    const rows = await batchWrite([
      row('big', [ops.write('b', Buffer.alloc(1024 * 1024))]),
      row('small', [ops.write('b', Buffer.alloc(10))]),
    ])
    expect(statuses(rows)).toEqual([13, 0])
  })

  it('executes reads, writes and removes in one batch', async () => {
    await client.put(key('r'), { v: 1 })
    await client.put(key('d'), { v: 1 })
    const rows = await batchWrite([
      read('r'),
      row('w', [ops.write('v', 2)]),
      { type: batchType.BATCH_REMOVE, key: key('d') },
      { type: batchType.BATCH_REMOVE, key: key('none') },
    ])
    expect(statuses(rows)).toEqual([0, 0, 0, 2])
    expect(rows[0]?.record.bins).toEqual({ v: 1 })
    expect(await client.exists(key('d'))).toBe(false)
  })
})

describe('batchRemove', () => {
  it('removes records, and answers with code 2 for missing ones', async () => {
    await client.put(key('a'), { v: 1 })
    const rows = await client.batchRemove([key('a'), key('b')])
    expect(statuses(rows)).toEqual([0, 2])
    expect(await client.exists(key('a'))).toBe(false)
  })
})

describe('a function in a batch', () => {
  it('is refused', async () => {
    const udf = { module: 'none', funcname: 'none', args: [] }
    const rows = client.batchApply([key('a')], udf)
    const code = await rows.then(statuses, (error: { code: number }) => [error.code])
    expect(code[0]).not.toBe(0)
    expect(await codeOf(client.put(key('a'), { v: 1 }))).toBe(0)
  })
})
