import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Context, MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Prisma } from './prisma.js'

/** The variables of a request: the id of the logged-in user, if there is one. */
export interface Env {
  Variables: { viewer: number | undefined }
}

const hash = promisify<string, Buffer, number, Buffer>(scrypt)

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  return `${salt.toString('base64url')}.${(await hash(password, salt, 32)).toString('base64url')}`
}

export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [salt = '', expected = ''] = stored.split('.')
  const hashed = await hash(password, Buffer.from(salt, 'base64url'), 32)
  const wanted = Buffer.from(expected, 'base64url')
  return wanted.length === hashed.length && timingSafeEqual(hashed, wanted)
}

/** Creates a session and returns its token. The database has only a digest of the token. */
export async function startSession(prisma: Prisma, userId: number): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  await prisma.session.create({ data: { token: digest(token), userId } })
  return token
}

/**
 * Finds the user of a request. Sessions are never cached, because a session may end at any time.
 */
export function authenticate(prisma: Prisma): MiddlewareHandler<Env> {
  return async (context, next) => {
    const token = tokenOf(context)
    const session =
      token === undefined
        ? undefined
        : await prisma.session.findUnique({ where: { token: digest(token) } })
    if (session === null) throw new HTTPException(401, { message: 'the session has ended' })
    context.set('viewer', session?.userId)
    await next()
  }
}

export function tokenOf(context: Context): string | undefined {
  return /^(?:Token|Bearer) (.+)$/.exec(context.req.header('Authorization') ?? '')?.[1]
}

/** @throws HTTPException 401 if nobody is logged in. */
export function viewerOf(context: Context<Env>): number {
  const viewer = context.get('viewer')
  if (viewer === undefined) throw new HTTPException(401, { message: 'log in first' })
  return viewer
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
