import type { DecimalClass } from '../codec/codec.js'
import type { Client } from './client.js'

/**
 * The Decimal class of the client's own copy of Prisma's run time. There may be several copies, as in a
 * monorepo, and no export says which one it is. But a query extension gets clones of its arguments, with new
 * decimals of the client's class: so this one looks at a clone, and runs no query.
 */
export function decimalClassOf(client: Client, model: string | undefined): Promise<DecimalClass> {
  const base = client._originalClient ?? client
  const known = classes.get(base)
  if (known !== undefined) return known
  const found = probe(base, model)
  classes.set(base, found)
  return found
}

/** One client may be extended for each request. */
const classes = new WeakMap<object, Promise<DecimalClass>>()

async function probe(base: Client, model: string | undefined): Promise<DecimalClass> {
  let found: DecimalClass | undefined
  try {
    const probing = base.$extends({
      query: {
        $allOperations({ args }: { args: { decimal: object } }) {
          if (args.decimal !== likeDecimal) found = args.decimal.constructor as DecimalClass
          return Promise.resolve(null)
        },
      },
    }) as unknown as Record<string, { findFirst(args: object): PromiseLike<unknown> }>
    if (model !== undefined) await probing[model]?.findFirst({ decimal: likeDecimal })
  } catch {
    // A client that does not answer is not one of Prisma's own; it gets the Decimal of @prisma/client.
  }
  // The run time is not imported before: a client may bring its own copy, and a second one takes long to load.
  return found ?? (await import('@prisma/client/runtime/client')).Decimal
}

/** Decimal.js takes it for a zero of another copy. */
const likeDecimal = { toStringTag: '[object Decimal]', s: 1, e: 0, d: [0], toFixed: () => '0' }
