import type { StoreHealth } from '../store.js'

/** What a namespace's configuration and its state say, by the server's own names. */
export type Settings = Readonly<Record<string, string>>

/** `name=value;name=value`, as the info protocol answers; each answer begins with what was asked. */
export function settingsIn(answer: string): Settings {
  const body = answer.slice(answer.indexOf('\t') + 1).trim()
  return Object.fromEntries(
    body.split(';').map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

/** Those of the namespace's settings that decide what this package can promise. */
export function relevant(settings: Settings): NonNullable<StoreHealth['settings']> {
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
export function adviceOn(settings: Settings): readonly string[] {
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
