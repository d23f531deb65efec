import Aerospike, { type Client } from 'aerospike'
import { describe, expect, it } from 'vitest'
import { codeOf, freshSet, testKey } from './client.js'
import { client, server, set, useServer } from './connected.js'
import { askInfo } from './info-client.js'

const { policy } = Aerospike
const { EQ, GT } = policy.gen
const { CREATE, REPLACE, UPDATE, CREATE_OR_REPLACE } = policy.exists
const ops = Aerospike.operations
const TEN_YEARS = 315_360_000

useServer()

const key = (name: string | number | Buffer) => testKey(server.namespace, set, name)
const write = (fields: object) => new Aerospike.WritePolicy(fields)
const bins = async (name: string | number) => (await client.get(key(name))).bins

describe('a put', () => {
  it('stores values of every type', async () => {
    const values = {
      int: -7,
      big: 9_007_199_254_740_993n,
      double: 1.5,
      text: 'żółw',
      blob: Buffer.from([0, 255, 3]),
      yes: true,
      list: [1, 'two', [3]],
      map: { a: 1, b: { c: [2] } },
      geo: new Aerospike.GeoJSON({ type: 'Point', coordinates: [1, 2] }),
    }
    await client.put(key('types'), values)
    const { geo, ...rest } = await bins('types')
    const { geo: _, ...expected } = values
    expect(rest).toEqual(expected)
    expect(JSON.parse(String(geo))).toEqual({ type: 'Point', coordinates: [1, 2] })
  })

  it('keeps the other bins of the record', async () => {
    await client.put(key('k'), { a: 1 })
    await client.put(key('k'), { b: 2 })
    expect(await bins('k')).toEqual({ a: 1, b: 2 })
  })

  it('removes a bin that is written as null, and the record with the last one', async () => {
    await client.put(key('k'), { a: 1, b: 2 })
    await client.put(key('k'), { a: null })
    expect(await bins('k')).toEqual({ b: 2 })
    await client.put(key('k'), { b: null })
    expect(await client.exists(key('k'))).toBe(false)
  })

  it('distinguishes integer, string and blob keys', async () => {
    for (const name of [1, '1', Buffer.from('1')]) {
      await client.put(key(name), { v: typeof name === 'object' ? 'blob' : typeof name })
    }
    expect((await client.get(key(1))).bins).toEqual({ v: 'number' })
    expect((await client.get(key('1'))).bins).toEqual({ v: 'string' })
    expect((await client.get(key(Buffer.from('1')))).bins).toEqual({ v: 'blob' })
  })

  it('cuts string keys and values at NUL and keeps blobs exact', async () => {
    await client.put(key('a\0b'), { text: 'x\0y', blob: Buffer.from('x\0y') })
    expect(await bins('a')).toEqual({ text: 'x', blob: Buffer.from('x\0y') })
  })

  it('stores the key with the policy SEND, and a scan returns it', async () => {
    await client.put(key('sent'), { a: 1 }, {}, write({ key: policy.key.SEND }))
    await client.put(key('not sent'), { a: 1 })
    const keys = (await scan()).map((record) => record.key.key)
    expect(keys.toSorted()).toEqual(['sent', undefined])
  })

  it('of more than 1 MiB is refused with code 13, and the old value stays', async () => {
    await client.put(key('big'), { b: 'small' })
    expect(await codeOf(client.put(key('big'), { b: Buffer.alloc(1024 * 1024) }))).toBe(13)
    expect(await bins('big')).toEqual({ b: 'small' })
    expect(await codeOf(client.put(key('big'), { b: Buffer.alloc(1024 * 1024 - 200) }))).toBe(0)
  })

  it('is refused with code 20 in a namespace that does not exist', async () => {
    expect(await codeOf(client.put(testKey('nope', set, 'k'), { a: 1 }))).toBe(20)
  })

  it('accepts bin names of 15 characters', async () => {
    await client.put(key('names'), { abcdefghijklmno: 1 })
    expect(await bins('names')).toEqual({ abcdefghijklmno: 1 })
  })
})

describe('reading', () => {
  it('a missing record fails with code 2', async () => {
    expect(await codeOf(client.get(key('none')))).toBe(2)
    expect(await client.exists(key('none'))).toBe(false)
  })

  it('some bins returns those of them that exist', async () => {
    await client.put(key('k'), { a: 1, b: 2, c: 3 })
    expect((await client.select(key('k'), ['a', 'c', 'zz'])).bins).toEqual({ a: 1, c: 3 })
  })
})

