import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { invalid, isTaken, textOf } from './answers.js'
import type { Prisma } from './prisma.js'
import { type Env, hashPassword, isPassword, startSession, tokenOf, viewerOf } from './sessions.js'

/** The routes `/users` and `/user`, to register, to log in and to change one's profile. */
export function users(prisma: Prisma): Hono<Env> {
  return new Hono<Env>()
    .post('/users', async (context) => {
      const { user } = await context.req.json()
      const data = {
        username: textOf(user, 'username'),
        email: textOf(user, 'email'),
        passwordHash: await hashPassword(textOf(user, 'password')),
      }
      const created = await prisma.user.create({ data }).catch(refuseTaken)
      const token = await startSession(prisma, created.id)
      return context.json({ user: userJson(created, token) }, 201)
    })
    .post('/users/login', async (context) => {
      const { user } = await context.req.json()
      const found = await prisma.user.findUnique({
        where: { email: textOf(user, 'email') },
        omit: { passwordHash: false },
        // This is the only query that requests the hash, and a hash must not be stored in the
        // cache.
        cache: false,
      })
      const password = textOf(user, 'password')
      if (found === null || !(await isPassword(password, found.passwordHash))) {
        throw new HTTPException(401, { message: 'email or password is wrong' })
      }
      const token = await startSession(prisma, found.id)
      return context.json({ user: userJson(found, token) })
    })
    .get('/user', async (context) => {
      const user = await prisma.user.findUniqueOrThrow({ where: { id: viewerOf(context) } })
      return context.json({ user: userJson(user, tokenOf(context)) })
    })
    .put('/user', async (context) => {
      const id = viewerOf(context)
      const { user } = await context.req.json()
      const data: Changes = {}
      for (const name of ['username', 'email', 'bio'] as const) {
        if (user[name] !== undefined) data[name] = textOf(user, name)
      }
      if (user.image !== undefined) data.image = user.image === null ? null : textOf(user, 'image')
      if (user.password !== undefined) {
        data.passwordHash = await hashPassword(textOf(user, 'password'))
      }
      const updated = await prisma.user.update({ where: { id }, data }).catch(refuseTaken)
      return context.json({ user: userJson(updated, tokenOf(context)) })
    })
}

interface Changes {
  username?: string
  email?: string
  bio?: string
  image?: string | null
  passwordHash?: string
}

interface UserRow {
  readonly email: string
  readonly username: string
  readonly bio: string
  readonly image: string | null
}

function userJson({ email, username, bio, image }: UserRow, token: string | undefined) {
  return { email, token, username, bio, image }
}

function refuseTaken(error: unknown): never {
  throw isTaken(error) ? invalid('username or email', 'has already been taken') : error
}
