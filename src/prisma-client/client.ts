import { createHash } from 'node:crypto'
import { Decimal } from '@prisma/client/runtime/client'
import type { Catalog } from '../catalog/catalog.js'
import { parseSchema } from '../catalog/schema.js'
import type { DecimalClass } from '../codec/codec.js'
import { ConfigurationError } from '../errors.js'

/** What is used of a Prisma client at run time, beyond its public types. Every part of it may be missing. */
export interface Client {
  readonly _clientVersion?: string
  readonly _originalClient?: Client
  readonly _previewFeatures?: readonly string[]
  readonly _globalOmit?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly _extensions?: {
    getAllComputedFields?(
      model: string,
    ): Record<string, { readonly needs: readonly string[] }> | undefined
  }
  readonly _engineConfig?: {
    readonly inlineSchema?: string
    readonly transactionOptions?: TransactionTimes
  }
  $extends(extension: object): Client
  $transaction(this: Client, input: unknown, options?: TransactionTimes): Promise<unknown>
  $disconnect(this: Client): Promise<void>
  /** Of @prisma/extension-read-replicas. */
  $primary?(this: Client): Client
  /** The client inside an interactive transaction that has begun. */
  _createItxClient?(transaction: object): Client
  [txScope]?: { readonly txId: string }
}

/** Milliseconds. */
export interface TransactionTimes {
  readonly maxWait?: number
  readonly timeout?: number
}

/** On the client inside an interactive transaction, and nowhere else. */
export const txScope = Symbol.for('prisma.client.transaction.scope_context')

/** The name of a model's property on the client, as Prisma makes it. */
export function delegateOf(model: string): string {
  return model.charAt(0).toLowerCase() + model.slice(1)
}

/** @throws ConfigurationError where neither the client nor the options have the schema. */
export function catalogOf(client: Client, schema: unknown): Catalog {
  const text = typeof schema === 'string' ? schema : client._engineConfig?.inlineSchema
  if (typeof text === 'string' && text !== '') return parseSchema(text)
  throw new ConfigurationError(
    'expected a Prisma Client that carries its schema, got none: pass cacheAside({ schema }) the text of schema.prisma',
  )
}

/** What the client does to answers that the query does not say. */
export interface ClientTraits {
  /** The same for two clients exactly if the same query answers the same on both. */
  readonly fingerprint: string
  /** The computed fields of extensions applied so far, as `User.fullName`. */
  readonly computed: ReadonlySet<string>
  /** The fields of a model that the client omits from every answer. */
  readonly omitted: (model: string) => Readonly<Record<string, unknown>>
  /** Whether it omits any of any model. */
  readonly omitsGlobally: boolean
}

/** Covers Prisma's version, global `omit`, and the fields that computed fields need. */
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

/** The computed fields of the client's extensions, as `User.fullName`, and what they need. */
export function computedFields(
  client: Client,
  catalog: Catalog,
): ReadonlyMap<string, readonly string[]> {
  const fields = [...catalog.models.keys()].flatMap((model) =>
    Object.entries(client._extensions?.getAllComputedFields?.(model) ?? {}).map(
      ([name, { needs }]) => [`${model}.${name}`, [...needs].sort()] as const,
    ),
  )
  return new Map(fields.sort(([one], [other]) => (one < other ? -1 : 1)))
}

/**
 * The Decimal class of this client's own copy of Prisma's run time, which need not be the copy that
 * this package resolves: in a monorepo there may be two. No export tells, but a query extension is
 * given clones of its arguments, with every decimal made anew; so it is asked, without a query.
 */
export async function decimalClassOf(
  client: Client,
  model: string | undefined,
): Promise<DecimalClass> {
  let found: DecimalClass = Decimal
  try {
    const probe = (client._originalClient ?? client).$extends({
      query: {
        $allOperations({ args }: { args: { decimal: object } }) {
          found = args.decimal.constructor as DecimalClass
          return Promise.resolve(null)
        },
      },
    }) as unknown as Record<string, { findFirst(args: object): PromiseLike<unknown> }>
    if (model !== undefined) await probe[model]?.findFirst({ decimal: new Decimal(0) })
  } catch {
    // A client that cannot be asked so is none of Prisma's own; it gets the package's Decimal.
  }
  return found
}
