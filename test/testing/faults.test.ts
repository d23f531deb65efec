import Aerospike, { type Client } from 'aerospike'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AerospikeEmulator, startAerospikeEmulator } from '../../src/testing/index.js'
import { codeOf, connectClient, testKey } from './client.js'
import { askInfo } from './info-client.js'

const { batchType, operations: ops } = Aerospike
const START = Date.UTC(2030, 0, 1)

let now: number
let server: AerospikeEmulator
let client: Client

beforeEach(async () => {
  now = START
  server = await startAerospikeEmulator({ namespaces: ['test', 'other'], clock: () => now })
  client = await connectClient(server.hosts)
  await client.put(key('k'), { v: 1 })
  server.traffic.reset()
})

afterEach(async () => {
  await server.faults.clear()
  client.close()
  await server.close()
})

const key = (name: string | number) => testKey('test', 'set', name)
const get = () => codeOf(client.get(key('k')))
const put = (meta = {}) => codeOf(client.put(key('k'), { v: 2 }, meta))
type Row = Parameters<Client['batchWrite']>[0][number]
const statusOf = ({ status }: { status: unknown }) => status
const read = (name: string) =>
  ({ type: batchType.BATCH_READ, key: key(name), readAllBins: true }) as Row
const write = (name: string) =>
  ({ type: batchType.BATCH_WRITE, key: key(name), ops: [ops.write('v', 9)] }) as Row

describe('(emulator) its own clock', () => {
  it('expires a record in the second after its TTL, and not earlier', async () => {
    await client.put(key('k'), { v: 1 }, { ttl: 10 })
    now += 10_999
    expect((await client.get(key('k'))).ttl).toBe(1)
    now += 1
    expect(await get()).toBe(2)
    expect(server.count('test', 'set')).toBe(0)
  })

  it('lets a write replace an expired record by a new one', async () => {
    await client.put(key('k'), { v: 1 }, { ttl: 10 })
    now += 60_000
    await client.put(key('k'), { w: 1 })
    expect(await client.get(key('k'))).toMatchObject({ bins: { w: 1 }, gen: 1 })
  })

  it('decides the remaining TTL', async () => {
    await client.put(key('k'), { v: 1 }, { ttl: 100 })
    now += 40_000
    expect((await client.get(key('k'))).ttl).toBe(60)
  })

  it('keeps records that were written in the same millisecond as a truncation', async () => {
    await client.put(key('old'), { v: 1 })
    now += 1
    await client.put(key('same'), { v: 1 })
    await client.truncate('test', 'set', 0)
    expect(await client.exists(key('old'))).toBe(false)
    expect(await client.exists(key('same'))).toBe(true)
    await askInfo(server.hosts, 'truncate-namespace:namespace=test')
    expect(await client.exists(key('same'))).toBe(true)
    now += 1
    await askInfo(server.hosts, 'truncate-namespace:namespace=test')
    expect(await client.exists(key('same'))).toBe(false)
  })
})

describe('(emulator) a planned code', () => {
  it('is the answer to the next command, which is not executed', async () => {
    server.faults.failNext(14)
    expect(await put()).toBe(14)
    expect((await client.get(key('k'))).bins).toEqual({ v: 1 })
    expect(await put()).toBe(0)
  })

  it('can wait for a command of some kind, and for the nth command', async () => {
    server.faults.failNth(2, 22, { command: 'put' })
    server.faults.failNext(8, { command: 'batch', times: 2 })
    expect([await get(), await put(), await put(), await put()]).toEqual([0, 0, 22, 0])
    // The batch has two rows, because the client sends a batch of one row as a single-record
    // command.
    const batch = () => codeOf(client.batchRead([read('k'), read('k')]))
    expect([await batch(), await batch(), await batch()]).toEqual([8, 8, 0])
  })

  it('can concern one record, also in a batch', async () => {
    server.faults.failRecord('test', 'set', 'b', 14, { times: 2 })
    const rows = await client.batchWrite([write('a'), write('b'), write('c')])
    expect(rows.map(statusOf)).toEqual([0, 14, 0])
    expect(await codeOf(client.put(key('b'), { v: 1 }))).toBe(14)
    expect(await codeOf(client.put(key('b'), { v: 1 }))).toBe(0)
  })
})

describe('(emulator) a connection', () => {
  it('that is dropped before a command leaves it unexecuted', async () => {
    server.faults.dropRequest({ command: 'put' })
    expect(await codeOf(client.put(key('k'), { v: 2 }, {}, noRetry()))).not.toBe(0)
    expect((await client.get(key('k'))).bins).toEqual({ v: 1 })
  })

  it('that is dropped in the middle of an answer leaves the command executed', async () => {
    server.faults.dropMidAnswer({ command: 'put' })
    expect(await codeOf(client.put(key('k'), { v: 2 }, {}, noRetry()))).not.toBe(0)
    expect((await client.get(key('k'))).bins).toEqual({ v: 2 })
  })
})

