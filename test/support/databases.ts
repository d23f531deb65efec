import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils'
import { inject } from 'vitest'
import { PrismaClient as PostgresClient } from '../../generated/postgresql/client/client.js'
import { PrismaClient } from '../../generated/sqlite/client/client.js'
import { migrations } from './migrations.js'

/** A database of a test's own, with the schema of `prisma/` and no rows. */
export interface Database {
  readonly provider: Provider
  /** The URL for clients of other processes. */
  readonly url: string
  /** Makes a new client, and lists the SQL that it sends, in order. */
  connect(): Connection
  /** Runs statements beside the clients. */
  execute(script: string): Promise<void>
  /** Closes the clients, and removes the database. */
  drop(): Promise<void>
}

export interface Connection {
  /** The two providers' clients differ only in columns that SQLite lacks. */
  readonly client: PrismaClient
  readonly statements: string[]
}

export type Provider = 'sqlite' | 'postgresql'

export const providers: readonly Provider[] = ['sqlite', 'postgresql']

export function createDatabase(provider: Provider): Promise<Database> {
  return provider === 'sqlite' ? createSqlite() : createPostgres()
}

async function createSqlite(): Promise<Database> {
  // A database in memory is faster, because no commit waits for the disk.
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const folder = await mkdtemp(join(parent, 'cache-aside-sqlite-'))
  const url = `file:${join(folder, 'test.db')}`
  const connection = await new PrismaLibSql({ url }).connect()
  await connection.executeScript(await migrations('sqlite'))
  return database(
    'sqlite',
    url,
    connection,
    // Each client has an adapter of its own, as in another process, so that no cache sees its statements.
    () => new PrismaClient({ adapter: new PrismaLibSql({ url }), log }),
    async () => {
      await rm(folder, { recursive: true })
    },
  )
}

async function createPostgres(): Promise<Database> {
  const server = inject('postgresUrl')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const any = await new PrismaPg({ connectionString: `${server}/postgres` }).connect()
  await any.executeScript(`CREATE DATABASE ${name} TEMPLATE ${inject('postgresTemplate')}`)
  await any.dispose()
  const url = `${server}/${name}`
  const adapter = () => new PrismaPg({ connectionString: url })
  const connect = () => new PostgresClient({ adapter: adapter(), log }) as unknown as PrismaClient
  // The server of the run is removed together with all its databases.
  return database('postgresql', url, await adapter().connect(), connect, async () => undefined)
}

const log = [{ emit: 'event', level: 'query' } as const]

function database(
  provider: Provider,
  url: string,
  connection: SqlDriverAdapter,
  connect: () => PrismaClient,
  remove: () => Promise<void>,
): Database {
  const clients: PrismaClient[] = []
  return {
    provider,
    url,
    connect() {
      const client = connect()
      const statements: string[] = []
      ;(client as PrismaClient<'query'>).$on('query', ({ query }) => statements.push(query))
      clients.push(client)
      return { client, statements }
    },
    execute: (script) => connection.executeScript(script),
    async drop() {
      await Promise.all(clients.map((client) => client.$disconnect()))
      await connection.dispose()
      await remove()
    },
  }
}
