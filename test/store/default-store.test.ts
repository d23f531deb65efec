import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { PrismaClient } from '../../generated/sqlite/client/client.js'
import { aerospike } from '../../src/index.js'
import type { TagId } from '../../src/plan/tag.js'
import { localTouches } from '../../src/touch/local-touches.js'
import { createDatabase } from '../support/databases.js'

afterEach(() => {
  vi.resetModules()
  vi.unstubAllEnvs()
})

describe('without the option `store`', () => {
  it('clients of several copies of the package see each other’s writes', async () => {
    vi.stubEnv('AEROSPIKE_HOSTS', '')
    const database = await createDatabase('sqlite')
    onTestFinished(() => database.drop())
    // As a bundler does, each client has a copy of the package, and a connection of its own.
    const extended = async () => {
      vi.resetModules()
      const { cacheAside } = await import('../../src/index.js')
      return database.connect().client.$extends(cacheAside()) as unknown as PrismaClient
    }
    const [one, other] = [await extended(), await extended()]
    expect(await one.team.count()).toBe(0)
    await other.team.create({ data: { id: 1, name: 'red' } })
    expect(await one.team.count()).toBe(1)
    // A client that is closed does not empty the store of the others.
    await other.$disconnect()
    const { info } = await (
      one as unknown as {
        team: { count(): { withCacheInfo(): Promise<{ info: { status: string } }> } }
      }
    ).team
      .count()
      .withCacheInfo()
    expect(info.status).toBe('hit')
  })
})

describe('two stores of one process', () => {
  const tag = 'tag' as TagId
  const open = (set: string) => aerospike({ hosts: '127.0.0.1:1', namespace: 'test', set })

  it('hear of each other’s touches if they are in the same place', () => {
    const { count } = localTouches(open('one'))
    localTouches(open('one')).note([tag])
    expect(localTouches(open('one')).noneSince(count, [tag])).toBe(false)
  })

  it('do not if they are not', () => {
    const { count } = localTouches(open('two'))
    localTouches(open('three')).note([tag])
    expect(localTouches(open('two')).noneSince(count, [tag])).toBe(true)
  })
})
