import { LRUCache } from 'lru-cache'
import type { Catalog } from '../catalog/catalog.js'
import type { BypassReason } from '../telemetry/events.js'
import type { Narrowed, Part } from './dependencies.js'
import { dependingOn, touchesOfRows } from './described-rows.js'
import { canonicalRead, type EntryKey, entryKey } from './key.js'
import { isNullCertain } from './null-answers.js'
import { type Args, objectOf, type Query } from './query.js'
import { effectOf, type SqlEffect, type WritingFunctions } from './raw-sql.js'
import { asItIs, type Returning, returning } from './returning.js'
import { type RowVersions, versionsIn, type WrittenVersions, writtenIn } from './row-versions.js'
import { type Survey, survey } from './survey.js'
import type { Tag } from './tag.js'
import { Touches } from './touches.js'
import { touchesOf } from './touches-of-write.js'
import { TrackedKeys } from './tracked-keys.js'
import { type VersionColumns, versionColumnsOf } from './version-columns.js'

export interface PlannerOptions {
  readonly catalog: Catalog
  readonly keyspace: string
  readonly models: ReadonlyMap<string, PlannedModel>
  /** The functions that change rows when a SELECT calls them. Default: none. */
  readonly writingFunctions?: WritingFunctions
  /** Milliseconds, for models without their own. */
  readonly ttl: number
  /** Represents the effects of the client on answers, see `KeyTerms`. */
  readonly fingerprint: string
  /** The computed fields that the fingerprint covers, as `User.fullName`. */
  readonly computed: ReadonlySet<string>
  /** The fields of a model that the client omits from every answer. */
  readonly omitted: (model: string) => Readonly<Record<string, unknown>>
  /** Whether it omits any of any model. */
  readonly omitsGlobally: boolean
}

/** The effects of a client on the answers of its reads. */
export type ReadTraits = Pick<PlannerOptions, 'fingerprint' | 'computed' | 'omitsGlobally'>

export interface PlannedModel {
  readonly enabled: boolean
  /** Milliseconds. */
  readonly ttl: number | undefined
  /** The models that a view reads. */
  readonly dependsOn: readonly string[] | undefined
  /** The keys that are tracked besides ids, uniques and foreign keys. */
  readonly trackBy: readonly (readonly string[])[]
  /** The fields that the database does not compare exactly, though the schema does not show it. */
  readonly inexact: readonly string[]
  /** The fields that the database changes by itself, though the schema does not show it. */
  readonly computed: readonly string[]
  /** The column that counts the updates of a row. */
  readonly version?: string | undefined
}

export type ReadPlan =
  | {
      readonly cacheable: true
      readonly key: EntryKey
      /** The tags that the answer depends on, whatever it is. */
      readonly tags: readonly Tag[]
      /** The tags that it also depends on, unless `narrow` finds more precise ones. */
      readonly wide: readonly Tag[]
      /** Whether `null` as the answer is certain enough to be stored. */
      readonly storesNull: boolean
      /** The shortest time to live of the models that the read sees, in milliseconds. */
      readonly ttl: number
    }
  | { readonly cacheable: false; readonly reason: BypassReason }

export interface PlannedRead {
  readonly plan: ReadPlan
  /** Gives what an answer says about the wide tags of the read. */
  readonly narrow: (answer: unknown) => Narrowed
}

/** The characters that remembered plans may take: those of the canonical form of each read, and some for each tag. */
const MAX_REMEMBERED_CHARACTERS = 4_000_000
const CHARACTERS_PER_TAG = 100

