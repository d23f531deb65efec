import { isDeepStrictEqual } from 'node:util'
import { type Args, objectOf, type Query } from '../plan/query.js'
import type { Versions } from '../plan/version-columns.js'
import { type Client, delegateOf } from '../prisma-client/client.js'
import type { Transaction } from '../write/transactions.js'
import { OptimisticLockError } from './errors.js'

export interface LockOptions {
  readonly client: Client
  readonly versions: Versions
  /** The selection of a row's fields by which `heal` knows what depends on it, and of these. */
  readonly select: (model: string, fields: Args) => Args
  /** Invalidates what depends on the row that was found. */
  readonly heal: (query: Query, row: Args) => Promise<void>
}

/** What an update or a delete says of the version of its row. */
interface Expectation {
  readonly column: string
  readonly expected: number | bigint
  /** The filter without the version. */
  readonly where: Args
}

type Delegates = Readonly<Record<string, { findUnique(args: object): PromiseLike<unknown> }>>

/** Tells of rows that are not found whether they are gone, or only have another version. */
export class Lock {
  readonly #options: LockOptions

  constructor(options: LockOptions) {
    this.#options = options
  }

  /** @throws OptimisticLockError instead of what `run` fails with, where the row has another version. */
  async guard(query: Query, transaction: Transaction | undefined, run: () => Promise<unknown>) {
    const expectation = expectationOf(this.#options.versions, query)
    if (expectation === undefined) return run()
    try {
      return await run()
    } catch (error) {
      if (!isNotFound(error, transaction)) throw error
      const failure = await this.#failureOf(query.model, expectation, transaction, error)
      throw failure ?? error
    }
  }

  async #failureOf(
    model: string,
    { column, expected, where }: Expectation,
    transaction: Transaction | undefined,
    cause: unknown,
  ): Promise<OptimisticLockError | undefined> {
    const { select, heal } = this.#options
    const row = await this.#read(model, where, select(model, { [column]: true }), transaction)
    const actual = row?.[column]
    if (row === undefined || !isVersion(actual) || BigInt(actual) === BigInt(expected)) return
    // An entry that shows the expected version is one that no write of the extension could invalidate.
    const data = { [column]: { increment: 1 } }
    await heal({ model, operation: 'update', args: { where, data }, dataPath: [] }, row)
    return new OptimisticLockError({ model, where, expected, actual }, { cause })
  }

  /** Nothing where it cannot be read, such as in a transaction that is over: then Prisma's error stands. */
  async #read(
    model: string,
    where: Args,
    select: Args,
    transaction: Transaction | undefined,
  ): Promise<Args | undefined> {
    const { client } = this.#options
    try {
      const reader =
        transaction?.kind === 'itx'
          ? client._createItxClient?.(transaction)
          : // With @prisma/extension-read-replicas; a replica may not have the version yet.
            (client.$primary?.() ?? client)
      const delegate = (reader as unknown as Delegates | undefined)?.[delegateOf(model)]
      return ((await delegate?.findUnique({ where, select })) ?? undefined) as Args | undefined
    } catch {
      return undefined
    }
  }
}

function expectationOf(versions: Versions, query: Query): Expectation | undefined {
  const column = versions.get(query.model)
  if (column === undefined || !['update', 'delete'].includes(query.operation)) return undefined
  const { [column]: given, ...where } = objectOf(objectOf(query.args).where)
  const { equals, ...others } = objectOf(given)
  const expected = isDeepStrictEqual(others, {}) ? (equals ?? given) : given
  return isVersion(expected) ? { column, expected, where } : undefined
}

export function isVersion(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isInteger(value)
}

/** Whether Prisma did not find the row. Each operation of a batch fails with the error of one. */
function isNotFound(error: unknown, transaction: Transaction | undefined): boolean {
  const { code, batchRequestIdx } = objectOf(error)
  if (code !== 'P2025') return false
  return (
    transaction?.kind !== 'batch' ||
    batchRequestIdx === undefined ||
    batchRequestIdx === transaction.index
  )
}
