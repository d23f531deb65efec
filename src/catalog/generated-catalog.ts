import { createHash } from 'node:crypto'
import { wrong } from '../checks.js'
import { ConfigurationError } from '../errors.js'
import { sharedInProcess } from '../process-state.js'
import type { Catalog, Field, Model, Relation } from './catalog.js'

/** The catalog of a schema, as the generator writes it into a file. Its contents may change in any version. */
export interface GeneratedCatalog {
  /** The version of this format. */
  readonly format: number
  /** Identifies the text of the schema that it was generated from. */
  readonly schema: string
  /** Shows whether `index` and `models` are complete and unchanged. */
  readonly checksum: string
  /** The names of all models, as JSON, with what is needed to begin. */
  readonly index: string
  /** The rest of each model, as JSON: a process parses only the models that it uses. */
  readonly models: readonly string[]
}

const FORMAT = 1

/** @param text the schema that the catalog is of. */
export function generatedCatalog(text: string, catalog: Catalog): GeneratedCatalog {
  const { provider, fingerprint } = catalog
  const models = [...catalog.models.values()]
  const index: Index = {
    provider,
    fingerprint,
    models: models.map(({ name, table, kind, documentation }) =>
      // In a list, JSON has no undefined.
      documentation === undefined ? [name, table, kind] : [name, table, kind, documentation],
    ),
  }
  const texts = { index: JSON.stringify(index), models: models.map(storedModel) }
  return { format: FORMAT, schema: hashOf(text), checksum: checksumOf(texts), ...texts }
}

interface Index extends Pick<Catalog, 'provider' | 'fingerprint'> {
  readonly models: readonly (readonly [
    name: string,
    table: string,
    kind: Model['kind'],
    documentation?: string | undefined,
  ])[]
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
  const known = read.get(given)
  if (known !== undefined) return known
  if (checksumOf(given) !== given.checksum) {
    throw new ConfigurationError(`catalog: the file was changed after it was generated: ${AGAIN}`)
  }
  const catalog = catalogs.get(given.checksum) ?? unpacked(given)
  catalogs.set(given.checksum, catalog)
  read.set(given, catalog)
  return catalog
}

/** The catalogs of files that were checked. */
const read = new WeakMap<GeneratedCatalog, Catalog>()

/** Catalogs by their checksums: a bundler may load the file several times. They are few, and kept for ever. */
const catalogs = sharedInProcess('generated-catalogs.1', () => new Map<string, Catalog>())

const AGAIN = "run 'prisma generate', with the generator of this package in the same schema"

function checkGenerated(given: unknown): asserts given is GeneratedCatalog {
  const expected =
    "what 'prisma generate' wrote, as in import { catalog } from './generated/prisma-cache-catalog.js'"
  if (typeof given !== 'object' || given === null) throw wrong('catalog', expected, given)
  const { format, schema, checksum, index, models } = given as Partial<GeneratedCatalog>
  if ('catalog' in given) throw wrong('catalog', `${expected}, and not the whole module`, given)
  if (typeof format !== 'number') throw wrong('catalog', expected, given)
  if (format !== FORMAT) {
    throw new ConfigurationError(
      `catalog: expected format ${FORMAT}, got ${format}, which another version of this package wrote: ${AGAIN}`,
    )
  }
  const texts = [schema, checksum, index, ...(Array.isArray(models) ? models : [undefined])]
  if (texts.some((text) => typeof text !== 'string')) throw wrong('catalog', expected, given)
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

function checksumOf({ index, models }: Pick<GeneratedCatalog, 'index' | 'models'>): string {
  return hashOf([index, ...models].join('\n'))
}

function unpacked({ index, models }: GeneratedCatalog): Catalog {
  const { provider, fingerprint, models: heads }: Index = JSON.parse(index)
  return {
    models: new Map(
      heads.map(([name, table, kind, documentation], at) => [
        name,
        lazyModel({ name, table, kind, documentation }, models[at] as string),
      ]),
    ),
    provider,
    fingerprint,
  }
}

type Head = Pick<Model, 'name' | 'table' | 'kind' | 'documentation'>
type Body = Omit<Model, keyof Head>

/** A model whose parts are parsed when one of them is first used. */
function lazyModel(head: Head, text: string): Model {
  let parsed: Body | undefined
  const body = () => {
    parsed ??= parsedBody(JSON.parse(text))
    return parsed
  }
  return {
    ...head,
    get fields() {
      return body().fields
    },
    get relations() {
      return body().relations
    },
    get keys() {
      return body().keys
    },
    get compounds() {
      return body().compounds
    },
    get referencedBy() {
      return body().referencedBy
    },
    get joinTables() {
      return body().joinTables
    },
  }
}

/** The rest of a model in the file. What most fields and relations have in common is left out. */
interface StoredBody extends Pick<Model, 'keys' | 'referencedBy' | 'joinTables'> {
  readonly fields: readonly StoredField[]
  readonly relations: readonly StoredRelation[]
  readonly compounds: readonly (readonly [string, readonly string[]])[]
}

type StoredField = Pick<Field, 'name' | 'type'> & Partial<Field>
type StoredRelation = Omit<Relation, 'list' | 'exclusive'> & Partial<Relation>

function storedModel(model: Model): string {
  const { fields, relations, keys, compounds, referencedBy, joinTables } = model
  const stored: StoredBody = {
    fields: [...fields.values()].map(storedField),
    relations: [...relations.values()].map(storedRelation),
    keys,
    compounds: [...compounds],
    referencedBy,
    joinTables,
  }
  return JSON.stringify(stored)
}

function parsedBody({ fields, relations, compounds, ...stored }: StoredBody): Body {
  return {
    ...stored,
    fields: new Map(fields.map((field) => [field.name, fieldOf(field)])),
    relations: new Map(relations.map((relation) => [relation.name, relationOf(relation)])),
    compounds: new Map(compounds),
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