/** Says what reads depend on and what writes touch, from the schema and the query alone. */
export class Planner {
  readonly #options: PlannerOptions
  readonly #tracked: TrackedKeys
  readonly #versionColumns: VersionColumns
  readonly #computedLater = new Set<string>()
  /** Plans by the canonical forms of their reads, because applications repeat the same reads. */
  readonly #plans = new LRUCache<string, ReadPlan>({
    maxSize: MAX_REMEMBERED_CHARACTERS,
    sizeCalculation: (plan, text) => {
      const tags = plan.cacheable ? plan.tags.length + plan.wide.length : 0
      return text.length + (tags + 1) * CHARACTERS_PER_TAG
    },
  })

  constructor(options: PlannerOptions) {
    const { catalog, keyspace, models, computed } = options
    this.#options = options
    this.#versionColumns = versionColumnsOf(models)
    this.#tracked = new TrackedKeys({
      catalog,
      keyspace,
      trackBy: (model) => models.get(model)?.trackBy ?? [],
      inexact: (model) => models.get(model)?.inexact ?? [],
      computed: (model) => models.get(model)?.computed ?? [],
      dependsOn: (model) => models.get(model)?.dependsOn,
      isComputed: (field) => computed.has(field) || this.#computedLater.has(field),
    })
  }

  /**
   * @param traits what the client that reads does to answers, where there are several clients.
   * @throws UnkeyableError if the arguments hold something without a canonical form.
   */
  read(query: Query, scope: string | undefined, traits?: ReadTraits): PlannedRead {
    const read = canonicalRead(query, scope)
    const text = traits === undefined ? read : traits.fingerprint + read
    const known = this.#plans.get(text)
    if (known !== undefined) {
      return {
        plan: known,
        narrow: (answer) => this.#survey(query, { traits }).dependencies.narrow(answer),
      }
    }
    const { reason, ttl, dependencies } = this.#survey(query, { traits })
    const plan: ReadPlan =
      reason === undefined
        ? {
            cacheable: true,
            key: entryKey({ ...this.#options, ...traits }, read),
            tags: dependencies.firm(),
            wide: dependencies.wide(),
            storesNull: isNullCertain(this.#tracked, query),
            ttl,
          }
        : { cacheable: false, reason }
    this.#plans.set(text, plan)
    return { plan, narrow: (answer) => dependencies.narrow(answer) }
  }

  /** The reasons for the read's dependencies. */
  parts(query: Query): readonly Part[] {
    return this.#survey(query, { explains: true }).dependencies.parts
  }

  /** Tells of computed fields that a later extension added, which the fingerprint cannot cover. */
  computedLater(fields: Iterable<string>): void {
    for (const field of fields) this.#computedLater.add(field)
    this.#plans.clear()
  }

  #survey(
    query: Query,
    { traits, explains = false }: { traits?: ReadTraits | undefined; explains?: boolean } = {},
  ) {
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
    if (behind === undefined || !this.#isCovered(surveyed, traits)) {
      return { ...about, reason: 'uncacheable' as const }
    }
    if (settings.some(({ enabled }) => !enabled)) return { ...about, reason: 'disabled' as const }
    for (const name of behind) dependencies.whole(name, [query.model], () => 'a view reads it')
    return { ...about, reason: undefined }
  }

  /** Whether the fingerprint covers what computed fields do to this read. */
  #isCovered({ computed, omits }: Survey, traits: ReadTraits | undefined): boolean {
    const { computed: known, omitsGlobally } = traits ?? this.#options
    for (const field of computed) if (!known.has(field)) return false
    if (traits !== undefined) return true
    // Nobody says which client it is: later computed fields may decide which fields the read answers with.
    const isDecidedByThem = omits || omitsGlobally || computed.size > 0
    return !(isDecidedByThem && this.#computedLater.size > 0)
  }

  /** The tags that a write touches; without its result, tags that cover all that it may turn out to touch. */
  write(query: Query, result?: unknown): readonly Tag[] {
    return touchesOf(this.#tracked, query, result)
  }

  /** How to run the write so that its result shows which rows it touched. */
  returning(query: Query): Returning {
    const { computed, omitted } = this.#options
    const isComputed = [...computed, ...this.#computedLater].some((f) =>
      f.startsWith(`${query.model}.`),
    )
    // Computed fields may need those that would be removed again.
    if (isComputed) return asItIs(query.args)
    const { version } = this.#options.models.get(query.model) ?? {}
    const more = version === undefined ? [] : [version]
    return returning(this.#tracked, query, omitted(query.model), more)
  }

  /** The versions of the rows in an answer to the read. */
  versionsIn({ model, operation, dataPath }: Query, answer: unknown): RowVersions {
    // Counts and aggregates have the names of columns, but are not rows.
    const isOfRows = dataPath.length === 0 && operation.startsWith('find')
    return versionsIn(this.#tracked, this.#versionColumns, model, isOfRows ? answer : null)
  }

  /** The versions that the write gave to the rows in its result. */
  writtenIn(query: Query, result: unknown): WrittenVersions {
    const isOfRows = query.dataPath.length === 0
    return writtenIn(this.#tracked, this.#versionColumns, query, isOfRows ? result : null)
  }

  /** A selection of these fields of a row and of its tracked fields. */
  selection(model: string, fields: Args): Args {
    const query = { model, operation: 'update', args: { select: fields }, dataPath: [] }
    return objectOf(objectOf(returning(this.#tracked, query, {}).args).select)
  }

  /** The effect of raw SQL. Without a text it may do anything. */
  effectOf(sql: string | undefined): SqlEffect {
    return sql === undefined
      ? { models: 'all', cascades: true, mayCommit: true }
      : effectOf(this.#tracked.models.values(), sql, this.#options.writingFunctions)
  }

  /** The tags that raw SQL touches. */
  raw(sql: string | undefined): readonly Tag[] {
    const { models, cascades } = this.effectOf(sql)
    if (models === 'all') return this.everything()
    const names = models.map(({ name }) => name)
    return this.anyRowsOf(cascades ? this.#withReferring(names) : names)
  }

  /** These models and all that refer to them, directly or through others: TRUNCATE ... CASCADE empties them. */
  #withReferring(names: readonly string[]): ReadonlySet<string> {
    const all = new Set(names)
    // The set grows while the loop runs.
    for (const name of all) {
      for (const { holder } of this.#tracked.model(name).referencedBy) all.add(holder)
    }
    return all
  }

  /** The tags that a write touches of which only the models are known. */
  anyRowsOf(models: Iterable<string>): readonly Tag[] {
    const touches = new Touches(this.#tracked)
    for (const name of models) {
      // Rows of a view have no keys, and what it reads is not meant.
      if (this.#tracked.model(name).kind === 'view') touches.someRows(name)
      else touches.anyRows(name)
    }
    return touches.tags()
  }

  /** The tags of the rows that `where` describes, or the reason why there are none. */
  dependingOn(model: string, where: unknown): ReturnType<typeof dependingOn> {
    return dependingOn(this.#tracked, model, where)
  }

  /** The tags that any change touches to the rows that `where` describes. */
  touchesOfRows(model: string, where: unknown): readonly Tag[] {
    return touchesOfRows(this.#tracked, model, where)
  }

  /** The tags that invalidate every entry which depends on the model. */
  allOf(model: string): readonly Tag[] {
    return this.#tracked.allTags(model)
  }

  /** The tags that invalidate every entry of every model. */
  everything(): readonly Tag[] {
    return [...this.#tracked.models.keys()].flatMap((name) => this.allOf(name))
  }

  /** The models that the views among these read; undefined where a view does not say. */
  #behindViews(names: Iterable<string>): ReadonlySet<string> | undefined {
    const behind = new Set<string>()
    for (const name of names) {
      if (this.#tracked.model(name).kind !== 'view') continue
      const read = this.#tracked.behind(name)
      if (read === undefined) return undefined
      for (const model of read) behind.add(model)
    }
    return behind
  }
}
