import { randomBytes } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ArticleWhereInput } from '../generated/sqlite/models.js'
import { invalid, isTaken, notFound, textOf } from './answers.js'
import { articleJson, articlesJson, summary, whole } from './article-json.js'
import { asAuthor, published, type Status, statuses } from './drafts.js'
import { etagOf, saveArticle, versionIn } from './edit-article.js'
import type { Prisma } from './prisma.js'
import { findAuthor, followedBy } from './profiles.js'
import { type Env, viewerOf } from './sessions.js'

/** The routes under `/articles`, except for comments and favourites. */
export function articles(prisma: Prisma): Hono<Env> {
  return new Hono<Env>()
    .get('/', async (context) => {
      const { tag, author, favorited } = context.req.query()
      // Names are looked up first, so that the list depends only on the rows of these users.
      const [writer, fan] = await Promise.all([
        author === undefined ? undefined : findAuthor(prisma, author),
        favorited === undefined ? undefined : findAuthor(prisma, favorited),
      ])
      return list(prisma, context, {
        // The rule in `drafts.ts` already hides drafts. This condition is for the cache, which does
        // not see that rule: because of it, writes to drafts do not invalidate the list.
        ...published,
        ...(tag !== undefined && { tags: { some: { name: tag } } }),
        ...(writer !== undefined && { authorId: writer.id }),
        ...(fan !== undefined && { favorites: { some: { userId: fan.id } } }),
      })
    })
    .get('/feed', async (context) => {
      const followed = await followedBy(prisma, viewerOf(context))
      // With ids instead of `author: { followers: ... }`, articles of other authors do not
      // invalidate this feed.
      const authorId = { in: [...followed].sort((a, b) => a - b) }
      return list(prisma, context, { ...published, authorId })
    })
    .get('/drafts', async (context) => {
      const authorId = viewerOf(context)
      // The rule in `drafts.ts` already hides other authors' drafts. Because of this condition,
      // writes to them do not invalidate the list.
      return asAuthor(authorId, () => list(prisma, context, { authorId, status: 'draft' }))
    })
    .get('/:slug', async (context) => show(prisma, context, context.req.param('slug')))
    .post('/', async (context) => {
      const authorId = viewerOf(context)
      const { article } = await context.req.json()
      const status = article.status === undefined ? 'published' : statusOf(article.status)
      const data = {
        status,
        title: textOf(article, 'title'),
        description: textOf(article, 'description'),
        body: textOf(article, 'body'),
        authorId,
        tags: { connectOrCreate: tagsOf(article.tagList ?? []) },
      }
      const create = (slug: string) =>
        prisma.article.create({
          data: { ...data, slug },
          // The cache cannot see that the SQL in `tags.ts` depends on articles.
          cache: { invalidate: status === 'published' ? ['home'] : [] },
        })
      const slug = slugOf(data.title)
      const created = await create(slug).catch((error) => {
        if (!isTaken(error)) throw error
        return create(`${slug}-${randomBytes(3).toString('hex')}`)
      })
      return show(prisma, context, created.slug, 201)
    })
    .put('/:slug', async (context) => {
      const { id } = await ownArticle(prisma, context, context.req.param('slug'))
      const { article } = await context.req.json()
      const title = article.title === undefined ? undefined : textOf(article, 'title')
      const { slug } = await saveArticle(
        prisma,
        id,
        versionIn(context.req.header('If-Match')),
        {
          ...(title !== undefined && { title, slug: slugOf(title) }),
          ...(article.description !== undefined && {
            description: textOf(article, 'description'),
          }),
          ...(article.body !== undefined && { body: textOf(article, 'body') }),
          ...(article.status !== undefined && { status: statusOf(article.status) }),
        },
        article.tagList === undefined ? undefined : tagsOf(article.tagList),
      )
      return show(prisma, context, slug)
    })
    .delete('/:slug', async (context) => {
      const { id } = await ownArticle(prisma, context, context.req.param('slug'))
      await prisma.article.delete({ where: { id }, cache: { invalidate: ['home'] } })
      return context.body(null, 204)
    })
}

/** Answers with the current state of an article. */
export async function show(
  prisma: Prisma,
  context: Context<Env>,
  slug: string,
  status: 200 | 201 = 200,
): Promise<Response> {
  const viewer = context.get('viewer')
  const find = () => prisma.article.findUnique({ where: { slug }, ...whole })
  // The first attempt reads as an anonymous reader, so that all viewers share the entry of a
  // published article. Only if that finds nothing, the viewer's own drafts are searched.
  const row = (await find()) ?? (viewer === undefined ? null : await asAuthor(viewer, find))
  if (row === null) throw notFound('article')
  const article = await articleJson(prisma, viewer, row)
  return context.json({ article }, status, { ETag: etagOf(row) })
}

/** Finds the article that a request names. @throws HTTPException 404 if there is none. */
export async function findArticle(prisma: Prisma, slug: string) {
  const article = await prisma.article.findUnique({
    where: { slug },
    select: { id: true, authorId: true },
  })
  if (article === null) throw notFound('article')
  return article
}

async function ownArticle(prisma: Prisma, context: Context<Env>, slug: string) {
  const viewer = viewerOf(context)
  const article = await asAuthor(viewer, () => findArticle(prisma, slug))
  if (article.authorId === viewer) return article
  throw new HTTPException(403, { message: 'this article is not yours' })
}

async function list(
  prisma: Prisma,
  context: Context<Env>,
  where: ArticleWhereInput,
): Promise<Response> {
  const [rows, articlesCount] = await Promise.all([
    prisma.article.findMany({
      where,
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: pageNumber(context, 'limit', 20, 100),
      skip: pageNumber(context, 'offset', 0, Number.MAX_SAFE_INTEGER),
      ...summary,
    }),
    prisma.article.count({ where }),
  ])
  const articles = await articlesJson(prisma, context.get('viewer'), rows)
  return context.json({ articles, articlesCount })
}

function pageNumber(context: Context, name: string, absent: number, most: number): number {
  const text = context.req.query(name)
  if (text === undefined) return absent
  if (!/^\d+$/.test(text)) throw invalid(name, 'is not a number')
  return Math.min(Number(text), most)
}

function statusOf(value: unknown): Status {
  const status = statuses.find((known) => known === value)
  if (status === undefined) throw invalid('status', `is not one of ${statuses.join(', ')}`)
  return status
}

function slugOf(title: string): string {
  const words =
    title
      .normalize('NFKD')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  return words.join('-') || 'untitled'
}

function tagsOf(names: unknown) {
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
    throw invalid('tagList', 'is not a list of strings')
  }
  return [...new Set<string>(names)].map((name) => ({ where: { name }, create: { name } }))
}
