import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { aerospike, type CacheAsideOptions, memory } from 'prisma-extension-cache-aside'
import { startAerospikeEmulator } from 'prisma-extension-cache-aside/testing'
import { inject, onTestFinished } from 'vitest'
import { createApp } from '../src/app.js'
import { type Database, openDatabase } from '../src/database.js'
import { type Prisma, withCache, withoutCache } from '../src/prisma.js'

/** One database, with as many processes of the application as a test needs. */
export interface World {
  /**
   * Starts the equivalent of another process: a client and a cache of its own, whose options may
   * differ.
   */
  start(other?: CacheAsideOptions): Promise<Api>
}

export interface Api {
  readonly app: ReturnType<typeof createApp>
  readonly prisma: Prisma
  readonly statements: Database['statements']
  /** Sends a request, as a logged-in user or anonymously. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
  /** Registers a new user and returns the session. */
  register(username: string): Promise<Person>
}

export interface CallOptions {
  readonly body?: object
  readonly as?: Person | undefined
  readonly ifMatch?: string
}

export interface Person {
  readonly username: string
  readonly token: string
}

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: each test asserts the shape of its answers.
  readonly json: any
  /** The header `X-Cache` without the age. */
  readonly cache: string
  readonly etag: string | null
}

/** The combinations of database and cache in which the API must behave the same. */
export const worlds = {
  'SQLite and memory()': async () => {
    const store = memory()
    return world(await sqlite(), () => ({ store }))
  },
  'SQLite without the cache': async () => world(await sqlite(), undefined),
  'PostgreSQL and Aerospike': async () => {
    const server = await startAerospikeEmulator()
    onTestFinished(() => server.close())
    return world(await postgres(), () => ({
      store: aerospike({ hosts: server.hosts, timeout: '5s', connectTimeout: '5s' }),
    }))
  },
  'PostgreSQL without the cache': async () => world(await postgres(), undefined),
} as const

export type WorldName = keyof typeof worlds

export const worldNames = Object.keys(worlds) as WorldName[]

export const cachedWorlds: readonly WorldName[] = [
  'SQLite and memory()',
  'PostgreSQL and Aerospike',
]

export async function startApi(name: WorldName = 'SQLite and memory()'): Promise<Api> {
  const { start } = await worlds[name]()
  return start()
}

async function sqlite(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'conduit-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return `file:${join(folder, 'conduit.db')}`
}

async function postgres(): Promise<string> {
  const server = inject('postgresUrl')
  const name = `conduit_${randomUUID().replaceAll('-', '')}`
  const any = await new PrismaPg({ connectionString: `${server}/postgres` }).connect()
  await any.executeScript(`CREATE DATABASE ${name}`)
  await any.dispose()
  return `${server}/${name}`
}

function world(url: string, options: (() => CacheAsideOptions) | undefined): World {
  return {
    async start(other) {
      const { client, statements } = await openDatabase(url)
      const prisma =
        options === undefined ? withoutCache(client) : withCache(client, { ...options(), ...other })
      onTestFinished(() => prisma.$disconnect())
      return api(prisma, statements)
    },
  }
}

function api(prisma: Prisma, statements: Database['statements']): Api {
  const app = createApp(prisma, statements)
  const call: Api['call'] = async (method, path, { body, as, ifMatch } = {}) => {
    const response = await app.request(path, {
      method,
      headers: {
        ...(as !== undefined && { Authorization: `Token ${as.token}` }),
        ...(ifMatch !== undefined && { 'If-Match': ifMatch }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      json: text === '' ? undefined : JSON.parse(text),
      cache: (response.headers.get('X-Cache') ?? '').replace(/; age=\d+|; uncached=\d+/g, ''),
      etag: response.headers.get('ETag'),
    }
  }
  return {
    app,
    prisma,
    statements,
    call,
    async register(username) {
      const user = { username, email: `${username}@example.org`, password: 'secret' }
      const { json } = await call('POST', '/api/users', { body: { user } })
      return { username, token: json.user.token }
    },
  }
}

/** The body of a request that creates an article. */
export function draft(title: string, ...tagList: string[]): { readonly article: object } {
  return { article: { title, description: `of ${title}`, body: `${title}, at length`, tagList } }
}
