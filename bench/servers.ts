// Starts the servers of a benchmark on the loopback interface, and stops them at its end.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { startPostgres } from '../test/support/postgres-server.js'
import { startTestServer, type TestServer } from '../test/testing/server.js'

export interface Servers {
  /**
   * Creates a database and applies the migrations in the given folder.
   *
   * @returns the URL of the database.
   */
  database(migrations: string): Promise<string>
  readonly aerospike: TestServer
  /** The URL of Redis; undefined if REDIS_URL is not set and no `redis-server` is on the PATH. */
  readonly redis: string | undefined
  stop(): Promise<void>
}

export async function startServers(): Promise<Servers> {
  const postgres = await startPostgres(['max_connections=200'])
  const aerospike = await startTestServer()
  const redis = process.env.REDIS_URL === undefined ? await startRedis() : undefined
  let databases = 0
  return {
    aerospike,
    redis: process.env.REDIS_URL ?? redis?.url,
    async database(migrations) {
      databases += 1
      const any = await new PrismaPg({ connectionString: `${postgres.url}/postgres` }).connect()
      await any.executeScript(`CREATE DATABASE bench${databases}`)
      await any.dispose()
      const url = `${postgres.url}/bench${databases}`
      const connection = await new PrismaPg({ connectionString: url }).connect()
      const names = (await readdir(migrations)).filter((name) => !name.includes('.')).sort()
      for (const name of names) {
        await connection.executeScript(
          await readFile(join(migrations, name, 'migration.sql'), 'utf8'),
        )
      }
      await connection.dispose()
      return url
    },
    async stop() {
      await aerospike.stop()
      await redis?.stop()
      await postgres.stop()
    },
  }
}

async function startRedis(): Promise<{ url: string; stop(): Promise<void> } | undefined> {
  const port = await freePort()
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server: ChildProcess = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] })
  const isThere = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.once('exit', () => resolve(false))
    server.stdout?.on('data', (text) => {
      if (String(text).includes('Ready to accept connections')) resolve(true)
    })
  })
  if (!isThere) return undefined
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      server.kill()
      await once(server, 'exit')
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject()))
    })
  })
}
