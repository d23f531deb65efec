import { createHash } from 'node:crypto'
import { wrong } from '../checks.js'
import { ConfigurationError } from '../errors.js'
import { sharedInProcess } from '../process-state.js'
import type { Catalog, Field, Relation } from './catalog.js'
import { catalogOf, type DescribedModel, type SchemaDescription } from './description.js'

/** The catalog of a schema, as the generator writes it into a file. Its contents may change in any version. */
export interface GeneratedCatalog {
  /** The version of this format. */
  readonly format: number
  /** Identifies the text of the schema that it was generated from. */
  readonly schema: string
  /** Shows whether `models` is complete and unchanged. */
  readonly checksum: string
  /** The models, as JSON in a string, which loads faster than a literal. */
  readonly models: string
}

const FORMAT = 1

/** @param text the schema that the description is of. */
export function generatedCatalog(text: string, description: SchemaDescription): GeneratedCatalog {
  const models = JSON.stringify({
    ...description,
    tables: description.tables.map(storedModel),
  })
  return { format: FORMAT, schema: hashOf(text), checksum: hashOf(models), models }
}

/**
 * The catalog in a generated file.
 *
 * @param text the schema of the client; undefined if the client does not carry it.
 * @throws ConfigurationError if it is no such catalog, belongs to another version of this package, is damaged, or
 *   is of another schema than the client's.
 */
export function readGeneratedCatalog(given: unknown, text: string | undefined): Catalog {
  checkGenerated(given)
  if (text !== undefined && schemaHash(text) !== given.schema) {
    throw new ConfigurationError(
      `catalog: expected the catalog of this client's schema, got that of another schema, or of an earlier version of it: ${AGAIN}`,
    )
  }
  const known = catalogs.get(given.models)
  if (known !== undefined) return known
  if (hashOf(given.models) !== given.checksum) {
    throw new ConfigurationError(`catalog: the file was changed after it was generated: ${AGAIN}`)
  }
  const { tables, ...stored } = JSON.parse(given.models)
  const catalog = catalogOf({ ...stored, tables: tables.map(describedModel) })
  catalogs.set(given.models, catalog)
  return catalog
}

/** Catalogs by their text: a bundler may load the file several times. They are few, and kept for ever. */
const catalogs = sharedInProcess('generated-catalogs.1', () => new Map<string, Catalog>())

const AGAIN = "run 'prisma generate', with the generator of this package in the same schema"

function checkGenerated(given: unknown): asserts given is GeneratedCatalog {
  const expected =
    "what 'prisma generate' wrote, as in import { catalog } from './generated/prisma-cache-catalog.js'"
  if (typeof given !== 'object' || given === null) throw wrong('catalog', expected, given)
  const { format, schema, checksum, models } = given as Partial<GeneratedCatalog>
  if ('catalog' in given) throw wrong('catalog', `${expected}, and not the whole module`, given)
  if (typeof format !== 'number') throw wrong('catalog', expected, given)
  if (format !== FORMAT) {
    throw new ConfigurationError(
      `catalog: expected format ${FORMAT}, got ${format}, which another version of this package wrote: ${AGAIN}`,
    )
  }
  if ([schema, checksum, models].some((part) => typeof part !== 'string')) {
    throw wrong('catalog', expected, given)
  }
}

/** The hashes of schemas, because one client may be extended for each request. */
const hashes = new Map<string, string>()

function schemaHash(text: string): string {
  const known = hashes.get(text) ?? hashOf(text)
  hashes.set(text, known)
  return known
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** A model in the file. What most models have in common is left out. */
interface StoredModel
  extends Pick<DescribedModel, 'name' | 'keys'>,
    Partial<Pick<DescribedModel, 'table' | 'kind' | 'documentation'>> {
  readonly fields: readonly StoredField[]
  readonly relations: readonly StoredRelation[]
  readonly compounds: readonly (readonly [string, readonly string[]])[]
}

type StoredField = Pick<Field, 'name' | 'type'> & Partial<Field>
type StoredRelation = Omit<Relation, 'list' | 'exclusive'> & Partial<Relation>

function storedModel(model: DescribedModel): StoredModel {
  const { name, table, kind, fields, relations, keys, compounds, documentation } = model
  return {
    name,
    ...(table !== name && { table }),
    ...(kind !== 'table' && { kind }),
    fields: [...fields.values()].map(storedField),
    relations: [...relations.values()].map(storedRelation),
    keys,
    compounds: [...compounds],
    ...(documentation !== undefined && { documentation }),
  }
}

function describedModel(stored: StoredModel): DescribedModel {
  return {
    name: stored.name,
    table: stored.table ?? stored.name,
    kind: stored.kind ?? 'table',
    fields: new Map(stored.fields.map((field) => [field.name, fieldOf(field)])),
    relations: new Map(stored.relations.map((relation) => [relation.name, relationOf(relation)])),
    keys: stored.keys,
    compounds: new Map(stored.compounds),
    documentation: stored.documentation,
  }
}

function storedField(field: Field): StoredField {
  return {
    name: field.name,
    type: field.type,
    ...(field.column !== field.name && { column: field.column }),
    ...(field.native !== undefined && { native: field.native }),
    ...(field.list && { list: true }),
    ...(!field.required && { required: false }),
    ...(field.default.kind !== 'none' && { default: field.default }),
    ...(field.updatedAt && { updatedAt: true }),
    ...(field.computed && { computed: true }),
  }
}

function fieldOf(stored: StoredField): Field {
  return {
    name: stored.name,
    column: stored.column ?? stored.name,
    type: stored.type,
    native: stored.native,
    list: stored.list ?? false,
    required: stored.required ?? true,
    default: stored.default ?? { kind: 'none' },
    updatedAt: stored.updatedAt ?? false,
    computed: stored.computed ?? false,
  }
}

function storedRelation({ list, exclusive, ...relation }: Relation): StoredRelation {
  return { ...relation, ...(list && { list }), ...(exclusive && { exclusive }) }
}

function relationOf(stored: StoredRelation): Relation {
  return { ...stored, list: stored.list ?? false, exclusive: stored.exclusive ?? false }
}
