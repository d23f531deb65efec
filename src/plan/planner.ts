import { LRUCache } from 'lru-cache'
import type { Catalog } from '../catalog/catalog.js'
import type { BypassReason } from '../telemetry/events.js'
import type { Narrowed, Part } from './dependencies.js'
import { dependingOn, touching } from './described-rows.js'
import { canonicalRead, type EntryKey, entryKey } from './key.js'
import { type Args, objectOf, type Query } from './query.js'
import { mayWrite, modelsNamedIn } from './raw-sql.js'
import { asItIs, type Returning, returning } from './returning.js'
import { type RowVersions, versionsIn, type WrittenRows, writtenIn } from './row-versions.js'
import { type Survey, survey } from './survey.js'
import type { Tag } from './tag.js'
import { Touches } from './touches.js'
import { touchesOf } from './touches-of-write.js'
import { Tracked } from './tracked-keys.js'
import { type Versions, versionsOf } from './version-columns.js'

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
  /** The fields of a model that the client omits from every answer. */
  readonly omitted: (model: string) => Readonly<Record<string, unknown>>
  /** Whether it omits any of any model. */
  readonly omitsGlobally: boolean
}

export interface PlannedModel {
  readonly enabled: boolean
  /** Milliseconds. */
  readonly ttl: number | undefined
  /** What a view reads. */
  readonly dependsOn: readonly string[] | undefined
  /** What is tracked besides ids, uniques and foreign keys. */
  readonly trackBy: readonly (readonly string[])[]
  /** What is not tracked, as the database compares it more loosely than the schema shows. */
  readonly loose: readonly string[]
  /** What counts the updates of a row. */
  readonly version?: string | undefined
}

export type ReadPlan =
  | {
      readonly cacheable: true
      readonly key: EntryKey
      /** What the answer depends on in any case. */
      readonly tags: readonly Tag[]
      /** What it also depends on, unless `narrow` says better. */
      readonly wide: readonly Tag[]
      /** Milliseconds. The model's own, or a shorter one of another model that the read sees. */
      readonly ttl: number
    }
  | { readonly cacheable: false; readonly reason: BypassReason }

/** Of what reads depend on, how much is remembered: characters of reads' canonical forms, and so many for a tag. */
const REMEMBERED = 4_000_000
const TAG_SIZE = 100

