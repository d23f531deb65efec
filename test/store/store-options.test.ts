import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aerospike, ConfigurationError, memory } from '../../src/index.js'
import { aerospikeOptionNames, aerospikeSettings } from '../../src/store/aerospike/options.js'

describe('wrong options of memory()', () => {
  const whole = 'expected a whole number above zero, got'

  it.each<[unknown, string]>([
    [null, 'memory: expected an object, got null'],
    [[], 'memory: expected an object, got []'],
    [5, 'memory: expected an object, got 5'],
    [{ maxEntrys: 5 }, "unknown option 'maxEntrys' in memory; did you mean 'maxEntries'?"],
    [{ maxByte: 5 }, "unknown option 'maxByte' in memory; did you mean 'maxBytes'?"],
    [{ maxEntries: 0 }, `memory.maxEntries: ${whole} 0`],
    [{ maxEntries: 1.5 }, `memory.maxEntries: ${whole} 1.5`],
    [{ maxEntries: '5' }, `memory.maxEntries: ${whole} '5'`],
    [{ maxBytes: -1 }, `memory.maxBytes: ${whole} -1`],
    [{ maxBytes: Number.NaN }, `memory.maxBytes: ${whole} NaN`],
    [{ maxBytes: null }, `memory.maxBytes: ${whole} null`],
  ])('%j', (options, message) => {
    expect(() => memory(options as object)).toThrow(new ConfigurationError(message))
  })
})

describe('wrong options of aerospike()', () => {
  const host = "expected hosts such as '10.0.0.1:3000' or '[::1]:3000', got"
  const text = 'expected a string that is not empty and contains no NUL, got'
  const whole = 'expected a whole number above zero, got'
  const unit = "expected a string with a unit such as '200ms', got"
  const set = 'expected 1 to 50 letters, digits, _ or -, got'

  it.each<[unknown, string]>([
    [null, 'aerospike: expected an object, got null'],
    [[], 'aerospike: expected an object, got []'],
    ['10.0.0.1:3000', "aerospike: expected an object, got '10.0.0.1:3000'"],
    [{ host: 'a' }, "unknown option 'host' in aerospike; did you mean 'hosts'?"],
    [{ hosts: '' }, `aerospike.hosts: ${host} ''`],
    [{ hosts: 'a:99999' }, `aerospike.hosts: ${host} 'a:99999'`],
    [{ hosts: 'a:0' }, `aerospike.hosts: ${host} 'a:0'`],
    [{ hosts: ['a', 'b c'] }, `aerospike.hosts: ${host} [ 'a', 'b c' ]`],
    [{ hosts: [] }, "aerospike.hosts: expected at least one host such as '10.0.0.1:3000', got []"],
    [{ hosts: 7 }, `aerospike.hosts: ${host} 7`],
    [{ namespace: '' }, `aerospike.namespace: ${text} ''`],
    [{ namespace: 'a\0b' }, `aerospike.namespace: ${text} 'a\\x00b'`],
    [{ namespace: 7 }, `aerospike.namespace: ${text} 7`],
    [{ set: 'a:b' }, `aerospike.set: ${set} 'a:b'`],
    [{ set: 'x'.repeat(60) }, `aerospike.set: ${set} '${'x'.repeat(60)}'`],
    [{ set: 7 }, `aerospike.set: ${text} 7`],
    [{ user: '' }, `aerospike.user: ${text} ''`],
    [
      { password: 'secret' },
      'aerospike.user: expected the name of the user whose password is given, got undefined',
    ],
    [{ tls: true }, 'aerospike.tls: expected an object, got true'],
    [{ tls: null }, 'aerospike.tls: expected an object, got null'],
    [{ preferredRacks: 1 }, 'aerospike.preferredRacks: expected a list, got 1'],
    [
      { preferredRacks: ['a'] },
      "aerospike.preferredRacks: expected a list of whole numbers, got [ 'a' ]",
    ],
    [{ maxConnsPerNode: '9' }, `aerospike.maxConnsPerNode: ${whole} '9'`],
    [{ compressAbove: true }, `aerospike.compressAbove: ${whole} true`],
    [{ compressAbove: 0 }, `aerospike.compressAbove: ${whole} 0`],
    [{ client: {} }, "aerospike.client: expected a client of the package 'aerospike', got {}"],
    [{ client: null }, "aerospike.client: expected a client of the package 'aerospike', got null"],

    [{ timeout: 200 }, "aerospike.timeout: expected a string with a unit, got 200: write '200ms'"],
    [
      { connectTimeout: 1.5 },
      "aerospike.connectTimeout: expected a string with a unit, got 1.5: write '1.5ms'",
    ],
    [{ timeout: 0 }, `aerospike.timeout: ${unit} 0`],
    [{ timeout: -200 }, `aerospike.timeout: ${unit} -200`],
    [{ timeout: Number.NaN }, `aerospike.timeout: ${unit} NaN`],
    [{ timeout: Number.POSITIVE_INFINITY }, `aerospike.timeout: ${unit} Infinity`],
    [{ timeout: '200' }, `aerospike.timeout: ${unit} '200'`],
    [{ timeout: '0ms' }, `aerospike.timeout: ${unit} '0ms'`],
    [{ timeout: '-1s' }, `aerospike.timeout: ${unit} '-1s'`],
    [{ timeout: '5 minuts' }, `aerospike.timeout: ${unit} '5 minuts'`],
    [{ timeout: '' }, `aerospike.timeout: ${unit} ''`],
    [{ connectTimeout: null }, `aerospike.connectTimeout: ${unit} null`],
  ])('%j', (options, message) => {
    expect(() => aerospike(options as object)).toThrow(new ConfigurationError(message))
  })

  it('keep a password out of the message', () => {
    const options = { user: 'ann', password: ['secret'] } as object
    expect(() => aerospike(options)).toThrow(
      new ConfigurationError('aerospike.password: expected a string, got a value of type object'),
    )
  })

  it('name the environment variable where the hosts come from it', () => {
    expect(() => aerospikeSettings({}, { AEROSPIKE_HOSTS: 'a:b' })).toThrow(
      new ConfigurationError(`AEROSPIKE_HOSTS: ${host} 'a:b'`),
    )
  })
})