describe('(emulator) an outage', () => {
  it('refuses connections until the server comes back on the same port', async () => {
    const { hosts } = server
    await server.faults.kill()
    expect(await get()).not.toBe(0)
    await expect(askInfo(hosts, 'build')).rejects.toThrow(/ECONNREFUSED/)
    await server.faults.comeBack()
    expect(server.hosts).toBe(hosts)
    await recovered()
    expect((await client.get(key('k'))).bins).toEqual({ v: 1 })
  })

  it('can lose all records', async () => {
    await server.faults.restartEmpty()
    await recovered()
    expect(await get()).toBe(2)
  })

  it('can lose one record, or all records of one set', async () => {
    await client.put(key(7), { v: 1 })
    await client.put(testKey('test', 'elsewhere', 'k'), { v: 1 })
    expect(server.has('test', 'set', 'k')).toBe(true)
    expect(server.faults.loseRecord('test', 'set', 'k')).toBe(true)
    expect(server.faults.loseRecord('test', 'set', 'k')).toBe(false)
    expect(await get()).toBe(2)
    expect(server.faults.loseSet('test', 'set')).toBe(1)
    expect(server.count('test')).toBe(1)
  })

  it('can be a hang: commands time out, and work again after it', async () => {
    const quick = new Aerospike.ReadPolicy({ totalTimeout: 50, maxRetries: 0 })
    server.faults.freeze()
    expect(await codeOf(client.get(key('k'), quick))).toBe(9)
    server.faults.thaw()
    expect(await get()).toBe(0)
  })

  it('can be a delay of every answer', async () => {
    server.faults.delay(40)
    const start = performance.now()
    expect(await get()).toBe(0)
    expect(performance.now() - start).toBeGreaterThanOrEqual(39)
    server.faults.delay(0)
    expect(await get()).toBe(0)
  })

  it('can be stop-writes: reads and removes work, and other writes are refused with code 8', async () => {
    server.faults.stopWrites('test')
    expect(await put()).toBe(8)
    expect(await codeOf(client.operate(key('k'), [ops.touch(10)]))).toBe(8)
    expect(await get()).toBe(0)
    const rows = await client.batchWrite([write('a')])
    expect(rows.map(statusOf)).toEqual([8])
    expect(await askInfo(server.hosts, 'namespace/test')).toContain('stop_writes=true')
    expect(await codeOf(client.put(testKey('other', 'set', 'k'), { v: 1 }))).toBe(0)
    expect(await codeOf(client.remove(key('k')))).toBe(0)
    server.faults.stopWrites('test', false)
    expect(await put()).toBe(0)
  })
})

describe('(emulator) traffic', () => {
  it('counts round trips by kind', async () => {
    await get()
    await put()
    await client.exists(key('k'))
    await client.operate(key('k'), [ops.incr('v', 1)])
    await client.batchRead([read('a'), read('b'), read('c')])
    await client.remove(key('k'))
    const { traffic } = server
    const kinds = ['get', 'put', 'exists', 'operate', 'batch', 'remove', 'touch'] as const
    expect(kinds.map((kind) => traffic.count(kind))).toEqual([1, 1, 1, 1, 1, 1, 0])
    expect(traffic.roundTrips).toBe(6)
    expect(traffic.batchRows).toBe(3)
  })

  it('calls a listener with every command and its records', async () => {
    const seen: string[] = []
    const stop = server.traffic.listen(({ kind, code, records }) => {
      seen.push(`${kind} ${code}: ${records.map((record) => `${record.kind} ${record.code}`)}`)
    })
    await get()
    await client.batchRead([read('k'), read('none')])
    stop()
    await get()
    expect(seen).toEqual(['get 0: get 0', 'batch 0: get 0,get 2'])
  })
})

describe('(emulator) an unsupported feature', () => {
  const { exp } = Aerospike

  it('is refused with code 16: filter expressions', async () => {
    const filterExpression = exp.eq(exp.binInt('v'), exp.int(1))
    const filtered = new Aerospike.ReadPolicy({ filterExpression })
    expect(await codeOf(client.get(key('k'), filtered))).toBe(16)
    expect(await get()).toBe(0)
  })

  it('is refused with code 16: functions', async () => {
    expect(await codeOf(client.apply(key('k'), { module: 'm', funcname: 'f', args: [] }))).toBe(16)
    expect(await get()).toBe(0)
  })
})

describe('(emulator) wrong use', () => {
  it('throws an error', async () => {
    expect(() => server.faults.stopWrites('nope')).toThrow(/no namespace nope, only test, other/)
    expect(() => server.faults.failNext(0)).toThrow(RangeError)
    expect(() => server.faults.failNth(0, 9)).toThrow(RangeError)
    await expect(startAerospikeEmulator({ port: server.port })).rejects.toThrow(/EADDRINUSE/)
  })
})

function noRetry() {
  return new Aerospike.WritePolicy({ maxRetries: 0 })
}

/**
 * Waits until the client has found the server again. The client's own thread does this, and a test
 * cannot control that thread.
 */
async function recovered(): Promise<void> {
  while ((await get()) < 0 || (await get()) === 9)
    await new Promise((resolve) => setImmediate(resolve))
}
