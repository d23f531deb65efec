import type { Namespace, NamespaceConfig } from './namespace.js'

/** The settings of a namespace that the emulator keeps, by their names on the server. */
const SETTINGS: Readonly<Record<string, keyof NamespaceConfig>> = {
  'allow-ttl-without-nsup': 'allowTtlWithoutNsup',
  'apply-ttl-reductions': 'applyTtlReductions',
  'conflict-resolution-policy': 'conflictResolutionPolicy',
  'default-ttl': 'defaultTtl',
  'max-record-size': 'maxRecordSize',
  'nsup-period': 'nsupPeriod',
  'strong-consistency': 'strongConsistency',
  'storage-engine.evict-used-pct': 'evictUsedPct',
  'storage-engine.stop-writes-used-pct': 'stopWritesUsedPct',
}
/** Settings that a server does not let anybody change while it runs. */
const UNCHANGEABLE_SETTINGS: ReadonlySet<string> = new Set([
  'conflict-resolution-policy',
  'strong-consistency',
])

/**
 * The other settings that an in-memory namespace of server 8.1.0.3 reports, with their defaults.
 */
const FIXED_SETTINGS: readonly (readonly [name: string, value: string])[] = [
  ['active-rack', '0'],
  ['auto-revive', 'false'],
  ['background-query-max-rps', '10000'],
  ['conflict-resolve-writes', 'false'],
  ['default-read-touch-ttl-pct', '0'],
  ['disable-cold-start-eviction', 'false'],
  ['disable-mrt-writes', 'false'],
  ['disable-write-dup-res', 'false'],
  ['disallow-expunge', 'false'],
  ['disallow-null-setname', 'false'],
  ['evict-hist-buckets', '10000'],
  ['evict-indexes-memory-pct', '0'],
  ['evict-tenths-pct', '5'],
  ['indexes-memory-budget', '0'],
  ['nsup-hist-period', '3600'],
  ['nsup-threads', '1'],
  ['partition-tree-sprigs', '256'],
  ['rack-id', '0'],
  ['read-consistency-level-override', 'off'],
  ['reject-non-xdr-writes', 'false'],
  ['reject-xdr-writes', 'false'],
  ['replication-factor', '1'],
  ['stop-writes-sys-memory-pct', '90'],
  ['strong-consistency-allow-expunge', 'false'],
  ['transaction-pending-limit', '20'],
  ['truncate-threads', '4'],
  ['write-commit-level-override', 'off'],
  ['index-type', 'mem'],
  ['sindex-type', 'mem'],
  ['storage-engine', 'memory'],
  ['storage-engine.data-size', '1073741824'],
  ['storage-engine.stop-writes-avail-pct', '5'],
]

/** Returns the configuration of a namespace as `name=value;...`. */
export function describeConfig({ config }: Namespace): string {
  const settings = Object.entries(SETTINGS).map(([name, key]) => `${name}=${config[key]}`)
  const fixed = FIXED_SETTINGS.map(([name, value]) => `${name}=${value}`)
  const plain = [...settings, ...fixed].filter((line) => !line.startsWith('storage-engine'))
  const storage = [...settings, ...fixed].filter((line) => line.startsWith('storage-engine'))
  return [...plain.toSorted(), ...storage.toSorted()].join(';')
}

/**
 * Changes one setting.
 *
 * @returns whether the setting exists, can be changed and accepts the value.
 */
export function changeConfig({ config }: Namespace, name: string, value: string): boolean {
  const fullName = name in SETTINGS ? name : `storage-engine.${name}`
  const key = SETTINGS[fullName]
  if (key === undefined || UNCHANGEABLE_SETTINGS.has(fullName)) return false
  const old = config[key]
  if (typeof old === 'boolean') {
    if (value !== 'true' && value !== 'false') return false
    Object.assign(config, { [key]: value === 'true' })
    return true
  }
  if (!/^\d+$/.test(value)) return false
  Object.assign(config, { [key]: Number(value) })
  return true
}
