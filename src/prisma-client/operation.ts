import { type Args, objectOf } from '../plan/query.js'

/** The transaction that an operation runs in, as Prisma tells an extension. */
export type Transaction =
  | { readonly kind: 'itx'; readonly id: string }
  | { readonly kind: 'batch'; readonly id: number; readonly index?: number }

/** One operation, as Prisma hands it to a query extension. */
export interface Operation {
  readonly model?: string
  readonly operation: string
  readonly args: unknown
  readonly query: (args: unknown) => Promise<unknown>
  readonly __internalParams?: {
    readonly transaction?: Transaction
    readonly dataPath?: readonly string[]
  }
}

export type ModelOperation = Operation & { readonly model: string }

export function hasModel(operation: Operation): operation is ModelOperation {
  return operation.model !== undefined
}

/** The text of raw SQL, in any of the forms that Prisma passes on; undefined where there is none. */
export function sqlOf(args: unknown): string | undefined {
  const text = Array.isArray(args) ? args[0] : (objectOf(args) as Args).sql
  return typeof text === 'string' ? text : undefined
}
