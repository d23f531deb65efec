import { changeConfig, describeConfig } from './config.js'
import type { Namespace } from './namespace.js'
import { serverSeconds, storedBytes } from './record.js'
import { ResultCode } from './wire/result-code.js'

/** The version of the server whose answers are emulated. */
export const BUILD = '8.1.0.3'
const EDITION = 'Aerospike Community Edition'
const FEATURES =
  'batch-any;batch-index;blob-bits;cdt-index;cdt-list;cdt-map;cluster-stable;float;geo;' +
  'sindex-exists;peers;pipelining;pquery;pscans;query-show;relaxed-sc;replicas;replicas-all;' +
  'replicas-master;replicas-max;truncate-namespace;udf'
const PARTITION_COUNT = 4096
/** All bits are set, one for each partition, because this node is the master of all partitions. */
const ALL_PARTITIONS = Buffer.alloc(PARTITION_COUNT / 8, 0xff).toString('base64')

/** The state of the server that info commands report. */
export interface InfoSubject {
  readonly port: number
  readonly namespaces: ReadonlyMap<string, Namespace>
  /** Milliseconds since 1970. */
  readonly now: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly connections: number
}

/** Answers info commands, one in each line of the body, with lines `command<TAB>value`. */
export function answerInfo(body: string, subject: InfoSubject): string {
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `${line}\t${answerOne(line, subject)}\n`)
    .join('')
}

/**
 * Returns the answers to the questions that a client asks while it connects and while it checks the
 * cluster. The worker must be able to answer them without the main thread.
 */
export function connectAnswers(subject: InfoSubject): Map<string, string> {
  const names = ['node', 'build', 'features', 'cluster-name', 'replicas', 'service-clear-std']
  names.push('partition-generation', 'peers-generation', 'rebalance-generation', 'peers-clear-std')
  const answers = new Map(names.map((name) => [name, answerOne(name, subject)]))
  return answers.set('user-agent-set', 'ok')
}

function answerOne(line: string, subject: InfoSubject): string {
  const colon = line.indexOf(':')
  if (colon >= 0) {
    return answerCommand(line.slice(0, colon), parameters(line.slice(colon + 1)), subject)
  }
  const [name = '', ...path] = line.split('/')
  switch (name) {
    case 'namespace':
      return describeNamespace(subject.namespaces.get(path[0] ?? ''), subject.now)
    case 'sets':
      return describeSets(path[0], path[1], subject)
    default:
      return answerName(name, subject) ?? answerCommand(name, new Map(), subject)
  }
}

function answerName(name: string, subject: InfoSubject): string | undefined {
  switch (name) {
    case 'node':
      return nodeName(subject.port)
    case 'build':
      return BUILD
    case 'edition':
      return EDITION
    case 'version':
      return `${EDITION} build ${BUILD}`
    case 'features':
      return FEATURES
    case 'status':
      return 'ok'
    case 'cluster-name':
      return 'emulator'
    case 'namespaces':
      return [...subject.namespaces.keys()].join(';')
    case 'partition-generation':
    case 'peers-generation':
      return '0'
    case 'rebalance-generation':
      return '1'
    case 'peers-clear-std':
    case 'peers-clear-alt':
      return '0,3000,[]'
    case 'service':
    case 'service-clear-std':
      return `127.0.0.1:${subject.port}`
    case 'services':
    case 'services-alumni':
    case 'service-clear-alt':
    case 'sindex-list':
      return ''
    case 'replicas':
      return [...subject.namespaces.keys()].map((ns) => `${ns}:0,1,${ALL_PARTITIONS}`).join(';')
    case 'statistics':
      return describeNode(subject)
    default:
      return undefined
  }
}

function answerCommand(
  name: string,
  args: ReadonlyMap<string, string>,
  subject: InfoSubject,
): string {
  switch (name) {
    case 'truncate':
      return truncate(args, subject, true)
    case 'truncate-namespace':
      return truncate(args, subject, false)
    case 'truncate-undo':
      namespaceOf(args, subject)?.undoTruncate(args.get('set'))
      return 'ok'
    case 'truncate-namespace-undo':
      namespaceOf(args, subject)?.undoTruncate(undefined)
      return 'ok'
    case 'get-config':
      return getConfig(args, subject)
    case 'set-config':
      return setConfig(args, subject)
    case 'cluster-stable':
      return 'E3017E7A7E01'
    case 'sets': {
      const namespace = args.get('namespace') ?? args.get('ns')
      return describeSets(namespace, args.get('set'), subject)
    }
    case 'namespace':
      return describeNamespace(namespaceOf(args, subject), subject.now)
    case 'user-agent-set':
      return 'ok'
    case 'sindex-list':
      return ''
    default:
      return failure(ResultCode.parameter, 'unrecognized command')
  }
}

function getConfig(args: ReadonlyMap<string, string>, subject: InfoSubject): string {
  if (args.get('context') !== 'namespace') {
    return `cluster-name=emulator;node-id=${nodeName(subject.port)};proto-fd-max=15000`
  }
  if (!args.has('namespace') && !args.has('id')) {
    return failure(ResultCode.namespace, "missing 'namespace'")
  }
  const ns = namespaceOf(args, subject)
  return ns ? describeConfig(ns) : failure(ResultCode.namespace, 'namespace not found on node')
}

