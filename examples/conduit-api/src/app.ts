import { Hono } from 'hono'
import { failure } from './answers.js'
import { articles } from './articles.js'
import { comments } from './comments.js'
import { dashboard } from './dashboard.js'
import type { Database } from './database.js'
import type { Prisma } from './prisma.js'
import { profiles } from './profiles.js'
import { authenticate, type Env } from './sessions.js'
import { tags } from './tags.js'
import { users } from './users.js'
import { xCache } from './x-cache.js'

/** The RealWorld API under `/api`, and a page that shows the cache at work. */
export function createApp(prisma: Prisma, statements: Database['statements']): Hono<Env> {
  return new Hono<Env>()
    .onError(failure)
    .use('/api/*', xCache(prisma), authenticate(prisma))
    .route('/api', users(prisma))
    .route('/api/profiles', profiles(prisma))
    .route('/api/articles', articles(prisma))
    .route('/api/articles', comments(prisma))
    .route('/api/tags', tags(prisma))
    .route('/', dashboard(prisma, statements))
}
