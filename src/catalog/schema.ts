import { createHash } from 'node:crypto'
import schemaParser from '@prisma/prisma-schema-wasm'
import { ConfigurationError } from '../errors.js'
import type { Catalog, Default, Field, ForeignKey, Key, Model, Relation } from './catalog.js'
import type { DmmfField, DmmfModel } from './dmmf.js'

/**
 * Parses a Prisma schema. A schema of several files must be joined into one text.
 *
 * @throws ConfigurationError if the text is not a valid Prisma schema; the message includes
 *   Prisma's own message.
 */
export function parseSchema(text: string): Catalog {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const catalog = parse(text)
  parsed.set(text, catalog)
  return catalog
}

/** Catalogs are kept for ever: a process has only a few schemas, and parsing one takes long. */
const parsed = new Map<string, Catalog>()

function parse(text: string): Catalog {
  const models = datamodelOf(text)
  const views = viewNames(text)
  const joinTables = joinTablesOf(models)
  const joinKeys = models.flatMap((model) => joinKeysOf(model, joinTables, models))
  const foreignKeys = [...models.flatMap(foreignKeysOf), ...joinKeys]

  const tables = models.map((model): Model => {
    const relations = model.fields.filter(isRelation)
    return {
      name: model.name,
      table: model.dbName ?? model.name,
      kind: views.has(model.name) ? 'view' : 'table',
      fields: fieldsOf(model),
      relations: new Map(
        relations.map((field) => [field.name, relationOf(models, model, field, joinTables)]),
      ),
      keys: keysOf(model),
      compounds: compoundsOf(model),
      referencedBy: foreignKeys.filter((key) => key.target === model.name),
      documentation: model.documentation,
    }
  })
  const joins = joinKeys.map(({ holder }) => joinModel(holder, joinKeys, tables))
  return {
    models: new Map([...tables, ...joins].map((model) => [model.name, model])),
    provider: providerOf(text),
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

function providerOf(text: string): string {
  const request = { prismaSchema: text, datasourceOverrides: {}, ignoreEnvVarErrors: true, env: {} }
  const { config } = JSON.parse(schemaParser.get_config(JSON.stringify(request)))
  return config.datasources[0]?.activeProvider ?? 'unknown'
}

/**
 * Finds the names of views in the text, because the DMMF does not distinguish views from models.
 */
function viewNames(text: string): ReadonlySet<string> {
  return new Set(Array.from(text.matchAll(/^[ \t]*view[ \t]+(\w+)/gm), (match) => match[1] ?? ''))
}

function isRelation(field: DmmfField): boolean {
  return field.relationName !== undefined
}

function fieldsOf(model: DmmfModel): ReadonlyMap<string, Field> {
  const columns = model.fields.filter((field) => !isRelation(field))
  const names = columns.map(({ name, dbName }) => dbName ?? name)
  return new Map(columns.map((field) => [field.name, fieldOf(field, names)]))
}

function fieldOf(field: DmmfField, columns: readonly string[]): Field {
  const [name, args] = field.nativeType ?? []
  return {
    name: field.name,
    column: field.dbName ?? field.name,
    type: field.kind === 'enum' ? 'enum' : field.type,
    native: name === undefined ? undefined : { name, args: args ?? [] },
    list: field.isList,
    required: field.isRequired,
    default: defaultOf(field),
    updatedAt: field.isUpdatedAt,
    computed: isComputed(field, columns),
  }
}

/**
 * Whether the column may be generated from others. A schema shows such a column as `dbgenerated`, with its
 * expression or without one. An expression that names no column, such as `gen_random_uuid()`, is a default.
 */
function isComputed({ default: given }: DmmfField, columns: readonly string[]): boolean {
  const { name, args = [] } = Object(given) as { name?: unknown; args?: readonly unknown[] }
  if (name !== 'dbgenerated') return false
  const expression = args.join(' ').toLowerCase()
  if (expression.trim() === '') return true
  const words = new Set(expression.split(/[^\p{L}\p{N}_$]+/u))
  return columns.some((column) => {
    const lower = column.toLowerCase()
    const isWord = /^[\p{L}\p{N}_$]+$/u.test(lower)
    return isWord ? words.has(lower) : expression.includes(lower)
  })
}

function defaultOf({ default: given }: DmmfField): Default {
  if (given === undefined) return { kind: 'none' }
  const isFunction = typeof given === 'object' && given !== null && !Array.isArray(given)
  return isFunction ? { kind: 'generated' } : { kind: 'value', value: given }
}

function keysOf(model: DmmfModel): readonly Key[] {
  const foreign = model.fields.filter(hasForeignKey).map((f) => f.relationFromFields ?? [])
  const keys = [
    idOf(model),
    ...model.fields.filter((f) => f.isUnique).map((f) => [f.name]),
    ...model.uniqueFields,
  ].map((fields): Key => ({ fields, unique: true }))
  keys.push(...foreign.map((fields): Key => ({ fields, unique: false })))
  // A foreign key may be a unique key as well. Unique keys come first in the list, and of two keys
  // with the same fields the first must stay. A Map keeps the last, so the list is reversed twice.
  const byFields = new Map(keys.reverse().map((key) => [key.fields.join(' '), key]))
  return [...byFields.values()].reverse().filter(({ fields }) => fields.length > 0)
}

function idOf(model: DmmfModel): readonly string[] {
  return model.primaryKey?.fields ?? model.fields.filter((f) => f.isId).map((f) => f.name)
}

function compoundsOf(model: DmmfModel): ReadonlyMap<string, readonly string[]> {
  const named = [model.primaryKey, ...model.uniqueIndexes].flatMap((index) => index ?? [])
  const unnamed = model.uniqueFields.map((fields) => ({ name: null, fields }))
  return new Map(
    [...unnamed, ...named]
      .filter(({ fields }) => fields.length > 1)
      .map(({ name, fields }) => [name ?? fields.join('_'), fields]),
  )
}

/** Finds the join table of each relation field that has no foreign key at either end. */
function joinTablesOf(models: readonly DmmfModel[]): ReadonlyMap<DmmfField, string> {
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

/**
 * Identifies a relation. Its name is unique only between two models, so both models are included.
 */
function identity(model: DmmfModel, field: DmmfField): string {
  return [field.relationName, ...[model.name, field.type].sort()].join(' ')
}

function hasForeignKey(field: DmmfField): boolean {
  return (field.relationFromFields?.length ?? 0) > 0
}

function relationOf(
  models: readonly DmmfModel[],
  model: DmmfModel,
  field: DmmfField,
  joinTables: ReadonlyMap<DmmfField, string>,
): Relation {
  const target = models.find(({ name }) => name === field.type) as DmmfModel
  const opposite = oppositeOf(model, field, target)
  const common = { name: field.name, target: target.name, list: field.isList }
  const exclusive = !opposite.isList
  const through = joinTables.get(field)
  if (through !== undefined) {
    const [here, there] = isSideA(model, field, opposite) ? ABSides : BASides
    const holder = { name: through, here, there }
    return { ...common, exclusive, holder, here: idOf(model), there: idOf(target) }
  }
  const holder = hasForeignKey(field) ? 'here' : 'there'
  const { relationFromFields: from = [], relationToFields: to = [] } =
    holder === 'here' ? field : opposite
  const [here, there] = holder === 'here' ? [from, to] : [to, from]
  return { ...common, exclusive, holder, here, there }
}

const ABSides = ['A', 'B'] as const
const BASides = ['B', 'A'] as const

function oppositeOf(model: DmmfModel, field: DmmfField, target: DmmfModel): DmmfField {
  // The opposite field always exists, because Prisma refuses a schema in which it is missing.
  return target.fields.find(
    (other) =>
      other !== field && isRelation(other) && identity(target, other) === identity(model, field),
  ) as DmmfField
}

/**
 * Column A refers to the model whose name comes first in the alphabet. If a model is related to
 * itself, the names of the two fields decide instead.
 */
function isSideA(model: DmmfModel, field: DmmfField, opposite: DmmfField): boolean {
  return model.name === field.type ? field.name < opposite.name : model.name < field.type
}

function foreignKeysOf(model: DmmfModel): ForeignKey[] {
  return model.fields.filter(hasForeignKey).map((field) => ({
    holder: model.name,
    fields: field.relationFromFields ?? [],
    target: field.type,
    references: field.relationToFields ?? [],
    // These are Prisma's defaults:
    // https://www.prisma.io/docs/orm/prisma-schema/data-model/relations/referential-actions
    onDelete: field.relationOnDelete ?? (field.isRequired ? 'Restrict' : 'SetNull'),
    onUpdate: field.relationOnUpdate ?? 'Cascade',
  }))
}

/**
 * The foreign keys of join tables. The columns of a join table are A and B, and its rows are
 * deleted and updated together with the rows that they join.
 */
function joinKeysOf(
  model: DmmfModel,
  joinTables: ReadonlyMap<DmmfField, string>,
  models: readonly DmmfModel[],
): readonly ForeignKey[] {
  return model.fields.flatMap((field) => {
    const holder = joinTables.get(field)
    if (holder === undefined) return []
    const target = models.find(({ name }) => name === field.type) as DmmfModel
    const column = isSideA(model, field, oppositeOf(model, field, target)) ? 'A' : 'B'
    return {
      holder,
      fields: [column],
      target: model.name,
      references: idOf(model),
      onDelete: 'Cascade',
      onUpdate: 'Cascade',
    }
  })
}

/** The model of a join table. Its columns have the types of the ids that they refer to. */
function joinModel(name: string, joinKeys: readonly ForeignKey[], tables: readonly Model[]): Model {
  const columns = joinKeys.filter(({ holder }) => holder === name)
  return {
    name,
    table: name,
    kind: 'join',
    fields: new Map(
      columns.flatMap(({ fields: [column = ''], target, references: [id = ''] }) => {
        const referred = tables.find((table) => table.name === target)?.fields.get(id)
        if (referred === undefined) return []
        return [[column, { ...referred, name: column, column, default: { kind: 'none' } }]]
      }),
    ),
    relations: new Map(),
    keys: columns.map(({ fields }) => ({ fields, unique: false })),
    compounds: new Map(),
    referencedBy: [],
    documentation: undefined,
  }
}

/** Comments are excluded, because they do not change what a query means. */
function fingerprintOf(models: readonly DmmfModel[]): string {
  const text = JSON.stringify(models, (key, value) => (key === 'documentation' ? undefined : value))
  return createHash('sha256').update(text).digest('base64url')
}
