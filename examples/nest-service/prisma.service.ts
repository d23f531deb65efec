// In a Nest application, decorate these classes with `@Injectable()`, and call
// `app.enableShutdownHooks()` so that Nest calls `onModuleDestroy`. Everything else is the same
// there.
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { cacheAside } from 'prisma-extension-cache-aside'
import { PrismaClient } from '../conduit-api/generated/sqlite/client.js'

/**
 * This service contains the client instead of extending `PrismaClient`, because `$extends` returns
 * a new object, and a class that extends `PrismaClient` would be the client without the cache.
 */
export class PrismaService {
  readonly db = connect()

  /** Closes the database connection and the store of the cache. */
  async onModuleDestroy(): Promise<void> {
    await this.db.$disconnect()
  }
}

function connect() {
  const adapter = new PrismaLibSql({ url: process.env.DATABASE_URL ?? 'file:conduit.db' })
  return new PrismaClient({ adapter }).$extends(cacheAside({ ttl: '5m' }))
}

/** An example of a service that uses the client. It does not know about the cache. */
export class TagsService {
  readonly #prisma: PrismaService

  constructor(prisma: PrismaService) {
    this.#prisma = prisma
  }

  all() {
    return this.#prisma.db.tag.findMany({ orderBy: { name: 'asc' } })
  }

  add(name: string) {
    return this.#prisma.db.tag.create({ data: { name } })
  }
}
