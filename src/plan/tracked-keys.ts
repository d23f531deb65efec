import { LRUCache } from 'lru-cache'
import { type Catalog, type Key, type Model, modelOf } from '../catalog/catalog.js'
import { type Normalise, normaliserOf, type Value } from './normalise.js'
import { type Tag, tagOf } from './tag.js'

export interface TrackedOptions {
  readonly catalog: Catalog
  /** Tells apart the databases that share a store. */
  readonly keyspace: string
  /** Fields of a model that are tracked besides its keys: each list is a key. */
  readonly trackBy: (model: string) => readonly (readonly string[])[]
  /** Fields of a model that the database compares more loosely than the schema shows. */
  readonly loose: (model: string) => readonly string[]
  /** Whether a client's extension may give the field, as `User.email`, another value than the database's. */
  readonly isComputed: (field: string) => boolean
}

/** A key whose values are compared exactly, and its tags. */
export interface TrackedKey extends Key {
  readonly model: string
  /** Touched where the key's values are not known. */
  readonly family: Tag
  /** What its tags' ids are made of, but for the values. */
  readonly identity: string
}

interface TrackedModel {
  readonly model: Model
  readonly tag: Tag
  readonly insert: Tag
  readonly keys: readonly TrackedKey[]
  readonly normalisers: ReadonlyMap<string, Normalise>
}

/** How many tags are remembered, as each takes a hash. */
const REMEMBERED = 10_000

/** The tracked keys of every model, and the tags of models, of their keys, and of keys with values. */
export class Tracked {
  readonly #models: ReadonlyMap<string, TrackedModel>
  readonly #catalog: Catalog
  readonly #isComputed: TrackedOptions['isComputed']
  readonly #keyTags = new LRUCache<string, Tag>({ max: REMEMBERED })

  constructor({ catalog, keyspace, trackBy, loose, isComputed }: TrackedOptions) {
    this.#catalog = catalog
    this.#isComputed = isComputed
    this.#models = new Map(
      Array.from(catalog.models.values(), (model) => [
        model.name,
        trackedModel(catalog.provider, keyspace, model, trackBy(model.name), loose(model.name)),
      ]),
    )
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

  /** The tracked key on these fields, in whichever order. */
  keyOn(model: string, fields: readonly string[]): TrackedKey | undefined {
    return this.keys(model).find((key) => isSame(key.fields, fields))
  }

  /** The field's value in a row that came back; undefined where it is not shown, or not as it is in the database. */
  valueIn(model: string, field: string, row: Readonly<Record<string, unknown>>): Value | undefined {
    return this.#isComputed(`${model}.${field}`)
      ? undefined
      : this.normaliser(model, field)?.(row[field])
  }

  /** How values of the field are compared; undefined where they cannot be told apart here. */
  normaliser(model: string, field: string): Normalise | undefined {
    return this.#of(model).normalisers.get(field)
  }

  /** Touched by every write that may change any row of the model. */
  modelTag(model: string): Tag {
    return this.#of(model).tag
  }

  /** Touched by inserts of rows with unknown values of unique keys. */
  insertTag(model: string): Tag {
    return this.#of(model).insert
  }

  /** Touched by every write that may change a row which has these values, before or after. */
  keyTag({ model, fields, identity }: TrackedKey, values: readonly Value[]): Tag {
    const text = identity + JSON.stringify(values)
    const known = this.#keyTags.get(text)
    if (known !== undefined) return known
    const tag = tagOf(`${model}{${fields}:${values}}`, text)
    this.#keyTags.set(text, tag)
    return tag
  }

  /** Touching these invalidates all that depends on any row of the model. */
  allTags(model: string): readonly Tag[] {
    const { tag, keys } = this.#of(model)
    return [tag, ...keys.map(({ family }) => family)]
  }

  #of(model: string): TrackedModel {
    const found = this.#models.get(model)
    if (found === undefined) throw new Error(`the catalog has no model '${model}'`)
    return found
  }
}

function trackedModel(
  provider: string,
  keyspace: string,
  model: Model,
  trackBy: readonly (readonly string[])[],
  loose: readonly string[],
): TrackedModel {
  const { name, table, fields, kind } = model
  const normalisers = new Map(
    [...fields.values()].flatMap((field) => {
      const normaliser = normaliserOf(provider, field)
      const isExact = normaliser !== undefined && !loose.includes(field.name)
      return isExact ? [[field.name, normaliser] as const] : []
    }),
  )
  // By table and columns: two schemas of one database may call them differently.
  const identity = (...parts: unknown[]) => JSON.stringify([keyspace, table, ...parts])
  const keys = [
    ...model.keys,
    ...trackBy.map((tracked): Key => ({ fields: tracked, unique: false })),
  ]
    .filter((key) => kind !== 'view' && key.fields.every((field) => normalisers.has(field)))
    // Prisma changes it with every update, whatever the data say.
    .filter((key) => !key.fields.some((field) => fields.get(field)?.updatedAt))
    .filter(
      (key, index, all) => all.findIndex((other) => isSame(other.fields, key.fields)) === index,
    )
    .map((key): TrackedKey => {
      const own = identity(key.fields.map((field) => fields.get(field)?.column))
      return { ...key, model: name, identity: own, family: tagOf(`${name}{${key.fields}}`, own) }
    })
  return {
    model,
    tag: tagOf(name, identity()),
    insert: tagOf(`${name}{+}`, identity('+')),
    keys,
    normalisers,
  }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((field) => other.includes(field))
}
