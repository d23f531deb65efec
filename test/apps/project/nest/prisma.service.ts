import { PrismaLibSql } from '@prisma/adapter-libsql'
import { cacheAside, memory } from 'prisma-extension-cache-aside'
import { PrismaClient } from '../generated/js'
import { catalog } from '../generated/js-cache-catalog.cjs'

/** As in examples/nest-service, compiled to CommonJS as Nest does by default. */
export class PrismaService {
  readonly db = connect()

  async onModuleDestroy(): Promise<void> {
    await this.db.$disconnect()
  }
}

function connect() {
  const adapter = new PrismaLibSql({ url: process.env.DATABASE_URL ?? '' })
  return new PrismaClient({ adapter }).$extends(cacheAside({ catalog, store: memory() }))
}
