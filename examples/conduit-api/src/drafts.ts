import { AsyncLocalStorage } from 'node:async_hooks'
import { Prisma } from '../generated/sqlite/client.js'

export const statuses = ['draft', 'published'] as const

export type Status = (typeof statuses)[number]

/** Lists use this condition in their own `where`, because the cache does not see the rule below. */
export const published = { status: 'published' } as const satisfies { status: Status }

/** The id of the author whose drafts are visible. Without `asAuthor` there is none. */
const reader = new AsyncLocalStorage<number>()

/**
 * Reads on behalf of an author, who also sees their own drafts. All other reads see only published
 * articles, whether the user is logged in or not. So all users share the entries of published
 * articles, and a query that should use this function but does not finds too few rows, never too
 * many.
 */
export function asAuthor<T>(id: number, read: () => PromiseLike<T>): Promise<T> {
  // Prisma sends a query when it is awaited, so the await must be inside this callback.
  return reader.run(id, async () => await read())
}

/**
 * The `scope` of every read. It separates entries by the same value that the rule below uses, so
 * that no author gets an entry with another author's drafts.
 */
export function readerScope(): string | undefined {
  const id = reader.getStore()
  return id === undefined ? undefined : `author ${id}`
}

/**
 * The rule: only its author sees a draft, in every query. The extension is applied after the cache,
 * as row-level security in the database would be. It may use only columns of the article's own row,
 * because the cache invalidates an entry when its rows are written, but does not know of other
 * tables that a rule reads. It does not filter articles that queries of other models include; no
 * query here includes any.
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
  // The rule is added to AND. The conditions of the query stay where they are, because `findUnique`
  // needs its key at the top level.
  return { ...where, AND: [where.AND ?? [], rule].flat() }
}
