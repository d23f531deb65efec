import { AsyncLocalStorage } from 'node:async_hooks'
import { Prisma } from '../generated/sqlite/client.js'

export const statuses = ['draft', 'published'] as const

export type Status = (typeof statuses)[number]

/** The part of a `where` that lists say by themselves, as the cache does not see the rule below. */
export const published = { status: 'published' } as const satisfies { status: Status }

/** In whose name articles are read; nobody's, unless `asAuthor` says so. */
const reader = new AsyncLocalStorage<number>()

/**
 * Reads with the eyes of an author, who also sees drafts of their own. All else is read as anyone would,
 * logged in or not: so what is published is one entry of the cache for all, and a query that forgets
 * this finds too little, never too much.
 */
export function asAuthor<T>(id: number, read: () => PromiseLike<T>): Promise<T> {
  // Prisma sends a query when it is awaited, which must be in here, too.
  return reader.run(id, async () => await read())
}

/** The `scope` of every read: whatever the rule goes by, entries must be kept apart by. */
export function readerScope(): string | undefined {
  const id = reader.getStore()
  return id === undefined ? undefined : `author ${id}`
}

/**
 * The rule: a draft is seen by its author only, whichever query asks. It is applied after the cache, as
 * row-level security would be, and looks at nothing but columns of the row that it lets through: writes
 * of that row are what the cache knows to go by. Articles that other models include it does not reach;
 * no query here includes any.
 */
export const drafts = Prisma.defineExtension({
  name: 'drafts',
  query: {
    article: {
      $allOperations({ operation, args, query }) {
        if (!reads.has(operation)) return query(args)
        const { where } = args as { readonly where?: object }
        return query({ ...args, where: visible(where) } as typeof args)
      },
    },
  },
})

const reads: ReadonlySet<string> = new Set([
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
])

function visible(where: { readonly AND?: object | readonly object[] } = {}): object {
  const authorId = reader.getStore()
  const rule = authorId === undefined ? published : { OR: [published, { authorId }] }
  // Beside what is asked, not over it: `findUnique` wants its key where it is.
  return { ...where, AND: [where.AND ?? [], rule].flat() }
}
