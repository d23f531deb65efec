import { readFile } from 'node:fs/promises'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { PrismaClient as PostgresClient } from '../generated/postgresql/client.js'
import { PrismaClient } from '../generated/sqlite/client.js'

// Password hashes are omitted from all answers, so that they never get into the cache. The query
// that needs a hash must request it.
const omit = { user: { passwordHash: true } } as const

export type Client = PrismaClient<'query', typeof omit>

export interface Database {
  readonly client: Client
  /** Returns how many SQL statements have run so far. */
  statements(): number
}

/** @param url `file:...` for SQLite, `postgresql://...` for PostgreSQL. */
export async function openDatabase(url: string): Promise<Database> {
  const isPostgres = url.startsWith('postgres')
  const adapter = isPostgres ? new PrismaPg({ connectionString: url }) : new PrismaLibSql({ url })
  await createTables(adapter, isPostgres ? 'postgresql' : 'sqlite')
  // The two generated clients have the same types.
  const Client = isPostgres ? (PostgresClient as unknown as typeof PrismaClient) : PrismaClient
  const client = new Client({ adapter, omit, log: [{ emit: 'event', level: 'query' }] })
  let statements = 0
  client.$on('query', () => {
    statements += 1
  })
  return { client, statements: () => statements }
}

/**
 * Creates missing tables, so that the example starts at once. Your application uses `prisma migrate
 * deploy`.
 */
async function createTables(
  adapter: SqlMigrationAwareDriverAdapterFactory,
  provider: 'sqlite' | 'postgresql',
): Promise<void> {
  const connection = await adapter.connect()
  const tables = await connection.queryRaw({
    sql:
      provider === 'sqlite'
        ? `SELECT name FROM sqlite_master WHERE name = 'Article'`
        : `SELECT tablename FROM pg_tables WHERE tablename = 'Article'`,
    args: [],
    argTypes: [],
  })
  if (tables.rows.length === 0) {
    const migration = `../prisma/${provider}/migrations/0001_init/migration.sql`
    await connection.executeScript(await readFile(new URL(migration, import.meta.url), 'utf8'))
  }
  await connection.dispose()
}
