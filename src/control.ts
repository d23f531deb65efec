import type { Catalog } from './catalog/catalog.js'
import { checkFunction, checkKeys, namesOf, wholeOf, wrong } from './checks.js'
import type { Reader } from './coherence/reader.js'
import type { DeclaredTags } from './declared-tags.js'
import { ConfigurationError } from './errors.js'
import { Loads } from './loads.js'
import type { Explanation } from './plan/explain.js'
import type { Planner } from './plan/planner.js'
import { objectOf } from './plan/query.js'
import type { Tag } from './plan/tag.js'
import type { Settings } from './settings.js'
import type { Store } from './store/store.js'
import type { Telemetry } from './telemetry/telemetry.js'
import type { CacheControl } from './types.js'
import { userTag } from './user-tags.js'
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
  const loads = new Loads({ ...options, tagsOf })

  /** @param path the option that names the models. */
  function tagsOf(path: string, models: readonly string[], tags: readonly string[]): Tag[] {
    for (const name of models) checkModel(path, 'models', name, catalog)
    return [
      ...models.flatMap((name) => planner.model(name)),
      ...tags.map((name) => userTag(settings.keyspace, name)),
    ]
  }

  return {
    stats: () => telemetry.stats(),
    on: (name, listener) => telemetry.on(name, listener),
    health: async () => ({ ...(await store.health()), owesTouches: options.owesTouches() }),
    async invalidate(target) {
      const { model, tags } = objectOf(target)
      if (model !== undefined && tags !== undefined) {
        throw new ConfigurationError('invalidate: expected { model } or { tags }, got both')
      }
      if (tags !== undefined) {
        return options.touch(tagsOf('invalidate', [], namesOf('invalidate.tags', tags)))
      }
      checkModel('invalidate', '{ model }', model, catalog)
      return options.touch(planner.model(model))
    },
    async clear() {
      await options.touch(options.everything())
      await store.clear()
    },
    explain: options.explain,
    getOrLoad: (key, load, given) => loads.getOrLoad(key, load, given),
    async touching(given, run) {
      checkKeys('touching', given, ['models'])
      const names = namesOf('touching.models', given.models)
      for (const name of names) checkModel('touching.models', 'models', name, catalog)
      return declared.run(planner.anyRowsOf(names), run)
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

function checkModel(
  path: string,
  noun: string,
  name: unknown,
  catalog: Catalog,
): asserts name is string {
  if (typeof name === 'string' && catalog.models.has(name)) return
  throw new ConfigurationError(`${path}: expected ${noun} of the schema, got ${String(name)}`)
}
