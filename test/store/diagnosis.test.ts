import { execFile } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { aerospike } from '../../src/index.js'
import { unloadable } from '../../src/store/aerospike/diagnosis.js'
import { type AerospikeOptions, aerospikeSettings } from '../../src/store/aerospike/options.js'
import { startAerospikeEmulator } from '../../src/testing/index.js'
import { openShop } from '../support/shop.js'
import { newKey } from './new-records.js'

afterEach(() => {
  vi.restoreAllMocks()
})

/** Uses a store until it failed often, and returns what was said about it, and where. */
async function sayingsOf(options: AerospikeOptions) {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const store = aerospike({ timeout: '300ms', connectTimeout: '200ms', ...options })
  onTestFinished(() => store.close())
  const { prisma, errors } = await openShop({ store })
  for (let reads = 0; reads < 3; reads += 1) expect(await prisma.team.count()).toBe(2)
  const { state, advice, lastError } = await prisma.$cache.health()
  const first = errors[0]?.error as Error & { readonly code?: string }
  return {
    state,
    code: first.code,
    message: first.message,
    warnings: warn.mock.calls.map(([text, given]) => [text, (given as { code: string }).code]),
    advice,
    lastError,
  }
}

/** The same words in the event, in one warning, and in health(). */
function expectOnce(said: Awaited<ReturnType<typeof sayingsOf>>, code: string, words: string[]) {
  expect(said.code).toBe(code)
  for (const word of words) expect(said.message).toContain(word)
  expect(said.message).toContain('Until then the database answers all queries.')
  expect(said.warnings).toEqual([[said.message, code]])
  expect(said).toMatchObject({ state: 'down', lastError: said.message })
  expect(said.advice).toContain(said.message)
}

async function listen(onConnect: (socket: import('node:net').Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    onConnect(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function startEmulator(): Promise<string> {
  const emulator = await startAerospikeEmulator()
  onTestFinished(() => emulator.close())
  return String(emulator.hosts)
}

describe('one warning, the event and health() say the same', () => {
  it('of a host where nothing listens', async () => {
    const said = await sayingsOf({ hosts: '127.0.0.1:1' })
    expectOnce(said, 'CACHE_AEROSPIKE_UNREACHABLE', ['127.0.0.1:1', 'AEROSPIKE_HOSTS'])
  })

  it('of a namespace that the server lacks', async () => {
    const hosts = await startEmulator()
    const said = await sayingsOf({ hosts, namespace: 'shop' })
    const words = [hosts, "no namespace 'shop', only test", 'AEROSPIKE_NAMESPACE']
    expectOnce(said, 'CACHE_AEROSPIKE_NAMESPACE', words)
  })

  it('of credentials that the server refuses, without the password', async () => {
    const hosts = await startEmulator()
    const said = await sayingsOf({ hosts, user: 'ann', password: 'hunter2' })
    expectOnce(said, 'CACHE_AEROSPIKE_REFUSED', [hosts, "check the user 'ann'"])
    expect(said.message).not.toContain('hunter2')
  })

  it('of TLS that the server does not speak', async () => {
    const hosts = await startEmulator()
    const said = await sayingsOf({ hosts, tls: { enable: true } })
    expectOnce(said, 'CACHE_AEROSPIKE_REFUSED', [hosts, 'check the option tls'])
  })

  it('of a server that is none of Aerospike, or expects TLS', async () => {
    const hosts = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const said = await sayingsOf({ hosts })
    expectOnce(said, 'CACHE_AEROSPIKE_REFUSED', [hosts, 'if it expects TLS, set the option tls'])
  })
})

describe('the error of a package that does not load', () => {
  it('says that it is missing, if it is', async () => {
    // This is Node's own error, in a folder without packages.
    const code = `import('aerospike').catch(({ code, message }) => console.log(JSON.stringify({ code, message })))`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', code],
      { cwd: tmpdir() },
    )
    const error = unloadable(JSON.parse(stdout))
    expect(error.code).toBe('CACHE_AEROSPIKE_PACKAGE')
    expect(error.message).toContain('npm install aerospike')
  })

  it('says that its native part is missing, if that is what is missing', () => {
    const cause = new Error(
      'Could not locate the bindings file. Tried:\n → /app/build/aerospike.node',
    )
    const error = unloadable(cause)
    expect(error.code).toBe('CACHE_AEROSPIKE_ADDON')
    expect(error.message).toContain('(Could not locate the bindings file. Tried:)')
    expect(error.message).toContain(`node-v${process.versions.modules}-${process.platform}`)
    expect(error.message).not.toContain('/app/build')
    expect(error.cause).toBe(cause)
  })
})

describe('environment variables', () => {
  const env = {
    AEROSPIKE_HOSTS: 'db:3100',
    AEROSPIKE_NAMESPACE: 'cache',
    AEROSPIKE_SET: 'shop',
    AEROSPIKE_USER: 'ann',
    AEROSPIKE_PASSWORD: 'secret',
  }

  it('give the options that are not set', () => {
    expect(aerospikeSettings({}, env)).toMatchObject({
      hosts: [{ addr: 'db', port: 3100 }],
      namespace: 'cache',
      entrySet: 'shop-entries',
      user: 'ann',
      password: 'secret',
    })
    const options = { namespace: 'other', set: 'blog', user: 'bob', password: 'pw' }
    expect(aerospikeSettings(options, env)).toMatchObject({
      namespace: 'other',
      entrySet: 'blog-entries',
      user: 'bob',
      password: 'pw',
    })
  })

  it('count as none if they are empty', () => {
    const empty = Object.fromEntries(Object.keys(env).map((name) => [name, '']))
    expect(aerospikeSettings({}, { ...empty, AEROSPIKE_HOSTS: undefined })).toMatchObject({
      namespace: 'test',
      entrySet: 'prisma-entries',
      user: undefined,
      password: undefined,
    })
  })

  it('are named in errors', () => {
    expect(() => aerospikeSettings({}, { AEROSPIKE_SET: 'a b' })).toThrow('AEROSPIKE_SET')
    expect(() => aerospikeSettings({}, { AEROSPIKE_PASSWORD: 'secret' })).toThrow('aerospike.user')
  })
})

it('a store that works warns of nothing', async () => {
  const hosts = await startEmulator()
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const store = aerospike({ hosts, timeout: '300ms' })
  onTestFinished(() => store.close())
  await store.lookup(newKey(), [])
  expect((await store.health()).state).toBe('up')
  expect(warn).not.toHaveBeenCalled()
})
