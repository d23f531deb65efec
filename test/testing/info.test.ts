import { describe, expect, it } from 'vitest'
import { codeOf, freshSet, testKey } from './client.js'
import { client, server, useServer } from './connected.js'
import { askInfo } from './info-client.js'

useServer()

const ask = (command: string) => askInfo(server.hosts, command)

async function configOf(command: string): Promise<Map<string, string>> {
  const pairs = (await ask(command)).split(';').map((pair) => pair.split('=') as [string, string])
  return new Map(pairs)
}

describe('a question of an operator', () => {
  it('can ask for the build, the edition and the namespaces', async () => {
    expect(await ask('build')).toMatch(/^\d+\.\d+\.\d+\.\d+/)
    expect(await ask('edition')).toMatch(/^Aerospike/)
    expect((await ask('namespaces')).split(';')).toContain(server.namespace)
    expect(await ask('cluster-stable:')).toMatch(/^[0-9A-F]+$/)
  })

  it('can ask for the configuration of a namespace, as `id` or `namespace`', async () => {
    for (const name of ['id', 'namespace']) {
      const config = await configOf(`get-config:context=namespace;${name}=${server.namespace}`)
      expect(Object.fromEntries(config)).toMatchObject({
        'nsup-period': '10',
        'allow-ttl-without-nsup': 'false',
        'default-ttl': '0',
        'max-record-size': '1048576',
        'conflict-resolution-policy': 'generation',
        'strong-consistency': 'false',
        'storage-engine': 'memory',
        'storage-engine.evict-used-pct': '0',
        'storage-engine.stop-writes-used-pct': '70',
      })
    }
  })

  it('is refused for a namespace that does not exist', async () => {
    expect(await ask('get-config:context=namespace;namespace=nope')).toMatch(/^ERROR:20:/)
    expect(await ask('namespace/nope')).toBe('type=unknown')
  })

  it('can ask for sets and their sizes', async () => {
    const set = freshSet()
    for (let i = 0; i < 3; i++) await client.put(testKey(server.namespace, set, i), { i })
    expect(await ask(`sets/${server.namespace}/${set}`)).toMatch(/^objects=3:/)
    expect(await ask(`sets/${server.namespace}`)).toContain(`ns=${server.namespace}:set=${set}:`)
    expect(await ask(`sets/${server.namespace}/${freshSet()}`)).toBe('')
  })

  it('can ask whether a namespace accepts writes', async () => {
    const statistics = await configOf(`namespace/${server.namespace}`)
    expect(statistics.get('stop_writes')).toBe('false')
    expect(Number(statistics.get('objects'))).toBeGreaterThanOrEqual(0)
  })

  it('is refused if it is unknown', async () => {
    expect(await ask('what-is-this')).toMatch(/^ERROR:4:/)
  })
})

describe('an order of an operator', () => {
  it('can change a setting', async () => {
    const setting = (value: number) =>
      `set-config:context=namespace;namespace=${server.namespace};max-record-size=${value}`
    expect(await ask(setting(4096))).toBe('ok')
    try {
      const k = testKey(server.namespace, freshSet(), 'k')
      expect(await codeOf(client.put(k, { b: Buffer.alloc(4096) }))).toBe(13)
      expect(await codeOf(client.put(k, { b: Buffer.alloc(3900) }))).toBe(0)
    } finally {
      await ask(setting(1024 * 1024))
    }
  })

  it('is refused if there is no such setting', async () => {
    const command = `set-config:context=namespace;namespace=${server.namespace};nonsense=1`
    expect(await ask(command)).toMatch(/^ERROR:4:/)
  })

  it('can truncate, which needs a namespace and a set', async () => {
    expect(await ask('truncate:set=x')).toMatch(/^ERROR:20:/)
    expect(await ask(`truncate:namespace=${server.namespace}`)).toMatch(/^ERROR:4:/)
    expect(await ask(`truncate:namespace=${server.namespace};set=${freshSet()}`)).toBe('ok')
  })

  it('can truncate until a time, which must be in the past', async () => {
    const truncate = `truncate:namespace=${server.namespace};set=${freshSet()};lut=`
    expect(await ask(`${truncate}99999999999999999999`)).toMatch(/^ERROR:4:/)
    expect(await ask(`${truncate}1`)).toMatch(/^ERROR:4:/)
    expect(await ask(`${truncate}1500000000000000000`)).toBe('ok')
  })
})
