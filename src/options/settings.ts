import type { Catalog } from '../catalog/catalog.js'
import {
  checkFunction,
  checkKeys,
  checkList,
  checkName,
  checkOneOf,
  checkString,
  durationOf,
  namesOf,
  SHORT,
  shareOf,
  wholeOf,
  wrong,
} from '../checks.js'
import { READS } from '../plan/query.js'
import type { Store } from '../store/store.js'
import { type ModelSettings, modelSettingsOf } from './model-settings.js'
import {
  type CacheAsideOptions,
  type NearOptions,
  nearOptionNames,
  optionNames,
} from './options.js'
import { type Policy, partialPolicyOf } from './policy.js'

/** The options, checked, with their defaults and the options in schema comments; durations in milliseconds. */
export interface Settings extends Policy {
  /** From 0 to 1. */
  readonly jitter: number
  readonly scope: (() => unknown) | undefined
  readonly near: NearSettings | undefined
  readonly mode: 'all' | 'opt-in' | 'off'
  readonly strict: boolean
  readonly replicaLag: number | undefined
  readonly rejectWrites: boolean
  readonly writeDeadline: number
  readonly leaseWait: number
  readonly operations: ReadonlySet<string>
  readonly keyspace: string
  /** In lower case. */
  readonly writingFunctions: true | readonly string[]
  /** The settings of the models that have their own. */
  readonly models: ReadonlyMap<string, ModelSettings>
}

export interface NearSettings {
  readonly maxEntries: number
  /** Counts encoded values. */
  readonly maxBytes: number
  /** Milliseconds. */
  readonly maxStaleness: number
}

const DEFAULT_TTL = 60_000
const DEFAULT_JITTER = 0.05
const DEFAULT_NEAR_ENTRIES = 1_000
const DEFAULT_NEAR_BYTES = 16 * 2 ** 20
const DEFAULT_WRITE_DEADLINE = 10_000
const DEFAULT_LEASE_WAIT = 500

/**
 * Checks the options against the schema and adds their defaults. Options in code override schema
 * comments.
 *
 * @param database names the database, as far as it is known: the default of `keyspace`.
 * @throws ConfigurationError naming the option, what was expected and what was given.
 */
export function settingsOf(options: CacheAsideOptions, catalog: Catalog, database = ''): Settings {
  checkOptions(options)
  const { mode, operations, models, keyspace, consistency, onStoreFailure, scope } = options
  const policy = partialPolicyOf('', options)
  return {
    ttl: policy.ttl ?? DEFAULT_TTL,
    negativeTtl: policy.negativeTtl ?? Number.POSITIVE_INFINITY,
    staleWhileRevalidate: policy.staleWhileRevalidate ?? 0,
    staleIfError: policy.staleIfError ?? 0,
    jitter: shareOf('jitter', options.jitter) ?? DEFAULT_JITTER,
    scope,
    near: nearSettings(options.near),
    mode: mode ?? 'all',
    strict: consistency === 'strict',
    replicaLag: durationOf('replicaLag', options.replicaLag, SHORT),
    rejectWrites: onStoreFailure === 'reject',
    writeDeadline:
      durationOf('writeDeadline', options.writeDeadline, SHORT) ?? DEFAULT_WRITE_DEADLINE,
    leaseWait: durationOf('leaseWait', options.leaseWait, SHORT) ?? DEFAULT_LEASE_WAIT,
    operations: new Set(operations ?? READS),
    keyspace: keyspace ?? database,
    writingFunctions: writingFunctionsOf(options.writingFunctions),
    models: modelSettingsOf(models, catalog),
  }
}

function checkOptions(options: CacheAsideOptions): void {
  checkKeys('', options, optionNames)
  const { store, mode, operations, keyspace, schema, consistency, onStoreFailure, scope } = options
  if (store !== undefined && !isStore(store)) {
    throw wrong('store', 'a store such as memory() or aerospike()', store)
  }
  checkOneOf('mode', mode, ['all', 'opt-in', 'off'])
  checkOneOf('consistency', consistency, ['acknowledged', 'strict'])
  checkOneOf('onStoreFailure', onStoreFailure, ['bypass', 'reject'])
  for (const name of checkList('operations', operations)) checkName('operations', name, READS)
  if (operations?.length === 0) {
    throw wrong(
      'operations',
      "at least one read operation, or mode: 'off' to cache none",
      operations,
    )
  }
  checkString('keyspace', keyspace)
  checkString('schema', schema)
  checkFunction('scope', scope)
}

function writingFunctionsOf(given: unknown): true | readonly string[] {
  if (given === true) return true
  return namesOf('writingFunctions', given).map((name) => name.toLowerCase())
}

function nearSettings(given: NearOptions | undefined): NearSettings | undefined {
  if (given === undefined) return undefined
  checkKeys('near', given, nearOptionNames)
  return {
    maxEntries: wholeOf('near.maxEntries', given.maxEntries) ?? DEFAULT_NEAR_ENTRIES,
    maxBytes: wholeOf('near.maxBytes', given.maxBytes) ?? DEFAULT_NEAR_BYTES,
    maxStaleness:
      durationOf('near.maxStaleness', given.maxStaleness, { ...SHORT, allowsZero: true }) ?? 0,
  }
}

function isStore(given: unknown): given is Store {
  return (
    typeof given === 'object' &&
    given !== null &&
    Object.keys(storeMethods).every(
      (name) => typeof (given as Record<string, unknown>)[name] === 'function',
    )
  )
}

/** Every method of the contract: the type does not let one be forgotten. */
const storeMethods: Record<Exclude<keyof Store, 'place' | 'board'>, true> = {
  lookup: true,
  states: true,
  create: true,
  touch: true,
  mark: true,
  unmark: true,
  fill: true,
  lease: true,
  release: true,
  health: true,
  clear: true,
  close: true,
}
