import { isDeepStrictEqual } from 'node:util'
import { type Args, objectOf, type Query } from '../plan/query.js'
import { isVersion, type VersionColumns } from '../plan/version-columns.js'
import { type Client, delegateOf } from '../prisma-client/client.js'
import type { Transaction } from '../prisma-client/operation.js'
import { OptimisticLockError } from './errors.js'

export interface LockOptions {
  readonly client: Client
  readonly versionColumns: VersionColumns
  /** Selects the fields of a row by which `heal` finds what depends on it, and these fields. */
  readonly select: (model: string, fields: Args) => Args
  /** Invalidates what depends on the row that was found. */
  readonly heal: (query: Query, row: Args) => Promise<void>
}

/** The version that an update or a delete expects of its row. */
interface Expectation {
  readonly column: string
  readonly expected: number | bigint
  /** The filter without the version. */
  readonly where: Args
}

type Delegates = Readonly<Record<string, { findUnique(args: object): PromiseLike<unknown> }>>

/** Finds out whether a row that an update did not find is gone, or only has another version. */
export class Lock {
  readonly #options: LockOptions

  constructor(options: LockOptions) {
    this.#options = options
  }

  /** @throws OptimisticLockError in place of the error of `run`, where the row has another version. */
  async guard(query: Query, transaction: Transaction | undefined, run: () => Promise<unknown>) {
    const expectation = expectationOf(this.#options.versionColumns, query)
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
    // An entry that shows the expected version is out of date, and no write of this extension invalidated it.
    const data = { [column]: { increment: 1 } }
    await heal({ model, operation: 'update', args: { where, data }, dataPath: [] }, row)
    return new OptimisticLockError({ model, where, expected, actual }, { cause })
  }

  /** Undefined where the row cannot be read, as in a transaction that is over: then Prisma's error is thrown. */
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
          : // A replica of @prisma/extension-read-replicas may not have the version yet.
            (client.$primary?.() ?? client)
      const delegate = (reader as unknown as Delegates | undefined)?.[delegateOf(model)]
      return ((await delegate?.findUnique({ where, select })) ?? undefined) as Args | undefined
    } catch {
      return undefined
    }
  }
}

function expectationOf(versionColumns: VersionColumns, query: Query): Expectation | undefined {
  const column = versionColumns.get(query.model)
  if (column === undefined || !['update', 'delete'].includes(query.operation)) return undefined
  const { [column]: given, ...where } = objectOf(objectOf(query.args).where)
  const { equals, ...others } = objectOf(given)
  const expected = isDeepStrictEqual(others, {}) ? (equals ?? given) : given
  return isVersion(expected) ? { column, expected, where } : undefined
}

/** Whether Prisma did not find the row. All operations of a batch fail with the error of one of them. */
function isNotFound(error: unknown, transaction: Transaction | undefined): boolean {
  const { code, batchRequestIdx } = objectOf(error)
  if (code !== 'P2025') return false
  return (
    transaction?.kind !== 'batch' ||
    batchRequestIdx === undefined ||
    batchRequestIdx === transaction.index
  )
}
