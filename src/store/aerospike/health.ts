import type { StoreHealth } from '../store.js'
import type { Commands } from './commands.js'

/** Asks the server how it is; where it does not answer, that is how it is. */
export async function healthOf(commands: Commands, namespace: string): Promise<StoreHealth> {
  try {
    const build = lastWord(await commands.info('build'))
    const asked = performance.now()
    const namespaces = lastWord(await commands.info('namespaces')).split(';')
    const latency = performance.now() - asked
    if (!namespaces.includes(namespace)) {
      const advice = [`The server has no namespace '${namespace}', only ${namespaces.join(', ')}.`]
      return { state: 'down', latency, build, advice }
    }
    const settings = {
      ...settingsIn(await commands.info(`get-config:context=namespace;id=${namespace}`)),
      ...settingsIn(await commands.info(`namespace/${namespace}`)),
    }
    return {
      state: commands.breaker.state === 'closed' ? 'up' : 'down',
      latency,
      build,
      ...lastErrorOf(commands),
      settings: relevant(settings),
      advice: adviceOn(settings),
    }
  } catch {
    return { state: 'down', ...lastErrorOf(commands), advice: [UNREACHABLE] }
  }
}

const UNREACHABLE =
  'Aerospike does not answer: queries are answered by the database. Look at hosts, at the network and at the server.'

function lastErrorOf({ breaker }: Commands): { readonly lastError?: string } {
  const { lastError } = breaker
  if (lastError === undefined) return {}
  return { lastError: lastError instanceof Error ? lastError.message : String(lastError) }
}

/** An answer of the info protocol begins with what was asked. */
function lastWord(answer: string): string {
  return answer.split('\t').at(-1)?.trim() ?? ''
}

/** What a namespace's configuration and its state say, by the server's own names. */
type Settings = Readonly<Record<string, string>>

/** `name=value;name=value`, as the info protocol answers. */
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

/** Those of the namespace's settings that decide what this package can promise. */
function relevant(settings: Settings): NonNullable<StoreHealth['settings']> {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = settingOf(settings, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

const NAMES = [
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

/** What an operator should change, and why, in words. */
function adviceOn(settings: Settings): readonly string[] {
  const is = (name: string, value: string) => settingOf(settings, name) === value
  const advice: string[] = []
  if (is('stop_writes', 'true')) {
    advice.push(
      'The namespace is in stop-writes: nothing new is cached until it has room. Let it evict (evict-used-pct), or give it more memory.',
    )
  }
  if (is('nsup-period', '0') && !is('allow-ttl-without-nsup', 'true')) {
    advice.push(
      'nsup-period is 0, so the server refuses records with a TTL: entries expire when they are read, but stay in memory. Set nsup-period to some seconds.',
    )
  }
  if (is('evict-used-pct', '0')) {
    advice.push(
      'evict-used-pct is 0, so a namespace that is full stops writes instead of evicting. A cache wants eviction: set it below stop-writes-used-pct.',
    )
  }
  if (is('strong-consistency', 'false') && !is('replication-factor', '1')) {
    advice.push(
      'The namespace is in AP mode: if the cluster splits or fails over, the TTL bounds how old an answer may be. A strong-consistency namespace keeps the promise.',
    )
  }
  return advice
}

/** Settings of the storage engine carry its name since server 7. */
function settingOf(settings: Settings, name: string): string | undefined {
  return settings[name] ?? settings[`storage-engine.${name}`]
}
