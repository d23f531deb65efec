import { createHash } from 'node:crypto'
import type { Catalog, ForeignKey, Model } from './catalog.js'
import { type DmmfModel, isRelation } from './dmmf.js'
import { fieldsOf } from './fields.js'
import { compoundsOf, keysOf } from './keys.js'
import { foreignKeysOf, joinKeysOf, joinModel, joinTablesOf, relationOf } from './relations.js'

/** The models as Prisma's parser shows them. */
export interface ParsedSchema {
  /** The models and fields that the client has. */
  readonly shown: readonly DmmfModel[]
  /** The same with those that `@ignore` and `@@ignore` hide. */
  readonly all: readonly DmmfModel[]
  /** The names of the views among the models. */
  readonly views: ReadonlySet<string>
  readonly provider: string
}

/** A schema, with each fact once: the catalog follows from it. */
export interface SchemaDescription {
  readonly provider: string
  readonly fingerprint: string
  readonly tables: readonly DescribedModel[]
  readonly foreignKeys: readonly ForeignKey[]
  /** The foreign keys of join tables. */
  readonly joinKeys: readonly ForeignKey[]
}

export type DescribedModel = Omit<Model, 'referencedBy' | 'joinTables'>

export function describe({ shown, all, views, provider }: ParsedSchema): SchemaDescription {
  const joinTables = joinTablesOf(all)
  const tables = all.map((model): DescribedModel => {
    const client = shown.find(({ name }) => name === model.name)
    const names = new Set(client?.fields.map(({ name }) => name))
    const fields = model.fields.filter(({ name }) => names.has(name))
    const kind = client === undefined ? 'hidden' : 'table'
    return {
      name: model.name,
      table: model.dbName ?? model.name,
      kind: views.has(model.name) ? 'view' : kind,
      fields: fieldsOf(model, fields),
      relations: new Map(
        fields
          .filter(isRelation)
          .map((field) => [field.name, relationOf(all, model, field, joinTables)]),
      ),
      keys: keysOf(model),
      compounds: compoundsOf(model),
      documentation: model.documentation,
    }
  })
  return {
    provider,
    fingerprint: fingerprintOf(shown),
    tables,
    foreignKeys: all.flatMap(foreignKeysOf),
    joinKeys: all.flatMap((model) => joinKeysOf(model, joinTables, all)),
  }
}

/** Comments are excluded, because they do not change what a query means. */
function fingerprintOf(models: readonly DmmfModel[]): string {
  const text = JSON.stringify(models, (key, value) => (key === 'documentation' ? undefined : value))
  return createHash('sha256').update(text).digest('base64url')
}

export function catalogOf(description: SchemaDescription): Catalog {
  const { provider, fingerprint, foreignKeys, joinKeys } = description
  const referring = byTarget([...foreignKeys, ...joinKeys])
  const joining = byTarget(joinKeys)
  const tables = description.tables.map(
    (model): Model => ({
      ...model,
      referencedBy: referring.get(model.name) ?? [],
      joinTables: (joining.get(model.name) ?? []).map(({ holder }) => holder),
    }),
  )
  const joins = [...new Set(joinKeys.map(({ holder }) => holder))].map((name) =>
    joinModel(name, joinKeys, tables),
  )
  return {
    models: new Map([...tables, ...joins].map((model) => [model.name, model])),
    provider,
    fingerprint,
  }
}

function byTarget(keys: readonly ForeignKey[]): ReadonlyMap<string, readonly ForeignKey[]> {
  const grouped = new Map<string, ForeignKey[]>()
  for (const key of keys) {
    const others = grouped.get(key.target) ?? []
    others.push(key)
    grouped.set(key.target, others)
  }
  return grouped
}
