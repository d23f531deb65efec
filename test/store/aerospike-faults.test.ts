import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import Aerospike from 'aerospike'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { aerospike } from '../../src/index.js'
import type { TagId } from '../../src/plan/tag.js'
import type { AerospikeOptions } from '../../src/store/aerospike/options.js'
import { newVersion } from '../../src/store/random-ids.js'
import type { Generation, Store, Version } from '../../src/store/store.js'
import {
  type AerospikeEmulator,
  type AerospikeEmulatorOptions,
  startAerospikeEmulator,
} from '../../src/testing/index.js'
import { newEntry, newKey, newLease, newMark, newTag, newTagsOfOneRecord } from './new-records.js'

const ABSENT = 0 as Generation
const NOW = Date.now()

let cleanUp: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const step of cleanUp) await step()
  cleanUp = []
  vi.restoreAllMocks()
})

async function start({
  emulator: given = {},
  ...options
}: AerospikeOptions & { emulator?: AerospikeEmulatorOptions } = {}): Promise<{
  store: Store
  emulator: AerospikeEmulator
}> {
  const emulator = await startAerospikeEmulator(given)
  const store = aerospike({ hosts: emulator.hosts, timeout: '300ms', ...options })
  cleanUp.push(async () => {
    await emulator.faults.clear()
    await store.close()
    await emulator.close()
  })
  return { store, emulator }
}

const touch = (store: Store, ...tags: TagId[]) => store.touch({ tags })
const proposalsFor = (tags: readonly TagId[]) => new Map(tags.map((tag) => [tag, newVersion()]))
const createTags = async (store: Store, ...tags: TagId[]) =>
  (await store.create(proposalsFor(tags))).states.map(({ version }) => version)
const versionOf = async (store: Store, tag: TagId) =>
  (await store.lookup(newKey(), [tag])).tags[0]?.version

