import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type Catalog, modelsOfClient } from '../catalog/catalog.js'
import { readGeneratedCatalog } from '../catalog/generated-catalog.js'
import { parseSchema } from '../catalog/schema.js'
import { ConfigurationError } from '../errors.js'

/** The parts of a Prisma client that are used at run time, beyond its public types. Each of them may be missing. */
export interface Client {
  readonly _clientVersion?: string
  readonly _originalClient?: Client
  readonly _previewFeatures?: readonly string[]
  readonly _globalOmit?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly _extensions?: {
    isEmpty?(): boolean
    getAllComputedFields?(
      model: string,
    ): Record<string, { readonly needs: readonly string[] }> | undefined
  }
  /** The models by their names, with the names of their fields. */
  readonly _runtimeDataModel?: {
    readonly models?: Readonly<
      Record<string, { readonly fields: readonly { readonly name: string }[] }>
    >
  }
  readonly _engineConfig?: {
    readonly inlineSchema?: string
    readonly adapter?: unknown
    readonly transactionOptions?: TransactionTimes
  }
  $extends(extension: object): Client
  $transaction(this: Client, input: unknown, options?: TransactionTimes): Promise<unknown>
  $disconnect(this: Client): Promise<void>
  /** Added by @prisma/extension-read-replicas: the client of the primary. */
  $primary?(this: Client): Client
  /** Gives the client inside an interactive transaction that has begun. */
  _createItxClient?(transaction: object): Client
  [transactionScope]?: { readonly txId: string }
  [transactionId]?: string
}

/** Milliseconds. */
export interface TransactionTimes {
  readonly maxWait?: number
  readonly timeout?: number
}

/** A property that only the client inside an interactive transaction has, since Prisma 7.5. */
const transactionScope = Symbol.for('prisma.client.transaction.scope_context')

/** The same up to Prisma 7.4. */
const transactionId = Symbol.for('prisma.client.transaction.id')

/** The id of the interactive transaction that the client belongs to; undefined outside of one. */
export function transactionIdOf(client: Client): string | undefined {
  return client[transactionScope]?.txId ?? client[transactionId]
}

/** The name of a model's property on the client: `user` for `User`. */
export function delegateOf(model: string): string {
  return model.charAt(0).toLowerCase() + model.slice(1)
}

/** The names of the models on the client. One client may be extended for each request, so they are remembered. */
export function delegatesOf(catalog: Catalog): ReadonlySet<string> {
  const known = delegates.get(catalog)
  if (known !== undefined) return known
  const names = new Set(modelsOfClient(catalog).map(({ name }) => delegateOf(name)))
  delegates.set(catalog, names)
  return names
}

const delegates = new WeakMap<Catalog, ReadonlySet<string>>()

/**
 * Refuses clients whose internals are not known.
 *
 * @throws ConfigurationError if it is not a client of Prisma 7.
 */
export function checkVersion({ _clientVersion: version }: Client): void {
  if (version === undefined || /^7\./.test(version)) return
  throw new ConfigurationError(
    `Prisma 7 is needed, this client is ${version}: install prisma@7 and @prisma/client@7, and generate the client again`,
  )
}

/** How the client's schema may be given, see `CacheAsideOptions`. */
interface GivenSchema {
  readonly schema?: unknown
  readonly catalog?: unknown
}

/**
 * The catalog of the client: the generated one, if it is given, else that of the schema's text.
 *
 * @throws ConfigurationError where neither the client nor the options have the schema, or where what they have
 *   cannot be right.
 */
export function catalogOf(client: Client, { schema, catalog }: GivenSchema): Catalog {
  const carried = client._engineConfig?.inlineSchema || undefined
  if (catalog !== undefined) {
    if (schema !== undefined) {
      throw new ConfigurationError('catalog: expected no option schema beside it, got both')
    }
    return checkModels(client, readGeneratedCatalog(catalog, carried))
  }
  const text = typeof schema === 'string' ? schema : carried
  if (typeof text === 'string' && text !== '') return parseSchema(text)
  throw new ConfigurationError(
    'expected a Prisma Client that carries its schema, got none: pass cacheAside({ catalog }) what the generator of this package writes, or cacheAside({ schema }) the text of schema.prisma',
  )
}

/** A client that does not carry its schema still knows its models and fields by their names. */
function checkModels(
  { _runtimeDataModel: known, _engineConfig }: Client,
  catalog: Catalog,
): Catalog {
  if (known?.models === undefined || _engineConfig?.inlineSchema) return catalog
  const own = Object.entries(known.models).map(([name, { fields }]) => [
    name,
    fields.map((field) => field.name).sort(),
  ])
  const given = modelsOfClient(catalog).map(({ name, fields, relations }) => [
    name,
    [...fields.keys(), ...relations.keys()].sort(),
  ])
  const [one, other] = [new Map(own as never), new Map(given as never)]
  const differing = [...one.keys(), ...other.keys()].find(
    (name) => !isDeepStrictEqual(one.get(name), other.get(name)),
  )
  if (differing === undefined) return catalog
  throw new ConfigurationError(
    `catalog: expected the catalog of this client's schema, got one in which model ${differing} is not the same: run 'prisma generate'`,
  )
}

/** The effects of the client on answers, besides those of the query. */
export interface ClientTraits {
  /** The same for two clients exactly if the same query answers the same on both. */
  readonly fingerprint: string
  /** The computed fields of extensions applied so far, as `User.fullName`. */
  readonly computed: ReadonlySet<string>
  /** The fields of a model that the client omits from every answer. */
  readonly omitted: (model: string) => Readonly<Record<string, unknown>>
  /** Whether the client omits any field of any model. */
  readonly omitsGlobally: boolean
}

/** The traits cover Prisma's version, global `omit`, and the fields that computed fields need. */
export function traitsOf(client: Client, catalog: Catalog): ClientTraits {
  const computed = computedFields(client, catalog)
  const parts = [catalog.fingerprint, client._clientVersion, client._globalOmit, [...computed]]
  return {
    fingerprint: createHash('sha256').update(JSON.stringify(parts)).digest('base64url'),
    computed: new Set(computed.keys()),
    omitted: (model) =>
      client._globalOmit?.[delegateOf(model)] ?? client._globalOmit?.[model] ?? {},
    omitsGlobally: client._globalOmit !== undefined,
  }
}

/** The computed fields of the client's extensions, as `User.fullName`, with the fields that they need. */
export function computedFields(
  client: Client,
  catalog: Catalog,
): ReadonlyMap<string, readonly string[]> {
  if (client._extensions?.isEmpty?.()) return new Map()
  const fields = [...catalog.models.keys()].flatMap((model) =>
    Object.entries(client._extensions?.getAllComputedFields?.(model) ?? {}).map(
      ([name, { needs }]) => [`${model}.${name}`, [...needs].sort()] as const,
    ),
  )
  return new Map(fields.sort(([one], [other]) => (one < other ? -1 : 1)))
}
