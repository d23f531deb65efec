import { deepStrictEqual } from 'node:assert'
import { Decimal } from '@prisma/client/runtime/client'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { aerospike, ConfigurationError, memory } from '../../src/index.js'
import { canonicalRead, entryKey } from '../../src/plan/key.js'
import { loadKey, taggedKey } from '../../src/plan/user-tags.js'
import type { Store } from '../../src/store/store.js'
import { openShop, unreachable } from '../support/shop.js'
import { startTestServer, type TestServer } from '../testing/server.js'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
})

afterAll(() => server.stop())

afterEach(() => {
  vi.useRealTimers()
})

const stores: Record<string, () => Store> = {
  'memory()': () => memory(),
  'aerospike()': () =>
    aerospike({
      hosts: server.hosts,
      namespace: server.namespace,
      set: `l-${process.hrtime.bigint()}`,
      timeout: '2s',
    }),
}

/** Makes a loader that counts its calls, and returns their number. */
function counter() {
  let calls = 0
  return async () => {
    calls += 1
    return calls
  }
}

function pass(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1_000)
}

describe.each(Object.keys(stores))('getOrLoad with %s', (name) => {
  async function open() {
    const shop = await openShop({ store: stores[name]?.() as Store, ttl: 60 })
    return { ...shop, get: shop.prisma.$cache.getOrLoad }
  }

  it('loads a value once, and then returns it from the cache', async () => {
    const { get, seen } = await open()
    const load = counter()
    expect(await get('n', load)).toBe(1)
    expect(await get('n', load)).toBe(1)
    expect(await get('m', load)).toBe(2)
    expect(seen).toEqual(['miss: absent', 'hit: store', 'miss: absent'])
  })

  it('keeps the types of a value, and returns a new copy each time', async () => {
    const { get } = await open()
    const value = () => ({
      date: new Date(5),
      decimal: new Decimal('1.10'),
      big: 2n ** 70n,
      bytes: new Uint8Array([0, 255]),
      nothing: [null, undefined, Number.NaN],
      map: new Map([['a', new Set([1])]]),
    })
    await get('v', value)
    const again = await get('v', value)
    deepStrictEqual(again, value())
    again.map.clear()
    deepStrictEqual(await get('v', value), value())
    expect(await get('u', () => undefined)).toBeUndefined()
    expect(await get('u', () => undefined)).toBeUndefined()
  })

  it('loads once for many calls at the same time, in all processes', async () => {
    const { get, connect, store } = await open()
    const other = connect({ store }).prisma.$cache
    const load = counter()
    const all = await Promise.all([
      ...Array.from({ length: 10 }, () => get('n', load)),
      ...Array.from({ length: 10 }, () => other.getOrLoad('n', load)),
    ])
    expect(new Set(all)).toEqual(new Set([1]))
  })

  it('passes on an error to every caller, and does not store it', async () => {
    const { get } = await open()
    const failing = () => Promise.reject(new Error('failed loader'))
    await expect(get('n', failing)).rejects.toThrow('failed loader')
    await expect(
      get('n', () => {
        throw new Error('thrown by the loader')
      }),
    ).rejects.toThrow('thrown by the loader')
    expect(await get('n', counter())).toBe(1)
  })

  it('returns a value until one of its models or tags is invalidated', async () => {
    const { get, prisma } = await open()
    const load = counter()
    const read = () => get('n', load, { dependsOn: ['Team', 'Org'], tags: ['home', 'home'] })
    expect(await read()).toBe(1)
    await prisma.user.create({ data: { email: 'a' } })
    expect(await read()).toBe(1)
    await prisma.team.update({ where: { id: 1 }, data: { name: 'x' } })
    expect(await read()).toBe(2)
    await prisma.$cache.invalidate('Org')
    expect(await read()).toBe(3)
    await prisma.$cache.invalidate({ tags: ['home'] })
    expect(await read()).toBe(4)
    await prisma.$executeRaw`UPDATE "Team" SET name = 'y'`
    expect(await read()).toBe(5)
    expect(await read()).toBe(5)
  })

  it('loads again after clear(), also a value that depends on nothing', async () => {
    const { get, prisma, store } = await open()
    const load = counter()
    await get('n', load)
    const clear = vi.spyOn(store, 'clear').mockResolvedValue()
    await prisma.$cache.clear()
    expect(clear).toHaveBeenCalledOnce()
    expect(await get('n', load)).toBe(2)
  })

  it('takes the same durations as a read', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { get, seen, prisma } = await open()
    const load = counter()
    const terms = { ttl: 10, swr: 10, staleIfError: 30 }
    await get('n', load, terms)
    pass(10.001)
    const fill = new Promise((resolve) => prisma.$cache.on('fill', resolve))
    expect(await get('n', load, terms)).toBe(1)
    await fill
    expect(await get('n', load, terms)).toBe(2)
    pass(31)
    expect(await get('n', () => Promise.reject(unreachable()), terms)).toBe(2)
    expect(await get('n', load, { ...terms, refresh: true })).toBe(3)
    expect(seen).toEqual([
      'miss: absent',
      'stale: refreshing',
      'hit: store',
      'stale: error',
      'miss: refresh',
    ])
    await get('nothing', () => null, { negativeTtl: 1 })
    pass(1.001)
    expect(await get('nothing', () => 'something', { negativeTtl: 1 })).toBe('something')
  })
})

