import { inspect } from 'node:util'
import type { Client } from 'aerospike'
import { ConfigurationError } from '../../errors.js'

/** What `aerospike()` takes, every part of it optional. Times are in milliseconds. */
export interface AerospikeOptions {
  /**
   * Where the cluster is: `'10.0.0.1:3000,10.0.0.2:3000'` or a list of such. Default:
   * `AEROSPIKE_HOSTS`, else `'127.0.0.1:3000'`.
   */
  readonly hosts?: string | readonly string[] | undefined
  /** Default `'test'`: the one namespace that a server has out of the box. */
  readonly namespace?: string | undefined
  /** How the names of the sets begin: `<set>-entries`, `-tags` and `-leases`. Default `'prisma'`. */
  readonly set?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** Encrypts connections: the client's `tls` configuration, such as `{ enable: true, cafile: 'ca.pem' }`. */
  readonly tls?: object | undefined
  /** The racks to read from first, nearest first; for clusters that are rack-aware. */
  readonly preferredRacks?: readonly number[] | undefined
  /** How long a command may take before the query goes on without the cache. Default 200. */
  readonly timeout?: number | undefined
  /** How long a server may take to accept a connection. Default 300. */
  readonly connectTimeout?: number | undefined
  /** Connections to each server of the cluster at most. Default 100. */
  readonly maxConnsPerNode?: number | undefined
  /** Values of more bytes than this are stored compressed; `false`: none is. Default `false`. */
  readonly compressAbove?: number | false | undefined
  /** A connected client of the application's, which this package uses and never closes. */
  readonly client?: Client | undefined
}

export interface AerospikeSettings {
  readonly hosts: readonly HostAndPort[]
  readonly namespace: string
  readonly entrySet: string
  readonly tagSet: string
  readonly leaseSet: string
  readonly user: string | undefined
  readonly password: string | undefined
  readonly tls: object | undefined
  readonly preferredRacks: readonly number[] | undefined
  readonly timeout: number
  readonly connectTimeout: number
  readonly maxConnsPerNode: number
  readonly compressAbove: number
  readonly client: Client | undefined
}

export interface HostAndPort {
  readonly addr: string
  readonly port: number
}

const DEFAULT_PORT = 3000

/** @throws ConfigurationError naming the option, what was expected and what was given. */
export function aerospikeSettings(
  options: AerospikeOptions,
  env: NodeJS.ProcessEnv = process.env,
): AerospikeSettings {
  for (const name of Object.keys(options)) {
    if (!optionNames.has(name)) throw wrong(name, `one of ${[...optionNames].join(', ')}`, name)
  }
  const { client, password, user, tls, preferredRacks, compressAbove } = options
  const set = text('set', options.set) ?? 'prisma'
  // Set names have 63 characters at most, and the server's info protocol gives : and ; a meaning.
  if (!/^[\w-]{1,50}$/.test(set)) throw wrong('set', '1 to 50 letters, digits, _ or -', set)
  const racks = preferredRacks === undefined || preferredRacks.every(Number.isSafeInteger)
  if (!racks) throw wrong('preferredRacks', 'a list of whole numbers', preferredRacks)
  // Its value stays out of the message.
  if (password !== undefined && typeof password !== 'string') {
    throw new ConfigurationError('aerospike: password: expected a text')
  }
  if (password !== undefined && user === undefined) throw wrong('user', 'a user', user)
  if (tls !== undefined && (typeof tls !== 'object' || tls === null)) {
    throw wrong('tls', 'an object', tls)
  }
  if (client !== undefined && typeof client?.batchRead !== 'function') {
    throw wrong('client', "a client of the package 'aerospike'", client)
  }
  return {
    hosts: hostsOf(options.hosts ?? env.AEROSPIKE_HOSTS ?? `127.0.0.1:${DEFAULT_PORT}`),
    namespace: text('namespace', options.namespace) ?? 'test',
    entrySet: `${set}-entries`,
    tagSet: `${set}-tags`,
    leaseSet: `${set}-leases`,
    user: text('user', user),
    password,
    tls,
    preferredRacks,
    timeout: whole('timeout', options.timeout) ?? 200,
    connectTimeout: whole('connectTimeout', options.connectTimeout) ?? 300,
    maxConnsPerNode: whole('maxConnsPerNode', options.maxConnsPerNode) ?? 100,
    compressAbove:
      compressAbove === false
        ? Number.POSITIVE_INFINITY
        : (whole('compressAbove', compressAbove) ?? Number.POSITIVE_INFINITY),
    client,
  }
}

const optionNames: ReadonlySet<string> = new Set([
  'hosts',
  'namespace',
  'set',
  'user',
  'password',
  'tls',
  'preferredRacks',
  'timeout',
  'connectTimeout',
  'maxConnsPerNode',
  'compressAbove',
  'client',
] satisfies (keyof AerospikeOptions)[])

function hostsOf(given: unknown): readonly HostAndPort[] {
  const list: unknown[] = typeof given === 'string' ? given.split(',') : [given].flat()
  if (list.length === 0) throw wrong('hosts', "at least one host such as '10.0.0.1:3000'", given)
  return list.map((item) => {
    const match = typeof item === 'string' && hostPattern.exec(item.trim())
    const addr = match && (match[1] ?? match[2])
    const port = match && match[3] !== undefined ? Number(match[3]) : DEFAULT_PORT
    if (!addr || port < 1 || port > 65_535) {
      throw wrong('hosts', "hosts such as '10.0.0.1:3000' or '[::1]:3000'", given)
    }
    return { addr, port }
  })
}

const hostPattern = /^(?:\[([\da-f:]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/i

function text(option: string, given: unknown): string | undefined {
  if (given === undefined) return undefined
  if (typeof given === 'string' && given !== '' && !given.includes('\0')) return given
  throw wrong(option, 'a text', given)
}

function whole(option: string, given: unknown): number | undefined {
  if (given === undefined) return undefined
  if (Number.isSafeInteger(given) && Number(given) > 0) return Number(given)
  throw wrong(option, 'a whole number above zero', given)
}

function wrong(option: string, expected: string, given: unknown): ConfigurationError {
  return new ConfigurationError(
    `aerospike: ${option}: expected ${expected}, got ${inspect(given, { depth: 0 })}`,
  )
}
