import type { StoreHealth } from '../store.js'
import type { Commands } from './commands.js'
import { withoutNamespace } from './diagnosis.js'
import type { AerospikeSettings } from './options.js'

/**
 * Asks the server for its condition. If it does not answer, the result says so; this never rejects.
 */
export async function healthOf(
  commands: Commands,
  aerospike: AerospikeSettings,
): Promise<StoreHealth> {
  const { namespace } = aerospike
  try {
    const build = lastWord(await commands.info('build'))
    const startedAt = performance.now()
    const namespaces = lastWord(await commands.info('namespaces')).split(';')
    const latencyMs = performance.now() - startedAt
    if (!namespaces.includes(namespace)) {
      const error = withoutNamespace(aerospike, namespaces)
      commands.diagnosis.note(error)
      return { state: 'down', latencyMs, build, lastError: error.message, advice: [error.message] }
    }
    const settings = {
      ...settingsIn(await commands.info(`get-config:context=namespace;id=${namespace}`)),
      ...settingsIn(await commands.info(`namespace/${namespace}`)),
    }
    return {
      state: commands.breaker.state === 'closed' ? 'up' : 'down',
      latencyMs,
      build,
      ...lastErrorOf(commands),
      settings: relevant(settings),
      advice: adviceOn(settings),
    }
  } catch {
    // What an operator must change is in the warning and in the events as well, in the same words.
    const advice = [commands.diagnosis.last?.message ?? UNREACHABLE]
    return { state: 'down', ...lastErrorOf(commands), advice }
  }
}

/**
 * The size of the largest record that the namespace takes, in bytes.
 *
 * @throws Error if the server does not say.
 */
export async function maxRecordBytesOf(commands: Commands, namespace: string): Promise<number> {
  const answer = await commands.info(`get-config:context=namespace;id=${namespace}`)
  const bytes = Number(settingOf(settingsIn(answer), 'max-record-size'))
  // On some storage engines, zero stands for the most that they allow.
  if (bytes > 0) return bytes
  throw new Error(`expected max-record-size in the configuration of ${namespace}, got none`)
}

const UNREACHABLE =
  'Aerospike does not answer, so the database answers all queries. Check the option hosts, the network and the server.'

function lastErrorOf({ breaker }: Commands): { readonly lastError?: string } {
  const { lastError } = breaker
  if (lastError === undefined) return {}
  return { lastError: lastError instanceof Error ? lastError.message : String(lastError) }
}

/** An answer of the info protocol repeats the question before a tab. */
function lastWord(answer: string): string {
  return answer.split('\t').at(-1)?.trim() ?? ''
}

/** The configuration and statistics of a namespace, by the names that the server uses. */
type Settings = Readonly<Record<string, string>>

/** Parses `name=value;name=value`, the format of the info protocol. */
function settingsIn(answer: string): Settings {
  return Object.fromEntries(
    lastWord(answer)
      .split(';')
      .map((pair) => {
        const at = pair.indexOf('=')
        return [pair.slice(0, at), pair.slice(at + 1)]
      }),
  )
}

/** The settings of the namespace that decide which guarantees this package can give. */
function relevant(settings: Settings): NonNullable<StoreHealth['settings']> {
  return Object.fromEntries(
    RELEVANT_SETTINGS.flatMap((name) => {
      const value = settingOf(settings, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

const RELEVANT_SETTINGS = [
  'nsup-period',
  'allow-ttl-without-nsup',
  'default-ttl',
  'max-record-size',
  'conflict-resolution-policy',
  'strong-consistency',
  'replication-factor',
  'evict-used-pct',
  'stop-writes-used-pct',
  'stop_writes',
]

/** Sentences for an operator: which setting to change, and why. */
function adviceOn(settings: Settings): readonly string[] {
  const is = (name: string, value: string) => settingOf(settings, name) === value
  const advice: string[] = []
  if (is('stop_writes', 'true')) {
    advice.push(
      'The namespace is full and in stop-writes, so nothing new is cached. Allow it to evict with evict-used-pct, or give it more memory.',
    )
  }
  if (is('nsup-period', '0') && !is('allow-ttl-without-nsup', 'true')) {
    advice.push(
      'nsup-period is 0, so the server refuses records with a TTL: expired entries are not served, but they stay in memory. Set nsup-period to some seconds, such as 60.',
    )
  }
  if (is('evict-used-pct', '0')) {
    advice.push(
      'evict-used-pct is 0, so a full namespace stops writes instead of evicting old records. A cache needs eviction: set evict-used-pct below stop-writes-used-pct.',
    )
  }
  if (is('strong-consistency', 'false') && !is('replication-factor', '1')) {
    advice.push(
      'The namespace is in AP mode: if the cluster splits or fails over, an answer may be as old as its TTL allows. A namespace with strong consistency does not have this limit.',
    )
  }
  return advice
}

/** Since server 7 the names of storage settings begin with `storage-engine.`. */
function settingOf(settings: Settings, name: string): string | undefined {
  return settings[name] ?? settings[`storage-engine.${name}`]
}
