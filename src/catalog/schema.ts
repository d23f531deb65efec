import { createHash } from 'node:crypto'
import schemaParser from '@prisma/prisma-schema-wasm'
import { ConfigurationError } from '../errors.js'
import type { Catalog, Model } from './catalog.js'
import { type DmmfModel, isRelation } from './dmmf.js'
import { fieldsOf } from './fields.js'
import { compoundsOf, keysOf } from './keys.js'
import { foreignKeysOf, joinKeysOf, joinModel, joinTablesOf, relationOf } from './relations.js'
import { viewNames, withoutIgnore } from './schema-text.js'

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
  const shown = datamodelOf(text)
  const whole = withoutIgnore(text)
  const models = whole === undefined ? shown : datamodelOf(whole)
  const views = viewNames(text)
  const joinTables = joinTablesOf(models)
  const joinKeys = models.flatMap((model) => joinKeysOf(model, joinTables, models))
  const foreignKeys = [...models.flatMap(foreignKeysOf), ...joinKeys]

  const tables = models.map((model): Model => {
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
          .map((field) => [field.name, relationOf(models, model, field, joinTables)]),
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
    provider: providerOf(text),
    fingerprint: fingerprintOf(shown),
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

/** Comments are excluded, because they do not change what a query means. */
function fingerprintOf(models: readonly DmmfModel[]): string {
  const text = JSON.stringify(models, (key, value) => (key === 'documentation' ? undefined : value))
  return createHash('sha256').update(text).digest('base64url')
}
