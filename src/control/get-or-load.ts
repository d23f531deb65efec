import { checkFunction, checkKeys, wrong } from '../checks.js'
import type { DecimalClass } from '../codec/codec.js'
import type { Context } from '../context.js'
import { mergePolicies } from '../options/policy.js'
import { type LoadOptions, loadOptionNames } from '../options/query-options.js'
import { queryOptionsOf } from '../options/query-settings.js'
import type { Tag } from '../plan/tag.js'
import { loadKey, loadsTag, userTag } from '../plan/user-tags.js'
import { Collected, collect } from '../read/collected.js'
import type { Reader } from '../read/reader.js'
import { Report } from '../read/report.js'
import { scopeOf } from '../read/scope.js'
import { checkValue } from './check-value.js'
import type { Targets } from './targets.js'

export interface LoadContext {
  readonly context: Context
  readonly reader: Promise<Reader>
  readonly decimalClass: Promise<DecimalClass>
  readonly targets: Targets
  readonly isInTransaction: () => boolean
}

/** The name of such a read in events and errors. */
const SUBJECT = { model: '$cache', operation: 'getOrLoad' } as const

/** See `CacheControl.getOrLoad`. */
export async function getOrLoad<T>(
  { context, reader, decimalClass, targets, isInTransaction }: LoadContext,
  name: string,
  load: () => PromiseLike<T> | T,
  given: LoadOptions = {},
): Promise<T> {
  if (typeof name !== 'string' || name === '') throw wrong('getOrLoad', 'a key', name)
  checkFunction('getOrLoad', load ?? null)
  checkKeys('getOrLoad', given, loadOptionNames)
  const { settings, telemetry, clock } = context
  const own = queryOptionsOf('getOrLoad', given)
  const tags = eachOnce([
    loadsTag(settings.keyspace),
    ...targets.dependencies('getOrLoad.dependsOn', given.dependsOn),
    ...own.tags.map((tag) => userTag(settings.keyspace, tag)),
  ])

  const report = new Report({ ...SUBJECT, telemetry, clock })
  const bypass = (reason: 'disabled' | 'transaction' | 'scope') => {
    report.bypass(reason)
    return load()
  }
  if (settings.mode === 'off') return bypass('disabled')
  // The function may read rows of the transaction, which nobody else sees yet.
  if (isInTransaction()) return bypass('transaction')
  const scope = own.scope === undefined ? scopeOf(settings.scope, telemetry) : own
  if (scope === undefined) return bypass('scope')

  const key = loadKey(settings.keyspace, scope.scope, name)
  const entry = { key, tags: tags.map((tag) => tag.name) }
  const collected = new Collected()
  const Decimal = await decimalClass
  return (await reader).read<T>({
    ...SUBJECT,
    key,
    tags: tags.map(({ id }) => id),
    wide: [],
    narrow: () => ({ dropped: [], replaced: [], rows: [] }),
    policy: mergePolicies(own, settings),
    refresh: own.refresh,
    shape: () => `$cache.getOrLoad ${name}`,
    collected,
    load: async () => {
      const value = await collect({ token: context.token, collected }, load)
      checkValue(`getOrLoad('${name}')`, value, (part) => part.constructor === Decimal)
      return value
    },
    report: (outcome) => report.outcome(entry, outcome),
  })
}

function eachOnce(tags: readonly Tag[]): readonly Tag[] {
  return [...new Map(tags.map((tag) => [tag.id, tag])).values()]
}