describe('aerospike() (emulator)', () => {
  describe('a value that would make the native client abort the process', () => {
    const row = { version: 1, until: NOW, forgets: 0 }
    it.each([
      ['version', 2 ** 53],
      ['version', 1n as never],
      ['until', Number.NaN],
      ['forgets', Number.POSITIVE_INFINITY],
      ['forgets', 0.5],
    ])('is refused before the client gets it: a row whose %s is %s', async (name, value) => {
      const { store } = await start()
      const one = newTag()
      const rows = new Map([[one, { ...row, [name]: value }]])
      await expect(store.touch({ tags: [one], rows })).rejects.toThrow('a safe integer')
    })
  })

  describe('round trips', () => {
    it('are shared by all look-ups of a turn, and each tag is read once', async () => {
      const { store, emulator } = await start()
      const [one, other] = [newTag(), newTag()]
      await createTags(store, one)
      emulator.traffic.reset()
      await Promise.all(Array.from({ length: 64 }, () => store.lookup(newKey(), [one, other])))
      expect(emulator.traffic.roundTrips).toBe(1)
      expect(emulator.traffic.batchRows).toBe(64 + 2)
    })

    it('are shared by all creations of a turn, also with leases', async () => {
      const { store, emulator } = await start()
      const tags = [newTag(), newTag()]
      await store.lookup(newKey(), tags)
      emulator.traffic.reset()
      await Promise.all(
        Array.from({ length: 64 }, () => store.create(proposalsFor(tags), newLease())),
      )
      expect(emulator.traffic.roundTrips).toBe(1)
      expect(emulator.traffic.batchRows).toBe(2 + 64)
    })

    it('of a settlement are one, whatever it touches, also with versions of rows', async () => {
      const { store, emulator } = await start()
      const tags = [newTag(), newTag(), newTag(), ...newTagsOfOneRecord(5)]
      await store.lookup(newKey(), tags)
      emulator.traffic.reset()
      const row = { version: 1, until: NOW, forgets: 0 }
      const rows = new Map(tags.map((tag) => [tag, row]))
      await store.touch({ tags, rows, holdUntil: NOW })
      expect(emulator.traffic.roundTrips).toBe(1)
      expect(emulator.traffic.batchRows).toBe(4)
    })

    it('read the tags of one record as one', async () => {
      const { store, emulator } = await start()
      const tags = newTagsOfOneRecord(5)
      await createTags(store, ...tags)
      emulator.traffic.reset()
      await store.lookup(newKey(), [newTag(), ...tags])
      expect(emulator.traffic.batchRows).toBe(3)
    })
  })

  describe('in a namespace that forbids a TTL', () => {
    it('stores entries without one, warns once, and entries still contain their expiry', async () => {
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
      const { store, emulator } = await start({ emulator: { nsupPeriod: 0 } })
      const keys = [newKey(), newKey(), newKey()]
      for (const key of keys) {
        expect(await store.fill(key, newEntry(), ABSENT, 60_000)).toBe('stored')
      }
      const found = await store.lookup(keys[0] ?? newKey(), [])
      expect(found.entry?.freshUntil).toBe(newEntry().freshUntil)
      await touch(store, newTag())
      expect(warn).toHaveBeenCalledTimes(1)
      expect(warn.mock.calls[0]?.[0]).toContain('nsup-period')
      // Three fills, one of them twice, and the touch.
      expect(emulator.traffic.count('put')).toBe(5)
    })
  })

  describe('the TTL of a record', () => {
    const remaining = async (freshFor: number) => {
      let now = NOW
      const { store, emulator } = await start({ emulator: { clock: () => now } })
      const key = newKey()
      const entry = { ...newEntry(), freshUntil: NOW + freshFor }
      await store.fill(key, entry, ABSENT, freshFor)
      return (later: number) => {
        now = NOW + later
        return emulator.has('test', 'prisma-entries', key)
      }
    }

    it('is rounded up to whole seconds, so that no entry expires too early', async () => {
      const isThereAfter = await remaining(1_500)
      expect(isThereAfter(1_500)).toBe(true)
      expect(isThereAfter(4_000)).toBe(false)
    })

    it('is never zero, which would mean that the record never expires', async () => {
      const isThereAfter = await remaining(0)
      expect(isThereAfter(0)).toBe(true)
      expect(isThereAfter(3_000)).toBe(false)
    })

    it('is limited to the longest that the server accepts', async () => {
      const isThereAfter = await remaining(100 * 365 * 24 * 3600 * 1000)
      expect(isThereAfter(24 * 3600 * 1000)).toBe(true)
    })
  })

  it('refuses an entry that is too big for the server, and does not send one of that size again', async () => {
    const { store, emulator } = await start({ emulator: { maxRecordSize: 10_000 } })
    const big = { ...newEntry(), value: Buffer.alloc(20_000) }
    expect(await store.fill(newKey(), big, ABSENT, 60_000)).toBe('refused')
    emulator.traffic.reset()
    expect(await store.fill(newKey(), big, ABSENT, 60_000)).toBe('refused')
    expect(emulator.traffic.roundTrips).toBe(0)
    expect(await store.fill(newKey(), newEntry(), ABSENT, 60_000)).toBe('stored')
  })

  it('compresses values above a size, and reads them as they were', async () => {
    const { store } = await start({ compressAbove: 1_000, emulator: { maxRecordSize: 10_000 } })
    const key = newKey()
    const value = Buffer.from('compressible '.repeat(10_000))
    expect(await store.fill(key, { ...newEntry(), value }, ABSENT, 60_000)).toBe('stored')
    expect((await store.lookup(key, [])).entry?.value).toEqual(value)
  })

  it('retries a command on a busy record', async () => {
    const { store, emulator } = await start()
    const [tag, other] = [newTag(), newTag()]
    const before = await createTags(store, tag, other)
    emulator.faults.failRecord('test', 'prisma-tags', tag, 14, { times: 3 })
    await touch(store, tag, other)
    expect(await versionOf(store, tag)).not.toBe(before[0])
    const key = newKey()
    emulator.faults.failRecord('test', 'prisma-entries', key, 14, { times: 2 })
    expect(await store.fill(key, newEntry(), ABSENT, 60_000)).toBe('stored')
  })

  it('removes touched tags, and refuses fills, while the namespace is in stop-writes', async () => {
    const { store, emulator } = await start()
    const tags = [newTag(), newTag()]
    await createTags(store, ...tags)
    emulator.faults.stopWrites('test')
    await touch(store, ...tags)
    expect((await store.lookup(newKey(), tags)).tags.map(({ version }) => version)).toEqual([
      undefined,
      undefined,
    ])
    expect(await store.fill(newKey(), newEntry(), ABSENT, 60_000)).toBe('refused')
    await expect(store.mark(tags, newMark())).rejects.toThrow('8')
  })

  it('rejects a write whose answer was lost, because it may or may not have been done', async () => {
    const { store, emulator } = await start()
    const tags = [newTag(), newTag()]
    const [before] = await createTags(store, ...tags)
    emulator.faults.dropMidAnswer({ command: 'batch' })
    await expect(touch(store, ...tags)).rejects.toThrow()
    await vi.waitFor(async () => {
      const after: Version | undefined = await versionOf(store, tags[0] as TagId)
      expect(after).not.toBe(before)
    })
  })

  it('queues commands when all connections are in use', async () => {
    const { store } = await start({ timeout: '10s' })
    const touches = Array.from({ length: 5_000 }, () => createTags(store, newTag()))
    await expect(Promise.all(touches)).resolves.toHaveLength(5_000)
  })

  it('works again after the event loop was blocked for longer than the time-out', async () => {
    const { store } = await start({ timeout: '50ms' })
    const tag = newTag()
    await vi.waitFor(() => createTags(store, tag))
    const until = performance.now() + 200
    while (performance.now() < until);
    await store.lookup(newKey(), [tag]).catch(() => undefined)
    await expect(store.lookup(newKey(), [tag])).resolves.toBeDefined()
  })

  it('rejects all commands in a namespace that does not exist', async () => {
    const { store } = await start({ namespace: 'shop' })
    await expect(store.lookup(newKey(), [newTag()])).rejects.toThrow()
    await expect(touch(store, newTag())).rejects.toThrow()
    await expect(store.fill(newKey(), newEntry(), ABSENT, 60_000)).rejects.toThrow()
  })

  it('treats a record that this package did not write as absent', async () => {
    const { store, emulator } = await start()
    const client = await Aerospike.connect({
      hosts: emulator.hosts,
      log: { level: Aerospike.log.OFF },
    } as never)
    const key = newKey()
    const tag = newTag()
    const put = (set: string, id: string, bins: object) =>
      client.put(new Aerospike.Key('test', set, id) as never, bins as never)
    for (const bins of [
      { x: 1 },
      { v: 'text', d: '', f: 1, u: 1 },
      { v: Buffer.from('x'), d: 'too short', f: 1, u: 1 },
      { v: Buffer.from('x'), d: '', f: 'yesterday', u: 1 },
      { v: Buffer.from('not gzip'), d: '', f: 1, u: 1, z: 1 },
    ]) {
      await put('prisma-entries', key, bins)
      expect((await store.lookup(key, [])).entry).toBeUndefined()
    }
    await put('prisma-tags', tag, { v: 7, p: [1, 2] })
    const [state] = (await store.lookup(key, [tag])).tags
    expect(state?.version).toBeUndefined()
    client.close()
  })

  describe('when the server hangs', () => {
    it('rejects after the time-out, then at once, and recovers when the server does', async () => {
      const { store, emulator } = await start({ timeout: '100ms' })
      const tag = newTag()
      await vi.waitFor(() => createTags(store, tag))
      emulator.faults.freeze()
      const failures = await Promise.allSettled(
        Array.from({ length: 10 }, async () => store.lookup(newKey(), [tag])),
      )
      expect(failures.every(({ status }) => status === 'rejected')).toBe(true)
      for (let n = 0; n < 5; n += 1) await store.lookup(newKey(), [tag]).catch(() => undefined)
      await expect(store.lookup(newKey(), [tag])).rejects.toThrow(/this command was not tried/)
      expect((await store.health()).state).toBe('down')
      emulator.faults.thaw()
      await vi.waitFor(() => store.lookup(newKey(), [tag]), { timeout: 3_000, interval: 50 })
      expect((await store.health()).state).toBe('up')
    })
  })

  describe('when the server dies', () => {
    it('rejects, and recovers by itself', async () => {
      const { store, emulator } = await start()
      const tag = newTag()
      await createTags(store, tag)
      await emulator.faults.kill()
      await expect(store.lookup(newKey(), [tag])).rejects.toThrow()
      await emulator.faults.comeBack()
      await vi.waitFor(() => store.lookup(newKey(), [tag]), { timeout: 5_000, interval: 50 })
    })
  })

  it('uses the other servers if one of `hosts` is unreachable', async () => {
    const emulator = await startAerospikeEmulator()
    const store = aerospike({ hosts: ['127.0.0.1:1', emulator.hosts] })
    await touch(store, newTag())
    await store.close()
    await emulator.close()
  })

  it('blocks the event loop no longer than connectTimeout if a server does not answer', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const store = aerospike({ hosts: `127.0.0.1:${port}`, connectTimeout: '100ms' })
    let longest = 0
    let last = performance.now()
    const watch = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 5)
    await expect(store.lookup(newKey(), [])).rejects.toThrow()
    await new Promise((resolve) => setImmediate(resolve))
    clearInterval(watch)
    await store.close()
    silent.close()
    // The store guarantees 100 ms. The rest is a tolerance for a busy machine.
    expect(longest).toBeLessThan(1_000)
  })

  it('never closes a client that belongs to the application', async () => {
    const emulator = await startAerospikeEmulator()
    const client = await Aerospike.connect({
      hosts: emulator.hosts,
      log: { level: Aerospike.log.OFF },
    } as never)
    const store = aerospike({ client })
    await touch(store, newTag())
    await store.close()
    expect(client.isConnected(false)).toBe(true)
    client.close()
    await emulator.close()
  })

  describe('health()', () => {
    it('reports the build, the relevant settings, and advice', async () => {
      const { store } = await start({
        emulator: { namespaces: [{ name: 'test', nsupPeriod: 0, evictUsedPct: 0 }] },
      })
      const { state, build, settings, advice, latencyMs } = await store.health()
      expect({ state, build, nsup: settings?.['nsup-period'] }).toEqual({
        state: 'up',
        build: '8.1.0.3',
        nsup: '0',
      })
      expect(latencyMs).toBeGreaterThan(0)
      expect(advice.join()).toMatch(/nsup-period is 0.*evict-used-pct is 0/s)
    })

    it('reports that a namespace is missing', async () => {
      const { store } = await start({ namespace: 'shop' })
      const { state, advice } = await store.health()
      expect(state).toBe('down')
      expect(advice).toEqual([expect.stringContaining("no namespace 'shop', only test")])
    })
  })
})
