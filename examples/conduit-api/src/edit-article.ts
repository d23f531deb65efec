import { OptimisticLockError } from 'prisma-extension-cache-aside'
import { invalid, isTaken, refusal } from './answers.js'
import type { Status } from './drafts.js'
import type { Prisma } from './prisma.js'

export interface ArticleChanges {
  readonly slug?: string
  readonly title?: string
  readonly description?: string
  readonly body?: string
  readonly status?: Status
}

export interface TagOfArticle {
  readonly where: { readonly name: string }
  readonly create: { readonly name: string }
}

/**
 * Saves an edit if the article has not changed since the editor saw it. The extension increments
 * and compares the version column, see `prisma.ts`.
 *
 * @param version the version that the editor saw; with undefined the edit is saved in any case.
 * @throws HTTPException 409 with the actual version if somebody has saved another edit meanwhile.
 */
export async function saveArticle(
  prisma: Prisma,
  id: number,
  version: number | undefined,
  changes: ArticleChanges,
  tags: readonly TagOfArticle[] | undefined,
): Promise<{ readonly slug: string }> {
  const changesTags = tags !== undefined || changes.status !== undefined
  try {
    return await prisma.article.update({
      where: { id, ...(version !== undefined && { version }) },
      data: {
        ...changes,
        ...(tags !== undefined && { tags: { set: [], connectOrCreate: [...tags] } }),
      },
      ...(changesTags && { cache: { invalidate: ['home'] } }),
    })
  } catch (error) {
    if (error instanceof OptimisticLockError) throw conflict(Number(error.actual))
    throw isTaken(error) ? invalid('title', 'has already been taken') : error
  }
}

/**
 * Returns the version of an article as an ETag, which clients send back as `If-Match`. It cannot be
 * used for `If-None-Match`, because favourites and the author can change without a new version.
 */
export function etagOf({ version }: { readonly version: number }): string {
  return `"${version}"`
}

/**
 * Returns the version in `If-Match`. @throws HTTPException 422 if it is not the ETag of an article.
 */
export function versionIn(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined
  const version = /^"(\d+)"$/.exec(ifMatch)?.[1]
  if (version === undefined) throw invalid('If-Match', 'is not the ETag of an article')
  return Number(version)
}

function conflict(version: number) {
  const errors = { article: [`was changed meanwhile: it is at version ${version}`] }
  return refusal(409, { errors, version }, { ETag: etagOf({ version }) })
}
