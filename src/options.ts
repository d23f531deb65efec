import { inspect } from 'node:util'
import { closest } from 'fastest-levenshtein'
import ms from 'ms'
import { annotationOf } from './catalog/annotations.js'
import { type Catalog, type Field, type Model, modelOf } from './catalog/catalog.js'
import { ConfigurationError } from './errors.js'
import { READS, type ReadOperation } from './plan/query.js'
import { normaliserOf } from './plan/values.js'
import type { Store } from './store/store.js'

/** Seconds, or a string with a unit: `'5m'`, `'1h'`, `'250ms'`. */
export type Duration = number | string

/** What `cacheAside()` takes, every part of it optional. `M` is the model names of the schema. */
export interface CacheAsideOptions<M extends string = string> {
  /** Where entries live. Default: `aerospike()` where `AEROSPIKE_HOSTS` is set, else `memory()`. */
  readonly store?: Store | undefined
  /** How long an answer may be served. Default one minute. */
  readonly ttl?: Duration | undefined
  /** `'all'` (the default) caches every read that does not say `cache: false`; `'opt-in'` only those that ask. */
  readonly mode?: 'all' | 'opt-in' | undefined
  /** The read operations that are cached. Default: all of them. */
  readonly operations?: readonly ReadOperation[] | undefined
  /** Per model: options of its own, or `false`: no read that sees it is cached. */
  readonly models?: { readonly [Model in M]?: ModelOptions<M> | false } | undefined
  /**
   * `'acknowledged'` (the default): a read is never older than a write that was acknowledged before it
   * began. `'strict'`: while a write is in flight, reads of what it may change go to the database.
   */
  readonly consistency?: 'acknowledged' | 'strict' | undefined
  /**
   * How far replicas that answer reads may lag behind. For that long after a write, what it touched is
   * read from the database and not stored. Default: no replicas.
   */
  readonly replicaLag?: Duration | undefined
  /**
   * What becomes of a write that cannot be announced, because the store is away. `'bypass'` (the
   * default): it goes on, and invalidates as soon as the store is back. `'reject'`: it fails with
   * `StoreUnavailableError` before the database sees it.
   */
  readonly onStoreFailure?: 'bypass' | 'reject' | undefined
  /**
   * How long a write outside a transaction may take until, if its process is not heard of again, others
   * invalidate in its place. In a transaction its time-out is added. Default ten seconds.
   */
  readonly writeDeadline?: Duration | undefined
  /**
   * How long a read may wait for another process that is already asking the database the same. Default
   * half a second.
   */
  readonly leaseWait?: Duration | undefined
  /** Tells apart the databases whose caches share a store. Default `''`. */
  readonly keyspace?: string | undefined
  /** The text of the Prisma schema, where the client does not carry it. */
  readonly schema?: string | undefined
}

export interface ModelOptions<M extends string = string> {
  /** How long an answer of this model's queries may be served. */
  readonly ttl?: Duration | undefined
  /**
   * Fields by which reads find rows, besides ids, unique fields and foreign keys: a read that gives
   * them a value is invalidated only by writes to rows that have it. A list stands for a compound key.
   * Every process that shares the store must be given the same.
   *
   * @example
   * ```ts
   * cacheAside({ models: { Post: { trackBy: ['status', ['tenantId', 'slug']] } } })
   * ```
   */
  readonly trackBy?: readonly (string | readonly string[])[] | undefined
  /** For a view: the models that it reads. Without it a view is not cached. */
  readonly dependsOn?: readonly M[] | undefined
}

/** What a read takes as its `cache` argument, instead of `true` or `false`. */
export interface QueryOptions {
  /** How long this answer may be served. */
  readonly ttl?: Duration | undefined
  /** Separates answers that depend on who asks, such as a tenant: an entry never crosses scopes. */
  readonly scope?: string | undefined
}

