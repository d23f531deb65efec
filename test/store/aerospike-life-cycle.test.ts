import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { runChild } from '../support/child.js'
import { startTestServer, type TestServer } from '../testing/server.js'

const script = join(import.meta.dirname, 'aerospike-child.mjs')

describe('aerospike(), 50 times in a separate process, neither crashes nor hangs when it', () => {
  let server: TestServer
  let silent: Server

  beforeAll(async () => {
    server = await startTestServer()
    // This server accepts connections and never answers, so that the native client's connect fails.
    silent = createServer((socket) => socket.on('error', () => undefined))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
  })

  afterAll(async () => {
    silent.close()
    await server.stop()
  })

  const run = (scenario: string, hosts: string) =>
    runChild(script, [inject('built'), scenario, hosts], { limit: 300_000 })

  it.each([
    'is first used by many callers at once',
    'is closed while commands are in flight',
    'is used again after it was closed',
    'is closed twice, and before it was used',
    'gets values that the native client cannot convert',
  ])('%s', { timeout: 320_000 }, async (scenario) => {
    const { code, signal, output } = await run(scenario, server.hosts)
    expect({ code, signal, output }).toEqual({ code: 0, signal: null, output: 'done\n' })
  })

  it('connects again after a failed connect', { timeout: 320_000 }, async () => {
    const { port } = silent.address() as AddressInfo
    for (const hosts of [`127.0.0.1:${port}`, '127.0.0.1:1', 'no-such-host.invalid:3000']) {
      const { code, signal, output } = await run('connects again after a failed connect', hosts)
      expect({ code, signal }).toEqual({ code: 0, signal: null })
      // The store warns once, however often it tries, and nothing else is written.
      const lines = output.split('\n').filter((line) => !/^\(node:\d+\) |^\(Use `node/.test(line))
      expect(lines).toEqual(['done', ''])
      expect(output.match(/\[CACHE_AEROSPIKE_(REFUSED|UNREACHABLE)\]/g)).toHaveLength(1)
    }
  })
})
