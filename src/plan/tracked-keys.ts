import { LRUCache } from 'lru-cache'
import { type Catalog, type Key, type Model, modelOf } from '../catalog/catalog.js'
import { formOf, type Normalise, normaliserOf, type Value } from './normalise.js'
import { type Tag, tagIn, tagOf } from './tag.js'

export interface TrackedKeysOptions {
  readonly catalog: Catalog
  /** The name that tells apart databases which share a store. */
  readonly keyspace: string
  /** The keys of a model that are tracked besides its ids, uniques and foreign keys. */
  readonly trackBy: (model: string) => readonly (readonly string[])[]
  /** The fields of a model that the database does not compare exactly, though the schema does not show it. */
  readonly inexact: (model: string) => readonly string[]
  /** The fields of a model that the database changes by itself, though the schema does not show it. */
  readonly computed: (model: string) => readonly string[]
  /**
   * The models that a view reads; undefined where nobody says. A model for which it is known is a view, whatever
   * the schema calls it.
   */
  readonly dependsOn: (model: string) => readonly string[] | undefined
  /** Whether a client's extension may give the field, as `User.email`, another value than the database's. */
  readonly isComputed: (field: string) => boolean
}

/** A key whose values the database compares exactly, with its tags. */
export interface TrackedKey extends Key {
  readonly model: string
  /** The tag that a write touches where it does not know the key's values. */
  readonly family: Tag
  /** The part of its tags' identities that goes before the values. */
  readonly identity: string
}

export interface FieldOfModel {
  readonly model: string
  readonly field: string
}

interface TrackedModel {
  readonly model: Model
  readonly tag: Tag
  readonly insert: Tag
  readonly keys: readonly TrackedKey[]
  readonly normalisers: ReadonlyMap<string, Normalise>
  readonly computed: ReadonlySet<string>
}

/** The number of tags that are remembered, because making one takes a hash. */
const MAX_REMEMBERED_TAGS = 10_000

/** A tag follows from its text, so that all clients of the process share what is remembered. */
const rememberedTags = new LRUCache<string, Tag>({ max: MAX_REMEMBERED_TAGS })

/** The tracked keys of every model, and the tags of models, of their keys, and of keys with values. */
export class TrackedKeys {
  /** The models that were asked for. Most clients use few of a large schema, and many live for one request. */
  readonly #models = new Map<string, TrackedModel>()
  readonly #options: TrackedKeysOptions
  readonly #catalog: Catalog
  readonly #dependsOn: TrackedKeysOptions['dependsOn']
  readonly #isComputed: TrackedKeysOptions['isComputed']

  constructor(options: TrackedKeysOptions) {
    this.#options = options
    this.#catalog = withViews(options.catalog, options.dependsOn)
    this.#dependsOn = options.dependsOn
    this.#isComputed = options.isComputed
  }

  get models(): ReadonlyMap<string, Model> {
    return this.#catalog.models
  }

  model(name: string): Model {
    return modelOf(this.#catalog, name)
  }

  keys(model: string): readonly TrackedKey[] {
    return this.#of(model).keys
  }

  /** The tracked key on these fields, in any order. */
  keyOn(model: string, fields: readonly string[]): TrackedKey | undefined {
    return this.keys(model).find((key) => isSame(key.fields, fields))
  }

  /** The field's value in a returned row; undefined where the row does not show the database's value. */
  valueIn(model: string, field: string, row: Readonly<Record<string, unknown>>): Value | undefined {
    return this.#isComputed(`${model}.${field}`)
      ? undefined
      : this.normaliser(model, field)?.(row[field])
  }

  /** The normaliser of the field's values; undefined where the database does not compare them exactly. */
  normaliser(model: string, field: string): Normalise | undefined {
    return this.#of(model).normalisers.get(field)
  }

  /**
   * The fields that the database may change at every write of a row. Their values are never known after one:
   * a result need not show what a trigger did.
   */
  computed(model: string): ReadonlySet<string> {
    return this.#of(model).computed
  }

  /** Whether a value of the one field is the same value in the other. */
  isSameForm(one: FieldOfModel, other: FieldOfModel): boolean {
    const form = this.#formOf(one)
    return form !== undefined && form === this.#formOf(other)
  }

  /** The tag that every write touches which may change any row of the model. */
  modelTag(model: string): Tag {
    return this.#of(model).tag
  }

  /** The tag that inserts touch whose values of a unique key are not known. */
  insertTag(model: string): Tag {
    return this.#of(model).insert
  }

  /** The tag that every write touches which may change a row that has these values before or after. */
  keyTag({ model, fields, identity }: TrackedKey, values: readonly Value[]): Tag {
    const name = `${model}{${fields}:${values}}`
    const text = identity + JSON.stringify(values)
    const known = rememberedTags.get(text)
    // Two schemas may call one table by two names.
    if (known?.name === name) return known
    const tag = tagOf(name, text)
    rememberedTags.set(text, tag)
    return tag
  }

  /** The models that the view reads, those that views among them read included; undefined where it is not known. */
  behind(view: string): ReadonlySet<string> | undefined {
    const behind = new Set<string>()
    const views = new Set([view])
    // The set grows while the loop runs, as a view may read another.
    for (const name of views) {
      const dependsOn = this.#dependsOn(name)
      if (dependsOn === undefined) return undefined
      for (const dependency of dependsOn) {
        for (const read of [dependency, ...this.model(dependency).joinTables]) behind.add(read)
        if (this.model(dependency).kind === 'view') views.add(dependency)
      }
    }
    return behind
  }

  /** The tags that invalidate every entry which depends on any row of the model, or of its join tables. */
  allTags(model: string): readonly Tag[] {
    return [model, ...this.model(model).joinTables].flatMap((name) => {
      const { tag, keys } = this.#of(name)
      return [tag, ...keys.map(({ family }) => family)]
    })
  }

  /** The form of the field's values; undefined where the database does not compare them exactly. */
  #formOf({ model, field }: FieldOfModel): string | undefined {
    const found = this.model(model).fields.get(field)
    const isExact = this.normaliser(model, field) !== undefined
    return found !== undefined && isExact ? formOf(found) : undefined
  }

