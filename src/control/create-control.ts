import type { Catalog } from '../catalog/catalog.js'
import { checkFunction, checkKeys, namesOf, wholeOf, wrong } from '../checks.js'
import { ConfigurationError } from '../errors.js'
import type { CacheControl } from '../extension-types.js'
import type { Settings } from '../options/settings.js'
import type { Explanation } from '../plan/explain.js'
import type { Planner } from '../plan/planner.js'
import { objectOf } from '../plan/query.js'
import type { Tag } from '../plan/tag.js'
import { userTag } from '../plan/user-tags.js'
import type { Reader } from '../read/reader.js'
import type { Store } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { DeclaredTags } from '../write/declared-tags.js'
import { Loads } from './get-or-load.js'
import { Targets } from './targets.js'
import { warm } from './warm.js'

export interface ControlOptions {
  readonly catalog: Catalog
  readonly settings: Settings
  readonly planner: Planner
  readonly store: Store
  readonly telemetry: Telemetry
  readonly clock: () => number
  readonly reader: Promise<Reader>
  readonly declared: DeclaredTags
  /** Touching these invalidates every entry. */
  readonly everything: () => readonly Tag[]
  readonly touch: (tags: readonly Tag[]) => Promise<void>
  readonly explain: (query: () => PromiseLike<unknown>) => Promise<Explanation>
  readonly owesTouches: () => boolean
  readonly isInTransaction: () => boolean
}

const DEFAULT_CONCURRENCY = 4

/** What `prisma.$cache` is. */
export function createControl(options: ControlOptions): CacheControl {
  const { catalog, settings, planner, store, telemetry, declared } = options
  const targets: Targets = new Targets(catalog, planner)
  const userTags = (path: string, names: unknown) =>
    namesOf(path, names).map((name) => userTag(settings.keyspace, name))
  const loads = new Loads({ ...options, targets, userTags })

  return {
    stats: () => telemetry.stats(),
    on: (name, listener) => telemetry.on(name, listener),
    health: async () => ({ ...(await store.health()), owesTouches: options.owesTouches() }),
    async invalidate(target) {
      const { model, where, tags } = objectOf(target)
      if (model !== undefined && tags !== undefined) {
        throw new ConfigurationError('invalidate: expected { model } or { tags }, got both')
      }
      if (tags !== undefined) return options.touch(userTags('invalidate.tags', tags))
      targets.checkModel('invalidate.model', model)
      if (where === undefined) return options.touch(planner.model(model))
      return options.touch(targets.touches('invalidate', { [model]: where }))
    },
    async clear() {
      await options.touch(options.everything())
      await store.clear()
    },
    explain: options.explain,
    getOrLoad: (key, load, given) => loads.getOrLoad(key, load, given),
    async touching(given, run) {
      checkKeys('touching', given, ['models', 'keys'])
      const names = namesOf('touching.models', given.models)
      for (const name of names) targets.checkModel('touching.models', name)
      const tags = [...planner.anyRowsOf(names), ...targets.touches('touching.keys', given.keys)]
      return declared.run(tags, run)
    },
    async warm(reads, given = {}) {
      checkKeys('warm', given, ['concurrency', 'onProgress'])
      if (!Array.isArray(reads)) throw wrong('warm', 'a list of functions', reads)
      for (const read of reads) checkFunction('warm', read ?? null)
      checkFunction('warm.onProgress', given.onProgress)
      const concurrency = wholeOf('warm.concurrency', given.concurrency) ?? DEFAULT_CONCURRENCY
      return warm(reads, { ...given, concurrency })
    },
  }
}
