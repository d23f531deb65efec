import { annotationOf } from '../catalog/annotations.js'
import { type Catalog, type Model, modelOf } from '../catalog/catalog.js'
import {
  checkBoolean,
  checkFunction,
  checkKeys,
  checkList,
  checkName,
  checkOneOf,
  checkString,
  durationOf,
  shareOf,
  wholeOf,
  wrong,
} from '../checks.js'
import type { LoadOptions } from '../extension-types.js'
import { READS } from '../plan/query.js'
import { versionColumn } from '../plan/version-columns.js'
import type { NearSettings } from '../read/near-copies.js'
import type { Store } from '../store/store.js'
import { trackedFields } from './model-settings.js'
import type {
  CacheAsideOptions,
  ModelOptions,
  NearOptions,
  QueryOptions,
  WriteOptions,
} from './options.js'
import { type PartialPolicy, type Policy, policyOf, UNSAID } from './policy.js'

/** The options, checked, with defaults and comments of the schema applied; durations in milliseconds. */
export interface Settings extends Policy {
  /** From 0 to 1. */
  readonly jitter: number
  readonly scope: (() => unknown) | undefined
  readonly near: NearSettings | undefined
  readonly optIn: boolean
  readonly strict: boolean
  readonly replicaLag: number | undefined
  readonly rejectWrites: boolean
  readonly writeDeadline: number
  readonly leaseWait: number
  readonly operations: ReadonlySet<string>
  readonly keyspace: string
  /** Of the models that have settings of their own. */
  readonly models: ReadonlyMap<string, ModelSettings>
}

export interface ModelSettings extends PartialPolicy {
  readonly enabled: boolean
  readonly dependsOn: readonly string[] | undefined
  readonly trackBy: readonly (readonly string[])[]
  readonly loose: readonly string[]
  readonly writeThrough: boolean
  /** The column that counts the updates of a row. */
  readonly version: string | undefined
}

const DEFAULT_TTL = 60_000
const DEFAULT_JITTER = 0.05
const DEFAULT_NEAR = { maxEntries: 1_000, maxBytes: 16 * 2 ** 20, maxStaleness: 0 }
const DEFAULT_WRITE_DEADLINE = 10_000
const DEFAULT_LEASE_WAIT = 500

/**
 * Checks the options against the schema and gives them their defaults. What code says of a model
 * goes before what its comment in the schema says.
 *
 * @throws ConfigurationError naming the option, what was expected and what was given.
 */
export function settingsOf(options: CacheAsideOptions, catalog: Catalog): Settings {
  checkKeys('', options, optionNames)
  const { store, mode, operations, models, keyspace, schema } = options
  const { consistency, onStoreFailure, scope } = options
  if (store !== undefined && !isStore(store)) {
    throw wrong('store', 'a store such as memory() or aerospike()', store)
  }
  checkOneOf('mode', mode, ['all', 'opt-in'])
  checkOneOf('consistency', consistency, ['acknowledged', 'strict'])
  checkOneOf('onStoreFailure', onStoreFailure, ['bypass', 'reject'])
  for (const name of checkList('operations', operations)) checkName('operations', name, READS)
  checkString('keyspace', keyspace)
  checkString('schema', schema)
  checkFunction('scope', scope)
  const policy = partialPolicyOf('', options)
  return {
    ttl: policy.ttl ?? DEFAULT_TTL,
    negativeTtl: policy.negativeTtl ?? Number.POSITIVE_INFINITY,
    swr: policy.swr ?? 0,
    staleIfError: policy.staleIfError ?? 0,
    jitter: shareOf('jitter', options.jitter) ?? DEFAULT_JITTER,
    scope,
    near: nearSettings(options.near),
    optIn: mode === 'opt-in',
    strict: consistency === 'strict',
    replicaLag: durationOf('replicaLag', options.replicaLag),
    rejectWrites: onStoreFailure === 'reject',
    writeDeadline: durationOf('writeDeadline', options.writeDeadline) ?? DEFAULT_WRITE_DEADLINE,
    leaseWait: durationOf('leaseWait', options.leaseWait) ?? DEFAULT_LEASE_WAIT,
    operations: new Set(operations ?? READS),
    keyspace: keyspace ?? '',
    models: modelSettings(models, catalog),
  }
}

/** @param path before each name: nothing, or what ends in a dot. */
export function partialPolicyOf(
  path: string,
  given: { readonly [K in keyof Policy]?: unknown },
): PartialPolicy {
  return {
    ttl: durationOf(`${path}ttl`, given.ttl),
    negativeTtl: durationOf(`${path}negativeTtl`, given.negativeTtl),
    swr: durationOf(`${path}swr`, given.swr, 'zero'),
    staleIfError: durationOf(`${path}staleIfError`, given.staleIfError, 'zero'),
  }
}

