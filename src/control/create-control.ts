import { checkFunction, checkKeys, checkName, namesOf, wholeOf, wrong } from '../checks.js'
import type { DecimalClass } from '../codec/codec.js'
import type { Context } from '../context.js'
import { warmOptionNames } from '../options/query-options.js'
import type { Explanation } from '../plan/explain.js'
import { objectOf } from '../plan/query.js'
import { userTag } from '../plan/user-tags.js'
import type { Reader } from '../read/reader.js'
import { eventNames } from '../telemetry/events.js'
import { touch } from '../touch/settle.js'
import type { DeclaredTags } from '../write/declared-tags.js'
import type { CacheControl, CacheHealth } from './cache-control.js'
import { getOrLoad } from './get-or-load.js'
import { Targets } from './targets.js'
import { warm } from './warm.js'

export interface ControlOptions {
  readonly context: Context
  readonly reader: Promise<Reader>
  readonly decimalClass: Promise<DecimalClass>
  readonly declared: DeclaredTags
  readonly explain: (query: () => PromiseLike<unknown>) => Promise<Explanation>
  readonly isInTransaction: () => boolean
}

const DEFAULT_CONCURRENCY = 4

const UNSEEN_WRITES =
  'Writes through other clients of the same engine, such as the base client, are not seen until the TTL is over: extend the client before its first query, or pass new PrismaClient({ adapter: cacheAside.adapter(adapter) }).'

/** Makes `prisma.$cache`. */
export function createControl(options: ControlOptions): CacheControl {
  const { context, reader, decimalClass, declared, explain, isInTransaction } = options
  const { catalog, settings, planner, store, telemetry, owed, everything } = context
  const targets: Targets = new Targets(catalog, planner)

  return {
    stats: () => telemetry.stats(),
    on(name, listener) {
      checkName('on', name, eventNames, 'event')
      checkFunction('on', listener ?? null)
      return telemetry.on(name, listener)
    },
    async health() {
      const health = await store.health()
      const otherWrites = otherWritesOf(context)
      const advice = otherWrites === 'unseen' ? [...health.advice, UNSEEN_WRITES] : health.advice
      return { ...health, advice, pendingInvalidations: !owed.isEmpty, otherWrites }
    },
    async invalidate(target) {
      const { tags } = objectOf(target)
      // Filters of a model that is called `tags` are an object, and no list.
      if (tags === undefined || isObject(tags)) {
        return touch(context, targets.touches('invalidate', target))
      }
      checkKeys('invalidate', target, ['tags'])
      const names = namesOf('invalidate.tags', tags)
      return touch(
        context,
        names.map((name) => userTag(settings.keyspace, name)),
      )
    },
    async clear() {
      await touch(context, everything())
      await store.clear()
    },
    explain,
    getOrLoad: (key, load, given) =>
      getOrLoad({ context, reader, decimalClass, targets, isInTransaction }, key, load, given),
    async changing(target, run) {
      checkFunction('changing', run ?? null)
      return declared.run(targets.touches('changing', target), run)
    },
    async warm(reads, given = {}) {
      checkKeys('warm', given, warmOptionNames)
      if (!Array.isArray(reads)) throw wrong('warm', 'a list of functions', reads)
      for (const read of reads) checkFunction('warm', read ?? null)
      checkFunction('warm.onProgress', given.onProgress)
      const concurrency = wholeOf('warm.concurrency', given.concurrency) ?? DEFAULT_CONCURRENCY
      return warm(reads, { onProgress: given.onProgress, concurrency })
    },
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function otherWritesOf({ sentinel }: Context): CacheHealth['otherWrites'] {
  if (sentinel?.isWatching) return 'seen'
  return sentinel === undefined || sentinel.isBlind ? 'unseen' : 'not yet known'
}