  #of(model: string): TrackedModel {
    const known = this.#models.get(model)
    if (known !== undefined) return known
    const { keyspace, trackBy, inexact, computed } = this.#options
    const tracked = trackedModel(this.model(model), {
      provider: this.#catalog.provider,
      keyspace,
      trackBy: trackBy(model),
      inexact: inexact(model),
      computed: computed(model),
    })
    this.#models.set(model, tracked)
    return tracked
  }
}

/** The catalog, in which a model that reads others is a view. */
function withViews(catalog: Catalog, dependsOn: TrackedKeysOptions['dependsOn']): Catalog {
  const views = [...catalog.models.values()].filter(
    ({ name, kind }) => kind === 'table' && dependsOn(name) !== undefined,
  )
  if (views.length === 0) return catalog
  const models = new Map(catalog.models)
  for (const model of views) models.set(model.name, { ...model, kind: 'view' })
  return { ...catalog, models }
}

interface TrackingOfModel {
  readonly provider: string
  readonly keyspace: string
  readonly trackBy: readonly (readonly string[])[]
  readonly inexact: readonly string[]
  readonly computed: readonly string[]
}

function trackedModel(model: Model, tracking: TrackingOfModel): TrackedModel {
  const { name, table, fields } = model
  const normalisers = normalisersOf(model, tracking)
  // Tables and columns identify a tag: two schemas of one database may use other names in Prisma.
  const identity = (...parts: unknown[]) => JSON.stringify([tracking.keyspace, table, ...parts])
  const wide = (name: string, own: string) => tagIn(`model ${identity()}`, name, own)
  const keys = exactKeys(model, tracking.trackBy, normalisers).map((key): TrackedKey => {
    const own = identity(key.fields.map((field) => fields.get(field)?.column))
    return { ...key, model: name, identity: own, family: wide(`${name}{${key.fields}}`, own) }
  })
  return {
    model,
    tag: wide(name, identity()),
    insert: wide(`${name}{+}`, identity('+')),
    keys,
    normalisers,
    computed: new Set([
      ...tracking.computed,
      ...[...fields.values()].flatMap((field) => (field.computed ? field.name : [])),
    ]),
  }
}

function normalisersOf(
  { fields }: Model,
  { provider, inexact }: TrackingOfModel,
): ReadonlyMap<string, Normalise> {
  return new Map(
    [...fields.values()].flatMap((field) => {
      const normaliser = normaliserOf(provider, field)
      const isExact = normaliser !== undefined && !inexact.includes(field.name)
      return isExact ? [[field.name, normaliser] as const] : []
    }),
  )
}

/** The model's keys and those of `trackBy`, each once, as far as the database compares their values exactly. */
function exactKeys(
  { keys, fields, kind }: Model,
  trackBy: readonly (readonly string[])[],
  normalisers: ReadonlyMap<string, Normalise>,
): readonly Key[] {
  if (kind === 'view') return []
  const all = [...keys, ...trackBy.map((tracked): Key => ({ fields: tracked, unique: false }))]
  return (
    all
      .filter((key) => key.fields.every((field) => normalisers.has(field)))
      // Prisma changes an `@updatedAt` field with every update, whatever the data says.
      .filter((key) => !key.fields.some((field) => fields.get(field)?.updatedAt))
      .filter(
        (key, index, rest) => rest.findIndex((other) => isSame(other.fields, key.fields)) === index,
      )
  )
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((field) => other.includes(field))
}