describe('the options of aerospike()', () => {
  it('take hosts as a string or a list, with or without a port, and IPv6 in brackets', () => {
    const hostsOf = (hosts: string | string[]) =>
      aerospikeSettings({ hosts }).hosts.map(({ addr, port }) => `${addr} ${port}`)
    expect(hostsOf('a')).toEqual(['a 3000'])
    expect(hostsOf('a:1, b:2')).toEqual(['a 1', 'b 2'])
    expect(hostsOf(['a:1', 'b'])).toEqual(['a 1', 'b 3000'])
    expect(hostsOf('[::1]:4000')).toEqual(['::1 4000'])
  })

  it('take time-outs with any unit, as whole milliseconds that fit into 32 bits', () => {
    const timesOf = (timeout: string) => aerospikeSettings({ timeout }).timeout
    expect(timesOf('250ms')).toBe(250)
    expect(timesOf('1.5s')).toBe(1_500)
    expect(timesOf('0.5ms')).toBe(1)
    expect(timesOf('1y')).toBe(2 ** 31 - 1)
  })

  it('are all in docs/aerospike.md', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/aerospike.md'), 'utf8')
    const [, options = ''] = /^## Options\n([\s\S]*?)^## /m.exec(page) ?? []
    for (const name of aerospikeOptionNames) expect(options).toContain(`\`${name}\``)
  })

  it('have defaults', () => {
    expect(aerospikeSettings({}, {})).toEqual({
      hosts: [{ addr: '127.0.0.1', port: 3000 }],
      namespace: 'test',
      entrySet: 'prisma-entries',
      tagSet: 'prisma-tags',
      leaseSet: 'prisma-leases',
      memberSet: 'prisma-members',
      user: undefined,
      password: undefined,
      tls: undefined,
      preferredRacks: undefined,
      timeout: 200,
      connectTimeout: 300,
      maxConnsPerNode: 100,
      compressAbove: Number.POSITIVE_INFINITY,
      client: undefined,
    })
  })
})
