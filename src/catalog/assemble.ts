import { createHash } from 'node:crypto'
import type { Catalog, Model } from './catalog.js'
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

export function assemble({ shown, all, views, provider }: ParsedSchema): Catalog {
  const joinTables = joinTablesOf(all)
  const joinKeys = all.flatMap((model) => joinKeysOf(model, joinTables, all))
  const foreignKeys = [...all.flatMap(foreignKeysOf), ...joinKeys]

  const tables = all.map((model): Model => {
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
      referencedBy: foreignKeys.filter((key) => key.target === model.name),
      joinTables: joinKeys.flatMap(({ target, holder }) => (target === model.name ? holder : [])),
      documentation: model.documentation,
    }
  })
  const joins = [...new Set(joinKeys.map(({ holder }) => holder))].map((name) =>
    joinModel(name, joinKeys, tables),
  )
  return {
    models: new Map([...tables, ...joins].map((model) => [model.name, model])),
    provider,
    fingerprint: fingerprintOf(shown),
  }
}

/** Comments are excluded, because they do not change what a query means. */
function fingerprintOf(models: readonly DmmfModel[]): string {
  const text = JSON.stringify(models, (key, value) => (key === 'documentation' ? undefined : value))
  return createHash('sha256').update(text).digest('base64url')
}
