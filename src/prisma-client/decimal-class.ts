import { Decimal } from '@prisma/client/runtime/client'
import type { DecimalClass } from '../codec/codec.js'
import type { Client } from './client.js'

/**
 * The Decimal class of the client's own copy of Prisma's run time. It may be another copy than the one
 * that this package resolves, as in a monorepo, and no export says which one it is. But a query extension
 * gets clones of its arguments, with new decimals of the client's class: so this one looks at a clone,
 * and runs no query.
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
    // A client that does not answer is not one of Prisma's own; it gets this package's Decimal.
  }
  return found
}
