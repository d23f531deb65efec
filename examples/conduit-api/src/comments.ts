import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { notFound, textOf } from './answers.js'
import { findArticle, show } from './articles.js'
import type { Prisma } from './prisma.js'
import { type Author, author, followedBy, profileJson } from './profiles.js'
import { type Env, viewerOf } from './sessions.js'

/** The routes for comments and favourites of an article. */
export function comments(prisma: Prisma): Hono<Env> {
  return new Hono<Env>()
    .get('/:slug/comments', async (context) => {
      const { id } = await findArticle(prisma, context.req.param('slug'))
      const [rows, followed] = await Promise.all([
        prisma.comment.findMany({
          where: { articleId: id },
          include: { author },
          orderBy: { id: 'desc' },
        }),
        followedBy(prisma, context.get('viewer')),
      ])
      return context.json({ comments: rows.map((row) => commentJson(row, followed)) })
    })
    .post('/:slug/comments', async (context) => {
      const viewer = viewerOf(context)
      const { id } = await findArticle(prisma, context.req.param('slug'))
      const { comment } = await context.req.json()
      const created = await prisma.comment.create({
        data: { body: textOf(comment, 'body'), articleId: id, authorId: viewer },
        include: { author },
      })
      const followed = await followedBy(prisma, viewer)
      return context.json({ comment: commentJson(created, followed) }, 201)
    })
    .delete('/:slug/comments/:id', async (context) => {
      const viewer = viewerOf(context)
      const id = Number(context.req.param('id'))
      const article = await findArticle(prisma, context.req.param('slug'))
      const comment = Number.isInteger(id)
        ? await prisma.comment.findUnique({ where: { id } })
        : null
      if (comment?.articleId !== article.id) throw notFound('comment')
      if (comment.authorId !== viewer) {
        throw new HTTPException(403, { message: 'this comment is not yours' })
      }
      await prisma.comment.delete({ where: { id } })
      return context.body(null, 204)
    })
    .post('/:slug/favorite', async (context) => {
      const slug = context.req.param('slug')
      const pair = { userId: viewerOf(context), articleId: (await findArticle(prisma, slug)).id }
      await prisma.favorite.upsert({ where: { userId_articleId: pair }, create: pair, update: {} })
      return show(prisma, context, slug)
    })
    .delete('/:slug/favorite', async (context) => {
      const slug = context.req.param('slug')
      const pair = { userId: viewerOf(context), articleId: (await findArticle(prisma, slug)).id }
      await prisma.favorite.deleteMany({ where: pair })
      return show(prisma, context, slug)
    })
}

interface CommentRow {
  readonly id: number
  readonly body: string
  readonly createdAt: Date
  readonly author: Author
}

function commentJson({ id, body, createdAt, author }: CommentRow, followed: ReadonlySet<number>) {
  return { id, createdAt, updatedAt: createdAt, body, author: profileJson(author, followed) }
}
