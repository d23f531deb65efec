import {
  checkKeys,
  checkList,
  durationWithUnitOf,
  secretOf,
  textOf,
  wholeOf,
  wrong,
} from '../../checks.js'

/** The options of `aerospike()`; each of them is optional. */
export interface AerospikeOptions {
  /**
   * The addresses of the cluster: `'10.0.0.1:3000,10.0.0.2:3000'`, or a list with one address in
   * each item. Default: the environment variable `AEROSPIKE_HOSTS` if it is set, otherwise
   * `'127.0.0.1:3000'`.
   */
  readonly hosts?: string | readonly string[] | undefined
  /** The namespace of all records. Default: the environment variable
   * `AEROSPIKE_NAMESPACE` if it is set, otherwise `'test'`, the only namespace of a new server. */
  readonly namespace?: string | undefined
  /**
   * The names of the four sets begin with this: `<set>-entries`, `<set>-tags`, `<set>-leases` and
   * `<set>-members`. It may have 1 to 50 letters, digits, `_` or `-`. Default: the environment variable
   * `AEROSPIKE_SET` if it is set, otherwise `'prisma'`.
   */
  readonly set?: string | undefined
  /**
   * The user name, where the cluster has access control. Default: the environment variable
   * `AEROSPIKE_USER` if it is set, otherwise none.
   */
  readonly user?: string | undefined
  /**
   * The password of `user`. Default: the environment variable `AEROSPIKE_PASSWORD` if it is set, otherwise
   * none.
   */
  readonly password?: string | undefined
  /**
   * The client's `tls` configuration, such as `{ enable: true, cafile: 'ca.pem' }`, which encrypts
   * connections. Default: connections are not encrypted.
   */
  readonly tls?: object | undefined
  /**
   * For rack-aware clusters: the numbers of the racks to read from, the nearest first. Default:
   * none.
   */
  readonly preferredRacks?: readonly number[] | undefined
  /**
   * How long a command may take, as a string with a unit; after that the query continues without
   * the cache. Default `'200ms'`.
   */
  readonly timeout?: string | undefined
  /**
   * How long a server may take to accept a connection, as a string with a unit. Default `'300ms'`.
   */
  readonly connectTimeout?: string | undefined
  /** The maximum number of connections to each server of the cluster. Default 100. */
  readonly maxConnsPerNode?: number | undefined
  /**
   * Values with more bytes than this are compressed with gzip before they are stored. With `false`,
   * no value is compressed. Default `false`.
   */
  readonly compressAbove?: number | false | undefined
  /**
   * A connected client that belongs to the application: this package uses it and never closes it.
   * Default: this package creates its own client.
   */
  readonly client?: AerospikeClient | undefined
}

/**
 * A `Client` of the package `aerospike`. Its type is not imported, so that applications without that package
 * compile.
 */
export interface AerospikeClient {
  readonly connect: (...parameters: never[]) => unknown
  readonly batchRead: (...parameters: never[]) => unknown
  readonly batchWrite: (...parameters: never[]) => unknown
  readonly close: (...parameters: never[]) => unknown
}

/** The checked options with their defaults. */
export interface AerospikeSettings {
  readonly hosts: readonly HostAndPort[]
  readonly namespace: string
  readonly entrySet: string
  readonly tagSet: string
  readonly leaseSet: string
  readonly memberSet: string
  readonly user: string | undefined
  readonly password: string | undefined
  readonly tls: object | undefined
  readonly preferredRacks: readonly number[] | undefined
  /** In milliseconds. */
  readonly timeout: number
  /** In milliseconds. */
  readonly connectTimeout: number
  readonly maxConnsPerNode: number
  /** In bytes; infinite where no value is compressed. */
  readonly compressAbove: number
  readonly client: AerospikeClient | undefined
}

export interface HostAndPort {
  readonly addr: string
  readonly port: number
}