export const optionNames = [
  'store',
  'ttl',
  'negativeTtl',
  'swr',
  'staleIfError',
  'jitter',
  'scope',
  'near',
  'mode',
  'operations',
  'models',
  'consistency',
  'replicaLag',
  'onStoreFailure',
  'writeDeadline',
  'leaseWait',
  'keyspace',
  'schema',
] as const satisfies (keyof CacheAsideOptions)[]
const policyNames = ['ttl', 'negativeTtl', 'swr', 'staleIfError'] as const
export const modelOptionNames = [
  ...policyNames,
  'trackBy',
  'loose',
  'writeThrough',
  'dependsOn',
  'version',
] as const satisfies (keyof ModelOptions)[]
export const queryOptionNames = [
  ...policyNames,
  'refresh',
  'tags',
  'scope',
] as const satisfies (keyof QueryOptions)[]
export const writeOptionNames = ['invalidate'] as const satisfies (keyof WriteOptions)[]
export const loadOptionNames = [
  ...queryOptionNames,
  'dependsOn',
] as const satisfies (keyof LoadOptions)[]
export const nearOptionNames = [
  'maxEntries',
  'maxBytes',
  'maxStaleness',
] as const satisfies (keyof NearOptions)[]

function nearSettings(given: NearOptions | undefined): NearSettings | undefined {
  if (given === undefined) return undefined
  checkKeys('near', given, nearOptionNames)
  const { maxEntries, maxBytes, maxStaleness } = given
  return {
    maxEntries: wholeOf('near.maxEntries', maxEntries) ?? DEFAULT_NEAR.maxEntries,
    maxBytes: wholeOf('near.maxBytes', maxBytes) ?? DEFAULT_NEAR.maxBytes,
    maxStaleness:
      durationOf('near.maxStaleness', maxStaleness, 'zero') ?? DEFAULT_NEAR.maxStaleness,
  }
}

function modelSettings(
  given: CacheAsideOptions['models'],
  catalog: Catalog,
): ReadonlyMap<string, ModelSettings> {
  const settings = new Map<string, ModelSettings>()
  for (const model of tablesIn(catalog)) {
    const annotation = annotationOf(model)
    if (annotation !== undefined) {
      const path = `the @cache comment of model ${model.name}`
      settings.set(model.name, oneModel(path, annotation, catalog, model))
    }
  }
  if (given !== undefined) checkKeys('models', given, namesIn(catalog), 'model')
  for (const [name, options] of Object.entries(given ?? {})) {
    if (options === undefined) continue
    const path = `models.${name}`
    settings.set(name, oneModel(path, options, catalog, modelOf(catalog, name), settings.get(name)))
  }
  return settings
}

/** @param under what goes for what is not given. */
function oneModel(
  path: string,
  given: unknown,
  catalog: Catalog,
  model: Model,
  under: ModelSettings = NOTHING_SAID,
): ModelSettings {
  if (given === false) return { ...under, enabled: false }
  checkKeys(path, given, modelOptionNames)
  const options = given as ModelOptions
  const { dependsOn, trackBy, loose, writeThrough, version } = options
  checkBoolean(`${path}.writeThrough`, writeThrough)
  for (const name of checkList(`${path}.dependsOn`, dependsOn)) {
    checkName(`${path}.dependsOn`, name, namesIn(catalog), 'model')
  }
  const tracked = checkList(`${path}.trackBy`, trackBy).map((key) =>
    trackedFields(`${path}.trackBy`, key, model, catalog.provider),
  )
  for (const name of checkList(`${path}.loose`, loose)) {
    checkName(`${path}.loose`, name, [...model.fields.keys()], 'field')
    if (tracked.flat().includes(name as string)) {
      throw wrong(`${path}.loose`, 'fields that are not in trackBy', name)
    }
  }
  return {
    ...policyOf(partialPolicyOf(`${path}.`, options), under),
    enabled: true,
    dependsOn: dependsOn ?? under.dependsOn,
    trackBy: [...under.trackBy, ...tracked],
    loose: [...under.loose, ...(loose ?? [])],
    writeThrough: writeThrough ?? under.writeThrough,
    version: versionColumn(`${path}.version`, version, model) ?? under.version,
  }
}

const NOTHING_SAID: ModelSettings = {
  ...UNSAID,
  enabled: true,
  dependsOn: undefined,
  trackBy: [],
  loose: [],
  writeThrough: false,
  version: undefined,
}

function namesIn(catalog: Catalog): readonly string[] {
  return tablesIn(catalog).map(({ name }) => name)
}

/** Tables and views, without what stands between two of them. */
function tablesIn(catalog: Catalog): readonly Model[] {
  return [...catalog.models.values()].filter(({ kind }) => kind !== 'join')
}

function isStore(given: unknown): given is Store {
  return (
    typeof given === 'object' &&
    given !== null &&
    storeMethods.every((name) => typeof (given as Record<string, unknown>)[name] === 'function')
  )
}

const storeMethods = [
  'lookup',
  'states',
  'repair',
  'announce',
  'settle',
  'fill',
  'lease',
  'release',
  'health',
  'clear',
  'close',
] as const satisfies (keyof Store)[]