describe('generations', () => {
  it('count the writes of a record', async () => {
    await client.put(key('k'), { a: 1 })
    await client.put(key('k'), { a: 2 })
    expect((await client.get(key('k'))).gen).toBe(2)
  })

  it('must be equal with EQ, where a missing record has generation 0', async () => {
    await client.put(key('k'), { a: 1 })
    const put = (name: string, gen: number) =>
      codeOf(client.put(key(name), { a: 2 }, { gen }, write({ gen: EQ })))
    expect(await put('k', 9)).toBe(3)
    expect(await put('k', 1)).toBe(0)
    expect(await put('none', 5)).toBe(3)
    expect(await put('fresh', 0)).toBe(0)
  })

  it('must be greater with GT', async () => {
    await client.put(key('k'), { a: 1 })
    await client.put(key('k'), { a: 1 })
    const put = (gen: number) => codeOf(client.put(key('k'), { a: 2 }, { gen }, write({ gen: GT })))
    expect(await put(2)).toBe(3)
    expect(await put(3)).toBe(0)
  })

  it('are also compared for a remove', async () => {
    await client.put(key('k'), { a: 1 })
    const remove = (generation: number) =>
      codeOf(client.remove(key('k'), new Aerospike.RemovePolicy({ gen: EQ, generation })))
    expect(await remove(7)).toBe(3)
    expect(await remove(1)).toBe(0)
  })

  it('continue with 1 after 65,535', { timeout: 60_000 }, async () => {
    const k = key('wrap')
    for (let written = 0; written < 65_535; ) {
      const chunk = Math.min(64, 65_535 - written)
      // The server executes the writes one after another. Their order does not matter, only their
      // number.
      const results = await Promise.all(
        Array.from({ length: chunk }, () => codeOf(client.put(k, { a: 1 }))),
      )
      written += results.filter((code) => code === 0).length
    }
    expect((await client.get(k)).gen).toBe(65_535)
    await client.put(k, { a: 2 })
    expect((await client.get(k)).gen).toBe(1)
  })
})

describe('exists policies', () => {
  const put = (name: string, exists: number, value = { b: 2 }) =>
    codeOf(client.put(key(name), value, {}, write({ exists })))

  it('CREATE creates a record, and fails with code 5 if it exists', async () => {
    expect(await put('k', CREATE)).toBe(0)
    expect(await put('k', CREATE)).toBe(5)
  })

  it('CREATE succeeds for exactly one of many callers', async () => {
    const results = await Promise.all(Array.from({ length: 50 }, () => put('race', CREATE)))
    expect(results.filter((code) => code === 0)).toHaveLength(1)
    expect(results.filter((code) => code === 5).length).toBeGreaterThan(40)
  })

  it('CREATE_OR_REPLACE and REPLACE remove all other bins', async () => {
    await client.put(key('k'), { a: 1 })
    expect(await put('k', CREATE_OR_REPLACE)).toBe(0)
    expect(await bins('k')).toEqual({ b: 2 })
    await client.put(key('k'), { a: 1 })
    expect(await put('k', REPLACE)).toBe(0)
    expect(await bins('k')).toEqual({ b: 2 })
  })

  it('REPLACE and UPDATE need a record, and fail with code 2 without one', async () => {
    expect(await put('none', REPLACE)).toBe(2)
    expect(await put('none', UPDATE)).toBe(2)
    await client.put(key('k'), { a: 1 })
    expect(await put('k', UPDATE)).toBe(0)
    expect(await bins('k')).toEqual({ a: 1, b: 2 })
  })
})

describe('the TTL of a write', () => {
  const ttlOf = async (name: string) => (await client.get(key(name))).ttl

  it('is the TTL of its meta data, in seconds', async () => {
    await client.put(key('k'), { a: 1 }, { ttl: 100 })
    expect(await ttlOf('k')).toBeGreaterThanOrEqual(99)
    expect(await ttlOf('k')).toBeLessThanOrEqual(100)
  })

  it('of 0, of -1 or without a value means that the record never expires', async () => {
    for (const meta of [{ ttl: 0 }, { ttl: -1 }, {}]) {
      await client.put(key('k'), { a: 1 }, meta)
      expect(await ttlOf('k')).toBe(Aerospike.ttl.NEVER_EXPIRE)
    }
  })

  it('is cleared by a write without one and kept by one with -2', async () => {
    await client.put(key('k'), { a: 1 }, { ttl: 100 })
    await client.put(key('k'), { a: 2 }, { ttl: -2 })
    expect(await ttlOf('k')).toBeGreaterThanOrEqual(98)
    await client.put(key('k'), { a: 3 })
    expect(await ttlOf('k')).toBe(Aerospike.ttl.NEVER_EXPIRE)
  })

  it('of half a second means that the record never expires', async () => {
    await client.put(key('k'), { a: 1 }, { ttl: 0.5 })
    expect(await ttlOf('k')).toBe(Aerospike.ttl.NEVER_EXPIRE)
  })

  it('of more than ten years is refused with code 4', async () => {
    expect(await codeOf(client.put(key('k'), { a: 1 }, { ttl: TEN_YEARS }))).toBe(0)
    expect(await codeOf(client.put(key('k'), { a: 1 }, { ttl: TEN_YEARS + 1 }))).toBe(4)
  })

  it('is forbidden with code 22 if nothing would expire the record', async () => {
    const config = `set-config:context=namespace;namespace=${server.namespace};nsup-period=`
    expect(await askInfo(server.hosts, `${config}0`)).toBe('ok')
    try {
      const put = (ttl: number) => codeOf(client.put(key(`k${ttl}`), { a: 1 }, { ttl }))
      expect(await put(100)).toBe(22)
      expect(await put(0)).toBe(0)
      expect(await put(-1)).toBe(0)
      expect(await put(-2)).toBe(0)
      const [row] = await client.batchWrite([
        {
          type: Aerospike.batchType.BATCH_WRITE,
          key: key('row'),
          ops: [ops.write('a', 1)],
          policy: new Aerospike.BatchWritePolicy({ ttl: 100 }),
        } as Parameters<Client['batchWrite']>[0][number],
      ])
      expect(row?.status).toBe(22)
    } finally {
      await askInfo(server.hosts, `${config}10`)
    }
  })

  it('is renewed by a touch, which also counts as a write', async () => {
    await client.put(key('k'), { a: 1 }, { ttl: 10 })
    await client.operate(key('k'), [ops.touch(500)])
    const record = await client.get(key('k'))
    expect(record.ttl).toBeGreaterThan(400)
    expect(record.gen).toBe(2)
    expect(await codeOf(client.operate(key('none'), [ops.touch(500)]))).toBe(2)
  })
})