function setConfig(args: ReadonlyMap<string, string>, subject: InfoSubject): string {
  const invalid = failure(ResultCode.parameter, 'invalid set-config parameter')
  if (args.get('context') !== 'namespace') return invalid
  const ns = namespaceOf(args, subject)
  if (ns === undefined) return failure(ResultCode.namespace, 'namespace not found on node')
  for (const [name, value] of args) {
    if (name === 'context' || name === 'namespace' || name === 'id') continue
    if (!changeConfig(ns, name, value)) return invalid
  }
  return 'ok'
}

/** Truncates records written before now, or before the time `lut`, in nanoseconds since 1970. */
function truncate(
  args: ReadonlyMap<string, string>,
  subject: InfoSubject,
  needsSet: boolean,
): string {
  if (!args.has('namespace')) return failure(ResultCode.namespace, "missing 'namespace'")
  const set = args.get('set')
  if (needsSet && set === undefined) return failure(ResultCode.parameter, "missing 'set'")
  const lut = args.get('lut')
  const until = lut === undefined ? subject.now : Math.floor(Number(lut) / 1e6)
  if (!(serverSeconds(until) > 0)) return failure(ResultCode.parameter, 'would truncate to 0')
  if (until > subject.now) return failure(ResultCode.parameter, 'would truncate in the future')
  // The server does not refuse an unknown namespace either, because another node may have it.
  namespaceOf(args, subject)?.truncate(needsSet ? set : undefined, until)
  return 'ok'
}

function namespaceOf(args: ReadonlyMap<string, string>, subject: InfoSubject) {
  return subject.namespaces.get(args.get('namespace') ?? args.get('id') ?? '')
}

function parameters(text: string): Map<string, string> {
  const pairs = text.split(';').filter((pair) => pair !== '')
  return new Map(
    pairs.map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [name, value.join('=')]
    }),
  )
}

function describeNamespace(ns: Namespace | undefined, now: number): string {
  if (ns === undefined) return 'type=unknown'
  let objects = 0
  let bytes = 0
  for (const [, record] of ns.live(now)) {
    objects++
    bytes += blocks(storedBytes(record))
  }
  const statistics = [
    'ns_cluster_size=1',
    'effective_replication_factor=1',
    `objects=${objects}`,
    'tombstones=0',
    `master_objects=${objects}`,
    'unavailable_partitions=0',
    'dead_partitions=0',
    'clock_skew_stop_writes=false',
    `stop_writes=${ns.stopWrites}`,
    'hwm_breached=false',
    `current_time=${serverSeconds(now)}`,
    'evicted_objects=0',
    'data_total_bytes=1073741824',
    `data_used_bytes=${bytes}`,
    `data_used_pct=${Math.floor((bytes * 100) / 1_073_741_824)}`,
  ]
  return `${statistics.join(';')};${describeConfig(ns)}`
}

function describeSets(
  namespace: string | undefined,
  wanted: string | undefined,
  { namespaces, now }: InfoSubject,
): string {
  let text = ''
  for (const ns of namespaces.values()) {
    if (namespace !== undefined && ns.name !== namespace) continue
    for (const [set, { objects, bytes }] of countBySet(ns, now)) {
      if (wanted !== undefined && set !== wanted) continue
      const head = wanted === undefined ? `ns=${ns.name}:set=${set}:` : ''
      text += `${head}objects=${objects}:tombstones=0:data_used_bytes=${bytes}:truncate_lut=0:`
      text += 'sindexes=0:index_populating=false:truncating=false:default-read-touch-ttl-pct=0:'
      text += 'default-ttl=0:disable-eviction=false:enable-index=false:stop-writes-count=0:'
      text += 'stop-writes-size=0;'
    }
  }
  return text
}

function countBySet(ns: Namespace, now: number): Map<string, { objects: number; bytes: number }> {
  const counts = new Map<string, { objects: number; bytes: number }>()
  for (const [, record] of ns.live(now)) {
    if (record.set === '') continue
    const count = counts.get(record.set) ?? { objects: 0, bytes: 0 }
    counts.set(record.set, count)
    count.objects++
    count.bytes += blocks(storedBytes(record))
  }
  return counts
}

function describeNode(subject: InfoSubject): string {
  const { namespaces, now, startedAt, connections, port } = subject
  let objects = 0
  for (const ns of namespaces.values()) objects += [...ns.live(now)].length
  return [
    'cluster_size=1',
    'cluster_key=E3017E7A7E01',
    `cluster_principal=${nodeName(port)}`,
    'cluster_integrity=true',
    'cluster_is_member=true',
    `uptime=${Math.max(0, Math.floor((now - startedAt) / 1000))}`,
    `objects=${objects}`,
    'tombstones=0',
    `client_connections=${connections}`,
    'migrate_partitions_remaining=0',
  ].join(';')
}

/** Storage is given out in blocks of sixteen bytes. */
function blocks(bytes: number): number {
  return Math.ceil(bytes / 16) * 16
}

function nodeName(port: number): string {
  return `BB9${port.toString(16).toUpperCase().padStart(12, '0')}`
}

function failure(code: number, message: string): string {
  return `ERROR:${code}:${message}`
}