/** What reads depend on and what writes touch: functions of the schema and the query alone. */
export class Planner {
  readonly #options: PlannerOptions
  readonly #tracked: Tracked
  readonly #versions: Versions
  readonly #computedLater = new Set<string>()
  /** By canonical forms: the same read comes again, or a cache were of no use. */
  readonly #plans = new LRUCache<string, ReadPlan>({
    maxSize: REMEMBERED,
    sizeCalculation: (plan, text) =>
      text.length + (plan.cacheable ? plan.tags.length + plan.wide.length + 1 : 1) * TAG_SIZE,
  })

  constructor(options: PlannerOptions) {
    const { catalog, keyspace, models, computed } = options
    this.#options = options
    this.#versions = versionsOf(models)
    this.#tracked = new Tracked({
      catalog,
      keyspace,
      trackBy: (model) => models.get(model)?.trackBy ?? [],
      loose: (model) => models.get(model)?.loose ?? [],
      isComputed: (field) => computed.has(field) || this.#computedLater.has(field),
    })
  }

  /** @throws UnkeyableError if the arguments hold something without a canonical form. */
  read(query: Query, scope: string | undefined): ReadPlan {
    const text = canonicalRead(query, scope)
    const known = this.#plans.get(text)
    if (known !== undefined) return known
    const { reason, ttl, dependencies } = this.#survey(query)
    const plan: ReadPlan =
      reason === undefined
        ? {
            cacheable: true,
            key: entryKey(this.#options, text),
            tags: dependencies.firm(),
            wide: dependencies.wide(),
            ttl,
          }
        : { cacheable: false, reason }
    this.#plans.set(text, plan)
    return plan
  }

  /** What the answer says about the wide tags of the read. */
  narrow(query: Query, answer: unknown): Narrowed {
    return this.#survey(query).dependencies.narrow(answer)
  }

  /** Why the read depends on what it depends on. */
  parts(query: Query): readonly Part[] {
    return this.#survey(query, true).dependencies.parts
  }

  /** From now on, clients with these computed fields may call, which the fingerprint cannot cover. */
  computedLater(fields: Iterable<string>): void {
    for (const field of fields) this.#computedLater.add(field)
    this.#plans.clear()
  }

  #survey(query: Query, explains = false) {
    const { models } = this.#options
    const surveyed = survey({ tracked: this.#tracked, explains }, query)
    const { dependencies } = surveyed
    const behind = this.#behindViews(surveyed.models)
    const settings = [...surveyed.models, ...(behind ?? [])].flatMap(
      (name) => models.get(name) ?? [],
    )
    const ttl = Math.min(
      models.get(query.model)?.ttl ?? this.#options.ttl,
      ...settings.flatMap(({ ttl }) => ttl ?? []),
    )
    const about = { dependencies, ttl }
    if (behind === undefined || !this.#isCovered(surveyed)) {
      return { ...about, reason: 'uncacheable' as const }
    }
    if (settings.some(({ enabled }) => !enabled)) return { ...about, reason: 'disabled' as const }
    for (const name of behind) dependencies.whole(name, [query.model], () => 'a view reads it')
    return { ...about, reason: undefined }
  }

  /** Whether the fingerprint covers what computed fields do to this read. */
  #isCovered({ computed, omits }: Survey): boolean {
    const { computed: known, omitsGlobally } = this.#options
    for (const field of computed) if (!known.has(field)) return false
    const isDecidedByThem = omits || omitsGlobally || computed.size > 0
    return !(isDecidedByThem && this.#computedLater.size > 0)
  }

  /** Without the result: what stands for all that the write may turn out to touch. */
  write(query: Query, result?: unknown): readonly Tag[] {
    return touchesOf(this.#tracked, query, result)
  }

  /** How to run the write so that its result tells what it touched. */
  returning(query: Query): Returning {
    const { computed, omitted } = this.#options
    const isComputed = [...computed, ...this.#computedLater].some((f) =>
      f.startsWith(`${query.model}.`),
    )
    // Computed fields may be made of those that would be taken off again.
    if (isComputed) return asItIs(query.args)
    const { version } = this.#options.models.get(query.model) ?? {}
    const more = version === undefined ? [] : [version]
    return returning(this.#tracked, query, omitted(query.model), more)
  }

  /** Of the rows in an answer to the read. */
  versionsIn({ model, operation, dataPath }: Query, answer: unknown): RowVersions {
    // Counts and aggregates have columns' names, but are no rows.
    const isOfRows = dataPath.length === 0 && operation.startsWith('find')
    return versionsIn(this.#tracked, this.#versions, model, isOfRows ? answer : null)
  }

  /** What the write made of the rows in its result. */
  writtenIn(query: Query, result: unknown): WrittenRows {
    const isOfRows = query.dataPath.length === 0
    return writtenIn(this.#tracked, this.#versions, query, isOfRows ? result : null)
  }

  /** The selection of these fields of a row and of the tracked ones. */
  selection(model: string, fields: Args): Args {
    const query = { model, operation: 'update', args: { select: fields }, dataPath: [] }
    return objectOf(objectOf(returning(this.#tracked, query, {}).args).select)
  }

  /** Nothing where raw SQL only reads; no text at all may do anything. */
  raw(sql: string | undefined, isQuery: boolean): readonly Tag[] {
    if (sql === undefined) return this.everything()
    if (isQuery && !mayWrite(sql)) return []
    const named = modelsNamedIn(this.#tracked.models.values(), sql)
    return this.anyRowsOf(named.map(({ name }) => name))
  }

  /** What a write touches of which only the models are known. */
  anyRowsOf(models: Iterable<string>): readonly Tag[] {
    const touches = new Touches(this.#tracked)
    for (const name of models) touches.anyRows(name)
    return touches.tags()
  }

  /** What depends on the rows that `where` describes, or why they cannot be told apart. */
  dependingOn(model: string, where: unknown): ReturnType<typeof dependingOn> {
    return dependingOn(this.#tracked, model, where)
  }

  /** What any change to the rows that `where` describes touches. */
  touching(model: string, where: unknown): readonly Tag[] {
    return touching(this.#tracked, model, where)
  }

  /** Touching these invalidates every entry that depends on the model. */
  model(name: string): readonly Tag[] {
    return this.#tracked.allTags(name)
  }

  /** Touching these invalidates every entry. */
  everything(): readonly Tag[] {
    return [...this.#tracked.models.keys()].flatMap((name) => this.model(name))
  }

  /** What the views among the models read; undefined where one does not tell. */
  #behindViews(names: Iterable<string>): ReadonlySet<string> | undefined {
    const views = new Set(names)
    const behind = new Set<string>()
    // Grows as it is walked: a view may read another.
    for (const name of views) {
      if (this.#tracked.model(name).kind !== 'view') continue
      const { dependsOn } = this.#options.models.get(name) ?? {}
      if (dependsOn === undefined) return undefined
      for (const dependency of dependsOn) {
        views.add(dependency)
        behind.add(dependency)
      }
    }
    return behind
  }
}