describe('remove', () => {
  it('removes a record, and fails with code 2 if it is missing', async () => {
    await client.put(key('k'), { a: 1 })
    await client.remove(key('k'))
    expect(await codeOf(client.remove(key('k')))).toBe(2)
  })

  it('with durableDelete is refused with code 25', async () => {
    await client.put(key('k'), { a: 1 })
    const durable = new Aerospike.RemovePolicy({ durableDelete: true })
    expect(await codeOf(client.remove(key('k'), durable))).toBe(25)
  })
})

describe('operate', () => {
  it('executes its ops in order, and each sees the changes of those before it', async () => {
    await client.put(key('k'), { n: 1, s: 'b' })
    const { bins } = await client.operate(key('k'), [
      ops.incr('n', 4),
      ops.append('s', 'c'),
      ops.prepend('s', 'a'),
      ops.write('w', 'new'),
      ops.read('n'),
      ops.read('s'),
    ])
    expect(bins).toEqual({ n: 5, s: 'abc' })
    expect((await client.get(key('k'))).bins).toEqual({ n: 5, s: 'abc', w: 'new' })
  })

  it('creates the record if it is missing', async () => {
    await client.operate(key('fresh'), [ops.incr('n', 2), ops.read('n')])
    expect(await bins('fresh')).toEqual({ n: 2 })
  })

  it('changes nothing if one of its ops fails', async () => {
    await client.put(key('k'), { n: 1, s: 'text' })
    const failing = client.operate(key('k'), [ops.incr('n', 1), ops.incr('s', 1)])
    expect(await codeOf(failing)).toBe(12)
    expect(await bins('k')).toEqual({ n: 1, s: 'text' })
  })

  it('adds to floats', async () => {
    await client.put(key('k'), { f: 1.5 })
    await client.add(key('k'), { f: new Aerospike.Double(2) })
    expect(await bins('k')).toEqual({ f: 3.5 })
  })

  it('deletes the record by deleting all bins', async () => {
    await client.put(key('k'), { a: 1 })
    await client.operate(key('k'), [ops.delete()])
    expect(await client.exists(key('k'))).toBe(false)
  })
})

describe('truncate', () => {
  it('removes the records of one set that were written in an earlier millisecond', async () => {
    const other = freshSet()
    await client.put(key('old'), { a: 1 })
    await client.put(testKey(server.namespace, other, 'kept'), { a: 1 })
    await nextMillisecond()
    await client.truncate(server.namespace, set, 0)
    await until(async () => !(await client.exists(key('old'))))
    expect(await client.exists(testKey(server.namespace, other, 'kept'))).toBe(true)
    await nextMillisecond()
    await client.put(key('old'), { a: 2 })
    expect(await bins('old')).toEqual({ a: 2 })
  })

  it('of a set that does not exist succeeds', async () => {
    expect(await codeOf(client.truncate(server.namespace, freshSet(), 0))).toBe(0)
  })
})

describe('a scan', () => {
  it('finds the records of its set', async () => {
    for (let i = 0; i < 30; i++) await client.put(key(i), { i })
    const seen = (await scan()).map((record) => record.bins.i as number)
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i))
  })
})

interface Scanned {
  readonly key: { readonly key?: unknown }
  readonly bins: Readonly<Record<string, unknown>>
}

async function scan(): Promise<Scanned[]> {
  const records: Scanned[] = []
  const stream = client.scan(server.namespace, set).foreach()
  stream.on('data', (record: Scanned) => records.push(record))
  await new Promise((resolve, reject) => stream.on('end', resolve).on('error', reject))
  return records
}

/** Waits until the server's clock, which is this machine's, has reached the next millisecond. */
async function nextMillisecond(): Promise<void> {
  const start = Date.now()
  await until(async () => Date.now() > start + 1)
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve))
}
