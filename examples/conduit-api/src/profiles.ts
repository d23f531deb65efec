import { Hono } from 'hono'
import { notFound } from './answers.js'
import type { Prisma } from './prisma.js'
import { type Env, viewerOf } from './sessions.js'

/** The part of a user that everyone may see. */
export interface Author {
  readonly id: number
  readonly username: string
  readonly bio: string
  readonly image: string | null
}

export const author = { select: { id: true, username: true, bio: true, image: true } } as const

/** The routes under `/profiles`, to show and to follow users. */
export function profiles(prisma: Prisma): Hono<Env> {
  return new Hono<Env>()
    .get('/:username', async (context) => {
      const found = await findAuthor(prisma, context.req.param('username'))
      const followed = await followedBy(prisma, context.get('viewer'))
      return context.json({ profile: profileJson(found, followed) })
    })
    .post('/:username/follow', async (context) => {
      const followerId = viewerOf(context)
      const found = await findAuthor(prisma, context.req.param('username'))
      const pair = { followerId, followedId: found.id }
      await prisma.follow.upsert({
        where: { followerId_followedId: pair },
        create: pair,
        update: {},
      })
      const followed = await followedBy(prisma, followerId)
      return context.json({ profile: profileJson(found, followed) })
    })
    .delete('/:username/follow', async (context) => {
      const followerId = viewerOf(context)
      const found = await findAuthor(prisma, context.req.param('username'))
      await prisma.follow.deleteMany({ where: { followerId, followedId: found.id } })
      const followed = await followedBy(prisma, followerId)
      return context.json({ profile: profileJson(found, followed) })
    })
}

/** @throws HTTPException 404 if there is no such user. */
export async function findAuthor(prisma: Prisma, username: string): Promise<Author> {
  const found = await prisma.user.findUnique({ where: { username }, ...author })
  if (found === null) throw notFound('profile')
  return found
}

/**
 * Returns the ids of the users whom the viewer follows. One entry per viewer is enough for all
 * pages that show authors, and only the viewer's own clicks on "follow" invalidate it.
 */
export async function followedBy(
  prisma: Prisma,
  viewer: number | undefined,
): Promise<ReadonlySet<number>> {
  if (viewer === undefined) return new Set()
  const follows = await prisma.follow.findMany({
    where: { followerId: viewer },
    select: { followedId: true },
  })
  return new Set(follows.map(({ followedId }) => followedId))
}

export function profileJson(
  { id, username, bio, image }: Author,
  followed: ReadonlySet<number>,
): object {
  return { username, bio, image, following: followed.has(id) }
}
