import { checkFunction, checkKeys, checkString, wrong } from '../checks.js'
import type { LoadOptions } from '../extension-types.js'
import { policyOf } from '../options/policy.js'
import { loadOptionNames, partialPolicyOf, type Settings } from '../options/settings.js'
import type { Tag } from '../plan/tag.js'
import { loadKey, loadsTag } from '../plan/user-tags.js'
import type { Reader } from '../read/reader.js'
import { Report } from '../read/report.js'
import { scopeOf } from '../read/scope.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { Targets } from './targets.js'

export interface LoadsOptions {
  readonly settings: Settings
  readonly telemetry: Telemetry
  readonly clock: () => number
  readonly reader: Promise<Reader>
  readonly isInTransaction: () => boolean
  readonly targets: Targets
  readonly userTags: (path: string, names: unknown) => readonly Tag[]
}

/** What an application keeps in the cache besides queries: `$cache.getOrLoad`. */
export class Loads {
  readonly #options: LoadsOptions

  constructor(options: LoadsOptions) {
    this.#options = options
  }

  async getOrLoad<T>(
    name: string,
    load: () => PromiseLike<T> | T,
    given: LoadOptions = {},
  ): Promise<T> {
    if (typeof name !== 'string' || name === '') throw wrong('getOrLoad', 'a key', name)
    checkFunction('getOrLoad', load ?? null)
    checkKeys('getOrLoad', given, loadOptionNames)
    checkString('getOrLoad.scope', given.scope)
    const { settings, telemetry, clock, isInTransaction, targets, userTags } = this.#options
    const tags = byId([
      loadsTag(settings.keyspace),
      ...targets.dependencies('getOrLoad.dependsOn', given.dependsOn),
      ...userTags('getOrLoad.tags', given.tags),
    ])
    const policy = policyOf(partialPolicyOf('getOrLoad.', given), settings)

    const subject = { model: '$cache', operation: 'getOrLoad' }
    const report = new Report({ ...subject, telemetry, clock })
    const bypass = (reason: 'transaction' | 'scope') => {
      report.bypass(reason)
      return load()
    }
    // What it loads may be of the transaction, and seen by nobody else yet.
    if (isInTransaction()) return bypass('transaction')
    const asked =
      given.scope === undefined ? scopeOf(settings.scope, telemetry) : { scope: given.scope }
    if (asked === undefined) return bypass('scope')

    const key = loadKey(settings.keyspace, asked.scope, name)
    const entry = { key, tags: tags.map((tag) => tag.name) }
    const reader = await this.#options.reader
    return reader.read<T>({
      ...subject,
      key,
      tags: tags.map(({ id }) => id),
      wide: [],
      narrow: () => ({ dropped: [], replaced: [], rows: [] }),
      policy,
      refresh: given.refresh ?? false,
      load: async () => load(),
      report: (outcome) => report.outcome(entry, outcome),
    })
  }
}

/** A tag that is named twice counts once. */
function byId(tags: readonly Tag[]): readonly Tag[] {
  return [...new Map(tags.map((tag) => [tag.id, tag])).values()]
}
