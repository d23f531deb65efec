import { createHash } from 'node:crypto'
import schemaParser from '@prisma/prisma-schema-wasm'
import { ConfigurationError } from '../errors.js'
import type { Catalog, ForeignKey, Model, ReferentialAction, Relation } from './catalog.js'

/** The part of Prisma's DMMF that is read here. */
interface DmmfModel {
  readonly name: string
  readonly dbName: string | null
  readonly fields: readonly DmmfField[]
  readonly primaryKey: { readonly fields: readonly string[] } | null
  readonly documentation?: string
}

interface DmmfField {
  readonly name: string
  readonly kind: string
  readonly type: string
  readonly isList: boolean
  readonly isRequired: boolean
  readonly isId: boolean
  readonly relationName?: string
  readonly relationFromFields?: readonly string[]
  readonly relationToFields?: readonly string[]
  readonly relationOnDelete?: ReferentialAction
  readonly relationOnUpdate?: ReferentialAction
}

/**
 * Reads a Prisma schema (its text, all files joined).
 *
 * @throws ConfigurationError if the text is not a valid Prisma schema; the message is Prisma's own.
 */
export function parseSchema(text: string): Catalog {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const catalog = parse(text)
  parsed.set(text, catalog)
  return catalog
}

/** A process has one schema or few, and parsing takes longer than many queries. */
const parsed = new Map<string, Catalog>()

function parse(text: string): Catalog {
  const models = datamodelOf(text)
  const views = viewNames(text)
  const joinTables = joinTablesOf(models)
  const joinKeys = models.flatMap((model) => joinKeysOf(model, joinTables))
  const foreignKeys = [...models.flatMap(foreignKeysOf), ...joinKeys]

  const tables = models.map((model): Model => {
    return {
      name: model.name,
      table: model.dbName ?? model.name,
      kind: views.has(model.name) ? 'view' : 'table',
      scalars: new Set(model.fields.filter((f) => !isRelation(f)).map((f) => f.name)),
      relations: new Map(
        model.fields.filter(isRelation).map((f) => [f.name, relationOf(f, joinTables)]),
      ),
      referencedBy: foreignKeys.filter((key) => key.target === model.name),
      documentation: model.documentation,
    }
  })
  const joins = [...new Set(joinTables.values())].map(joinModel)
  return {
    models: new Map([...tables, ...joins].map((model) => [model.name, model])),
    fingerprint: fingerprintOf(models),
  }
}

function datamodelOf(text: string): readonly DmmfModel[] {
  try {
    const dmmf = schemaParser.get_dmmf(JSON.stringify({ prismaSchema: text, noColor: true }))
    return JSON.parse(dmmf).datamodel.models
  } catch (error) {
    throw new ConfigurationError(`the Prisma schema does not parse: ${parserMessage(error)}`)
  }
}

function parserMessage(error: unknown): string {
  const raw = error instanceof Error ? error.message : String(error)
  try {
    return JSON.parse(raw).message
  } catch {
    return raw
  }
}

/** The DMMF shows views as models; only the text tells them apart. */
function viewNames(text: string): ReadonlySet<string> {
  return new Set(Array.from(text.matchAll(/^[ \t]*view[ \t]+(\w+)/gm), (match) => match[1] ?? ''))
}

function isRelation(field: DmmfField): boolean {
  return field.relationName !== undefined
}

/** The join table of each implicit many-to-many relation field: those whose relation has no foreign key. */
function joinTablesOf(models: readonly DmmfModel[]): ReadonlyMap<DmmfField, string> {
  // A relation's name is unique between two models only, so the pair is part of its identity.
  const identity = (model: DmmfModel, field: DmmfField) =>
    [field.relationName, ...[model.name, field.type].sort()].join(' ')
  const withKey = new Set(
    models.flatMap((model) => model.fields.filter(hasForeignKey).map((f) => identity(model, f))),
  )
  return new Map(
    models.flatMap((model) =>
      model.fields
        .filter((field) => isRelation(field) && !withKey.has(identity(model, field)))
        .map((field) => [field, `_${field.relationName}`] as const),
    ),
  )
}

function hasForeignKey(field: DmmfField): boolean {
  return (field.relationFromFields?.length ?? 0) > 0
}

function relationOf(field: DmmfField, joinTables: ReadonlyMap<DmmfField, string>): Relation {
  return {
    name: field.name,
    target: field.type,
    list: field.isList,
    through: joinTables.get(field),
    foreignKey: field.relationFromFields ?? [],
  }
}

function foreignKeysOf(model: DmmfModel): ForeignKey[] {
  return model.fields.filter(hasForeignKey).map((field) => ({
    holder: model.name,
    fields: field.relationFromFields ?? [],
    target: field.type,
    references: field.relationToFields ?? [],
    // Where nothing is written: https://www.prisma.io/docs/orm/prisma-schema/data-model/relations/referential-actions
    onDelete: field.relationOnDelete ?? (field.isRequired ? 'Restrict' : 'SetNull'),
    onUpdate: field.relationOnUpdate ?? 'Cascade',
  }))
}

/** A join table's columns are A and B; its rows go and change with the rows that they join. */
function joinKeysOf(
  model: DmmfModel,
  joinTables: ReadonlyMap<DmmfField, string>,
): readonly ForeignKey[] {
  return model.fields.flatMap((field) => {
    const holder = joinTables.get(field)
    if (holder === undefined) return []
    return {
      holder,
      fields: ['A', 'B'],
      target: model.name,
      references: model.primaryKey?.fields ?? model.fields.filter((f) => f.isId).map((f) => f.name),
      onDelete: 'Cascade',
      onUpdate: 'Cascade',
    }
  })
}

function joinModel(table: string): Model {
  return {
    name: table,
    table,
    kind: 'join',
    scalars: new Set(['A', 'B']),
    relations: new Map(),
    referencedBy: [],
    documentation: undefined,
  }
}

/** Comments do not change what a query means, so they are left out. */
function fingerprintOf(models: readonly DmmfModel[]): string {
  const text = JSON.stringify(models, (key, value) => (key === 'documentation' ? undefined : value))
  return createHash('sha256').update(text).digest('base64url')
}
