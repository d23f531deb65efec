// In a Nest application these classes are `@Injectable()`; Nest calls the hook, given
// `app.enableShutdownHooks()`. Nothing else here would differ.
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { cacheAside } from 'prisma-extension-cache-aside'
import { PrismaClient } from '../conduit-api/generated/sqlite/client.js'

/**
 * Has the client instead of being one: `$extends` returns another object, which a class that
 * `extends PrismaClient` would not be.
 */
export class PrismaService {
  readonly db = connect()

  /** Also closes the cache's store. */
  async onModuleDestroy(): Promise<void> {
    await this.db.$disconnect()
  }
}

function connect() {
  const adapter = new PrismaLibSql({ url: process.env.DATABASE_URL ?? 'file:conduit.db' })
  return new PrismaClient({ adapter }).$extends(cacheAside({ ttl: '5m' }))
}

/** A service as there are many: it knows of no cache. */
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
