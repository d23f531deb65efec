import { type Catalog, modelOf } from '../catalog/catalog.js'
import type { BypassReason } from '../telemetry/events.js'
import { type EntryKey, entryKey } from './key.js'
import type { Query } from './query.js'
import { mayWrite, modelsWrittenByRaw } from './raw.js'
import { type Survey, survey } from './read.js'
import { type Tag, tag } from './tag.js'
import { allModels, modelsWritten } from './write.js'

export interface PlannerOptions {
  readonly catalog: Catalog
  readonly keyspace: string
  readonly models: ReadonlyMap<string, PlannedModel>
  /** Milliseconds, for models without their own. */
  readonly ttl: number
  /** What the client does to answers, see `entryKey`. */
  readonly fingerprint: string
  /** The computed fields that the fingerprint covers, as `User.fullName`. */
  readonly computed: ReadonlySet<string>
  /** Whether a client applied computed fields later, which the fingerprint cannot cover. */
  readonly computedLater: () => boolean
  /** Whether the client omits fields from every answer. */
  readonly omitsGlobally: boolean
}

export interface PlannedModel {
  readonly enabled: boolean
  /** Milliseconds. */
  readonly ttl: number | undefined
  /** What a view reads. */
  readonly dependsOn: readonly string[] | undefined
}

export type ReadPlan =
  | {
      readonly cacheable: true
      readonly key: EntryKey
      readonly tags: readonly Tag[]
      /** Milliseconds. The model's own, or a shorter one of another model that the read sees. */
      readonly ttl: number
    }
  | { readonly cacheable: false; readonly reason: BypassReason }

/** What reads depend on and what writes touch: functions of the schema and the query alone. */
export class Planner {
  readonly #options: PlannerOptions
  readonly #tags: ReadonlyMap<string, Tag>

  constructor(options: PlannerOptions) {
    this.#options = options
    // By table: two schemas of one database may call a model differently.
    this.#tags = new Map(
      Array.from(options.catalog.models.values(), ({ name, table }) => [
        name,
        tag(options.keyspace, table),
      ]),
    )
  }

  read(query: Query, scope: string | undefined): ReadPlan {
    const { catalog, keyspace, fingerprint, models } = this.#options
    const surveyed = survey(catalog, query)
    const seen = this.#withViews(surveyed.models)
    if (seen === undefined || !this.#isCovered(surveyed)) {
      return { cacheable: false, reason: 'uncacheable' }
    }
    const settings = [...seen].flatMap((name) => models.get(name) ?? [])
    if (settings.some(({ enabled }) => !enabled)) return { cacheable: false, reason: 'disabled' }
    return {
      cacheable: true,
      key: entryKey({ ...query, keyspace, fingerprint, scope }),
      tags: this.#tagsOf(seen),
      ttl: Math.min(
        models.get(query.model)?.ttl ?? this.#options.ttl,
        ...settings.flatMap(({ ttl }) => ttl ?? []),
      ),
    }
  }

  /** Whether the fingerprint covers what computed fields do to this read. */
  #isCovered({ computed, omits }: Survey): boolean {
    const { computed: known, computedLater, omitsGlobally } = this.#options
    for (const field of computed) if (!known.has(field)) return false
    const isDecidedByThem = omits || omitsGlobally || computed.size > 0
    return !(isDecidedByThem && computedLater())
  }

  write(query: Query): readonly Tag[] {
    return this.#tagsOf(modelsWritten(this.#options.catalog, query))
  }

  /** Nothing where raw SQL only reads; no text at all may do anything. */
  raw(sql: string | undefined, isQuery: boolean): readonly Tag[] {
    if (sql === undefined) return this.everything()
    if (isQuery && !mayWrite(sql)) return []
    return this.#tagsOf(modelsWrittenByRaw(this.#options.catalog, sql))
  }

  /** Touching these invalidates every entry that depends on the model. */
  model(name: string): readonly Tag[] {
    return this.#tagsOf([name])
  }

  /** Touching these invalidates every entry. */
  everything(): readonly Tag[] {
    return this.#tagsOf(allModels(this.#options.catalog))
  }

  /** The models and what the views among them read; undefined where a view does not tell. */
  #withViews(names: Iterable<string>): ReadonlySet<string> | undefined {
    const seen = new Set(names)
    // Grows as it is walked: a view may read another.
    for (const name of seen) {
      if (modelOf(this.#options.catalog, name).kind !== 'view') continue
      const { dependsOn } = this.#options.models.get(name) ?? {}
      if (dependsOn === undefined) return undefined
      for (const dependency of dependsOn) seen.add(dependency)
    }
    return seen
  }

  #tagsOf(models: Iterable<string>): readonly Tag[] {
    return Array.from(models, (name) => this.#tags.get(name) ?? tag(this.#options.keyspace, name))
  }
}
