import { ConfigurationError } from '../errors.js'
import { sharedInProcess } from '../process-state.js'
import { assemble } from './assemble.js'
import type { Catalog } from './catalog.js'
import type { DmmfModel } from './dmmf.js'
import { loadSchemaParser } from './schema-parser.js'
import { viewNames, withoutIgnore } from './schema-text.js'

/**
 * Parses a Prisma schema. A schema of several files must be joined into one text.
 *
 * @throws ConfigurationError if the text is not a valid Prisma schema, with Prisma's own message; or if Prisma's
 *   parser is not available.
 */
export function parseSchema(text: string): Catalog {
  const known = parsed.get(text)
  if (known !== undefined) return known
  const shown = datamodelOf(text)
  const catalog = catalogFrom(text, shown, providerOf(text))
  parsed.set(text, catalog)
  return catalog
}

/** Catalogs are kept for ever: a process has only a few schemas, and parsing one takes long. */
const parsed = sharedInProcess('catalogs.1', () => new Map<string, Catalog>())

/**
 * The catalog of a schema whose DMMF is known.
 *
 * @param shown the models of the DMMF, which lacks what is ignored.
 * @param provider the kind of database, as the datasource names it.
 */
export function catalogFrom(text: string, shown: readonly DmmfModel[], provider: string): Catalog {
  const whole = withoutIgnore(text)
  const all = whole === undefined ? shown : datamodelOf(whole)
  return assemble({ shown, all, views: viewNames(text), provider })
}

function datamodelOf(text: string): readonly DmmfModel[] {
  const parser = loadSchemaParser()
  try {
    const datamodel = parser.get_datamodel(JSON.stringify({ prismaSchema: text, noColor: true }))
    return JSON.parse(datamodel).models
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
  const { config } = JSON.parse(loadSchemaParser().get_config(JSON.stringify(request)))
  return config.datasources[0]?.activeProvider ?? 'unknown'
}