/** The options, checked, with defaults and comments of the schema applied; durations in milliseconds. */
export interface Settings {
  readonly ttl: number
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

export interface ModelSettings {
  readonly enabled: boolean
  readonly ttl: number | undefined
  readonly dependsOn: readonly string[] | undefined
  readonly trackBy: readonly (readonly string[])[]
}

const DEFAULT_TTL = 60_000
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
  const { store, ttl, mode, operations, models, keyspace, schema } = options
  const { consistency, onStoreFailure } = options
  if (store !== undefined && !isStore(store)) {
    throw wrong('store', 'a store such as memory() or aerospike()', store)
  }
  checkOneOf('mode', mode, ['all', 'opt-in'])
  checkOneOf('consistency', consistency, ['acknowledged', 'strict'])
  checkOneOf('onStoreFailure', onStoreFailure, ['bypass', 'reject'])
  for (const name of checkList('operations', operations)) checkName('operations', name, READS)
  checkString('keyspace', keyspace)
  checkString('schema', schema)
  return {
    ttl: durationOf('ttl', ttl) ?? DEFAULT_TTL,
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

/** @throws ConfigurationError as `settingsOf` does. */
export function queryOptionsOf(given: unknown): {
  readonly ttl: number | undefined
  readonly scope: string | undefined
} {
  checkKeys('cache', given, queryOptionNames)
  const { ttl, scope } = given as QueryOptions
  checkString('cache.scope', scope)
  return { ttl: durationOf('cache.ttl', ttl), scope }
}

const optionNames = [
  'store',
  'ttl',
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
const modelOptionNames = ['ttl', 'trackBy', 'dependsOn'] as const satisfies (keyof ModelOptions)[]
const queryOptionNames = ['ttl', 'scope'] as const satisfies (keyof QueryOptions)[]

function modelSettings(
  given: CacheAsideOptions['models'],
  catalog: Catalog,
): ReadonlyMap<string, ModelSettings> {
  const tables = [...catalog.models.values()].filter(({ kind }) => kind !== 'join')
  const names = tables.map(({ name }) => name)
  const settings = new Map<string, ModelSettings>()
  for (const model of tables) {
    const annotation = annotationOf(model)
    if (annotation !== undefined) {
      const path = `the @cache comment of model ${model.name}`
      settings.set(model.name, oneModel(path, annotation, names, model, catalog.provider))
    }
  }
  if (given !== undefined) checkKeys('models', given, names, 'model')
  for (const [name, options] of Object.entries(given ?? {})) {
    if (options === undefined) continue
    const model = modelOf(catalog, name)
    const inCode = oneModel(`models.${name}`, options, names, model, catalog.provider)
    const inSchema = settings.get(name)
    settings.set(name, {
      enabled: inCode.enabled,
      ttl: inCode.ttl ?? inSchema?.ttl,
      dependsOn: inCode.dependsOn ?? inSchema?.dependsOn,
      trackBy: [...(inSchema?.trackBy ?? []), ...inCode.trackBy],
    })
  }
  return settings
}

function oneModel(
  path: string,
  given: unknown,
  names: readonly string[],
  model: Model,
  provider: string,
): ModelSettings {
  if (given === false) return { enabled: false, ttl: undefined, dependsOn: undefined, trackBy: [] }
  checkKeys(path, given, modelOptionNames)
  const { ttl, dependsOn, trackBy } = given as ModelOptions
  for (const name of checkList(`${path}.dependsOn`, dependsOn)) {
    checkName(`${path}.dependsOn`, name, names, 'model')
  }
  const tracked = checkList(`${path}.trackBy`, trackBy).map((key) =>
    trackedFields(`${path}.trackBy`, key, model, provider),
  )
  return { enabled: true, ttl: durationOf(`${path}.ttl`, ttl), dependsOn, trackBy: tracked }
}

function trackedFields(path: string, key: unknown, model: Model, provider: string): string[] {
  const names = [...model.fields.keys()]
  const fields = Array.isArray(key) ? key : [key]
  if (fields.length === 0) throw wrong(path, 'a field or a list of fields', key)
  return fields.map((name) => {
    checkName(path, name, names, 'field')
    const field = model.fields.get(name) as Field
    if (field.updatedAt || normaliserOf(provider, field) === undefined) {
      const why = field.updatedAt
        ? 'every update changes it'
        : 'its values are not compared exactly'
      throw wrong(
        path,
        `a field that can be tracked (on ${provider}, ${name} cannot: ${why})`,
        name,
      )
    }
    return name
  })
}

/** A duration in milliseconds. */
function durationOf(path: string, given: unknown): number | undefined {
  if (given === undefined) return undefined
  const parsed = typeof given === 'number' ? given * 1000 : millisecondsOf(given)
  // Above zero, and no later than a Date can say.
  if (parsed === undefined || !(parsed > 0) || parsed > 8.64e15) {
    throw wrong(path, "seconds above zero or a string such as '5m'", given)
  }
  return parsed
}

/** A number without a unit is milliseconds to `ms`, and seconds to those who write it: refused. */
function millisecondsOf(given: unknown): number | undefined {
  if (typeof given !== 'string' || !/[a-z]\s*$/i.test(given) || given.length > 100) return undefined
  return ms(given as ms.StringValue)
}

function checkKeys(
  path: string,
  given: unknown,
  known: readonly string[],
  noun = 'option',
): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw wrong(path || 'cacheAside()', 'an object', given)
  }
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) throw unknownName(path, key, known, noun)
  }
}

function checkList(path: string, given: unknown): readonly unknown[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) throw wrong(path, 'a list', given)
  return given
}

function checkName(path: string, given: unknown, known: readonly string[], noun?: string): void {
  if (typeof given !== 'string') throw wrong(path, `one of ${known.join(', ')}`, given)
  if (!known.includes(given)) throw unknownName(path, given, known, noun ?? 'value')
}

function checkOneOf(path: string, given: unknown, known: readonly string[]): void {
  if (given !== undefined) checkName(path, given, known)
}

function checkString(path: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'string') throw wrong(path, 'a string', given)
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

function wrong(path: string, expected: string, given: unknown): ConfigurationError {
  return new ConfigurationError(
    `${path}: expected ${expected}, got ${inspect(given, { depth: 0 })}`,
  )
}

function unknownName(
  path: string,
  given: string,
  known: readonly string[],
  noun: string,
): ConfigurationError {
  const where = path === '' ? '' : ` in ${path}`
  const nearest = known.length > 0 ? `; did you mean '${closest(given, known)}'?` : ''
  return new ConfigurationError(`unknown ${noun} '${given}'${where}${nearest}`)
}