/** @throws ConfigurationError with the option's name, what was expected and what was given. */
export function aerospikeSettings(
  options: AerospikeOptions,
  env: NodeJS.ProcessEnv = process.env,
): AerospikeSettings {
  checkKeys('aerospike', options, aerospikeOptionNames)
  const { client, tls, preferredRacks, compressAbove } = options
  const { user, password } = credentialsOf(options, env)
  if (!checkList('aerospike.preferredRacks', preferredRacks).every(Number.isSafeInteger)) {
    throw wrong('aerospike.preferredRacks', 'a list of whole numbers', preferredRacks)
  }
  if (tls !== undefined && (typeof tls !== 'object' || tls === null)) {
    throw wrong('aerospike.tls', 'an object', tls)
  }
  if (client !== undefined && typeof client?.batchRead !== 'function') {
    throw wrong('aerospike.client', "a client of the package 'aerospike'", client)
  }
  const set = setOf(options.set, env)
  return {
    hosts: hostsOf(options.hosts, env),
    namespace:
      textOf('aerospike.namespace', options.namespace) ??
      textOf('AEROSPIKE_NAMESPACE', env.AEROSPIKE_NAMESPACE || undefined) ??
      DEFAULT_NAMESPACE,
    entrySet: `${set}-entries`,
    tagSet: `${set}-tags`,
    leaseSet: `${set}-leases`,
    memberSet: `${set}-members`,
    user,
    password,
    tls,
    preferredRacks,
    timeout: timeoutOf('timeout', options.timeout) ?? DEFAULT_TIMEOUT,
    connectTimeout: timeoutOf('connectTimeout', options.connectTimeout) ?? DEFAULT_CONNECT_TIMEOUT,
    maxConnsPerNode:
      wholeOf('aerospike.maxConnsPerNode', options.maxConnsPerNode) ?? DEFAULT_MAX_CONNS_PER_NODE,
    compressAbove:
      compressAbove === undefined || compressAbove === false
        ? Number.POSITIVE_INFINITY
        : Number(wholeOf('aerospike.compressAbove', compressAbove)),
    client,
  }
}

const DEFAULT_PORT = 3000
const DEFAULT_HOSTS = `127.0.0.1:${DEFAULT_PORT}`
const DEFAULT_NAMESPACE = 'test'
const DEFAULT_SET = 'prisma'
const DEFAULT_TIMEOUT = 200
const DEFAULT_CONNECT_TIMEOUT = 300
const DEFAULT_MAX_CONNS_PER_NODE = 100

export const aerospikeOptionNames = [
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
] as const satisfies (keyof AerospikeOptions)[]

/** An empty variable counts as none. */
function credentialsOf(options: AerospikeOptions, env: NodeJS.ProcessEnv) {
  const user = textOf('aerospike.user', options.user) ?? (env.AEROSPIKE_USER || undefined)
  const password =
    secretOf('aerospike.password', options.password) ?? (env.AEROSPIKE_PASSWORD || undefined)
  if (password !== undefined && user === undefined) {
    throw wrong('aerospike.user', 'the name of the user whose password is given', user)
  }
  return { user, password }
}

function setOf(option: unknown, env: NodeJS.ProcessEnv): string {
  const path = option === undefined ? 'AEROSPIKE_SET' : 'aerospike.set'
  const set = textOf(path, option ?? (env.AEROSPIKE_SET || undefined)) ?? DEFAULT_SET
  // The server allows 63 characters in the name of a set, and its info protocol uses : and ;
  // itself.
  if (!/^[\w-]{1,50}$/.test(set)) throw wrong(path, '1 to 50 letters, digits, _ or -', set)
  return set
}

/** Whole milliseconds, because the native client takes no fractions. */
function timeoutOf(name: 'timeout' | 'connectTimeout', given: unknown): number | undefined {
  const milliseconds = durationWithUnitOf(`aerospike.${name}`, given)
  return milliseconds && Math.min(Math.ceil(milliseconds), MAX_TIMEOUT)
}

/** In milliseconds, 24 days: the native client and timers of Node.js count in 32 bits. */
const MAX_TIMEOUT = 2 ** 31 - 1

function hostsOf(option: unknown, env: NodeJS.ProcessEnv): readonly HostAndPort[] {
  const given = option ?? env.AEROSPIKE_HOSTS ?? DEFAULT_HOSTS
  const path = option === undefined ? 'AEROSPIKE_HOSTS' : 'aerospike.hosts'
  const list: unknown[] = typeof given === 'string' ? given.split(',') : [given].flat()
  if (list.length === 0) throw wrong(path, "at least one host such as '10.0.0.1:3000'", given)
  return list.map((item) => {
    const match = typeof item === 'string' && hostPattern.exec(item.trim())
    const addr = match && (match[1] ?? match[2])
    const port = match && match[3] !== undefined ? Number(match[3]) : DEFAULT_PORT
    if (!addr || port < 1 || port > 65_535) {
      throw wrong(path, "hosts such as '10.0.0.1:3000' or '[::1]:3000'", given)
    }
    return { addr, port }
  })
}

/** An IPv6 address in brackets, or a name or IPv4 address; then, perhaps, a port. */
const hostPattern = /^(?:\[([\da-f:]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/i
