import type { Prisma } from './prisma.js'
import { type Author, author, followedBy, profileJson } from './profiles.js'

const shared = {
  author,
  tags: { select: { name: true }, orderBy: { name: 'asc' } },
  _count: { select: { favorites: true } },
} as const

/** The part of an article that everyone sees. All viewers share one cache entry for it. */
export const whole = { include: shared } as const

/** The same part for lists, which do not show the body. */
export const summary = { include: shared, omit: { body: true } } as const

interface ArticleRow {
  readonly id: number
  readonly slug: string
  readonly title: string
  readonly description: string
  readonly body?: string
  readonly status: string
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly author: Author
  readonly tags: readonly { readonly name: string }[]
  readonly _count: { readonly favorites: number }
}

export async function articleJson(prisma: Prisma, viewer: number | undefined, row: ArticleRow) {
  const [article] = await articlesJson(prisma, viewer, [row])
  return article
}

/**
 * Adds what depends on the viewer: favourites and followed authors. They are read by separate
 * queries, so that all viewers can share the entries of the articles.
 */
export async function articlesJson(
  prisma: Prisma,
  viewer: number | undefined,
  rows: readonly ArticleRow[],
) {
  const ids = rows.map(({ id }) => id)
  const [favorites, followed] = await Promise.all([
    viewer === undefined || ids.length === 0
      ? []
      : prisma.favorite.findMany({
          where: { userId: viewer, articleId: { in: ids } },
          select: { articleId: true },
        }),
    followedBy(prisma, viewer),
  ])
  const liked = new Set(favorites.map(({ articleId }) => articleId))
  return rows.map((row) => ({
    slug: row.slug,
    title: row.title,
    description: row.description,
    ...(row.body !== undefined && { body: row.body }),
    status: row.status,
    tagList: row.tags.map(({ name }) => name),
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    favorited: liked.has(row.id),
    favoritesCount: row._count.favorites,
    author: profileJson(row.author, followed),
  }))
}