it('getOrLoad stores a value for each scope, and none where the scope is unknown', async () => {
  let tenant: string | undefined = 'a'
  const { prisma, seen } = await openShop({
    scope: () => {
      if (tenant === undefined) throw new Error('no tenant')
      return tenant
    },
  })
  const load = counter()
  const get = (scope?: string) => prisma.$cache.getOrLoad('n', load, { scope })
  expect(await get()).toBe(1)
  expect(await get('a')).toBe(1)
  expect(await get('b')).toBe(2)
  tenant = undefined
  expect(await get()).toBe(3)
  expect(seen.at(-1)).toBe('bypass: scope')
})

it('getOrLoad stores nothing inside a transaction that may be rolled back', async () => {
  const { prisma } = await openShop()
  const count = (from: { team: { count(): PromiseLike<number> } }) =>
    prisma.$cache.getOrLoad('teams', () => from.team.count(), { dependsOn: ['Team'] })
  await prisma
    .$transaction(async (tx) => {
      await tx.team.create({ data: { id: 3, name: 'new' } })
      expect(await count(tx)).toBe(3)
      throw new Error('undone')
    })
    .catch(() => undefined)
  expect(await count(prisma)).toBe(2)
  expect(prisma.$cache.stats().models.$cache).toMatchObject({ bypasses: 1, misses: 1 })
})

it('a key of getOrLoad never equals the key of a query', () => {
  const users = { model: 'User', operation: 'findMany', dataPath: [], args: {} }
  const query = entryKey({ keyspace: 'k', fingerprint: '' }, canonicalRead(users, undefined))
  const keys = [
    query,
    taggedKey(query, ['a', 'b']),
    taggedKey(query, ['a,b']),
    loadKey('k', undefined, query),
    loadKey('k', 'null', query),
    loadKey('', 'k', query),
    loadKey('k', undefined, 'a'),
  ]
  expect(new Set(keys).size).toBe(keys.length)
  expect(taggedKey(query, [])).toBe(query)
})

it.each<[unknown[], string]>([
  [['', () => 1], "getOrLoad: expected a key, got ''"],
  [[5, () => 1], 'getOrLoad: expected a key, got 5'],
  [['n'], 'getOrLoad: expected a function, got null'],
  [['n', 7], 'getOrLoad: expected a function, got 7'],
  [['n', () => 1, { tll: 5 }], "unknown option 'tll' in getOrLoad; did you mean 'ttl'?"],
  [
    ['n', () => 1, { ttl: '5 minuts' }],
    "getOrLoad.ttl: expected seconds above zero or a string such as '5m', got '5 minuts'",
  ],
  [
    ['n', () => 1, { swr: -1 }],
    "getOrLoad.swr: expected seconds, 0 or a string such as '5m', got -1",
  ],
  [['n', () => 1, { scope: 5 }], 'getOrLoad.scope: expected a string, got 5'],
  [['n', () => 1, { tags: 'a' }], "getOrLoad.tags: expected a list, got 'a'"],
  [
    ['n', () => 1, { dependsOn: ['Usr'] }],
    "unknown model 'Usr' in getOrLoad.dependsOn; did you mean 'User'?",
  ],
])('getOrLoad refuses %j', async (args, message) => {
  const { prisma } = await openShop()
  const get = prisma.$cache.getOrLoad as (...args: unknown[]) => Promise<unknown>
  await expect(get(...args)).rejects.toThrow(new ConfigurationError(message))
})
