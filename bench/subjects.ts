// The subjects of the comparison: several ways to answer the same queries. Each subject is a client
// of its own on the same database.
import { randomUUID } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import { Decimal } from '@prisma/client/runtime/client'
import { aerospike, cacheAside, memory } from 'prisma-extension-cache-aside'
import { SuperJSON } from 'superjson'
import { PrismaClient } from '../generated/postgresql/client/client.js'
import type { Servers } from './servers.js'

export interface Subject<C = PrismaClient> {
  readonly name: string
  readonly client: C
  close(): Promise<unknown>
}

export const NO_CACHE = 'no cache'
export const CONSTANT = 'an extension that returns a constant'
export const REDIS = 'prisma-extension-redis 5'

/** The methods that every generated client has. */
interface Client {
  $extends: unknown
  $disconnect(): Promise<void>
}

/** @param connect returns a new client without extensions. */
export async function subjectsOf<C extends Client>(
  servers: Servers,
  connect: () => C,
): Promise<readonly Subject<C>[]> {
  const near = { maxEntries: 10_000, maxBytes: 256 * 2 ** 20 }
  const { hosts, namespace, kind } = servers.aerospike
  // Each subject has sets of its own. A server that was not started for this run could still have
  // records of earlier runs, which belong to another database.
  const inAerospike = () =>
    aerospike({ hosts, namespace, set: `bench-${randomUUID().slice(0, 8)}` })
  const server = kind === 'emulator' ? 'aerospike(), emulator' : 'aerospike()'
  const cached = (name: string, options: object): Subject<C> => {
    const client = extended(connect(), cacheAside({ ttl: '1h', ...options }))
    return { name, client, close: () => client.$disconnect() }
  }
  const roomy = { maxEntries: 1_000_000, maxBytes: 2 ** 31 }
  const plain = connect()
  return [
    { name: NO_CACHE, client: plain, close: () => plain.$disconnect() },
    cached('memory()', { store: memory(roomy) }),
    cached('memory(), near cache', { store: memory(roomy), near }),
    cached(server, { store: inAerospike() }),
    cached(`${server}, near cache`, { store: inAerospike(), near }),
    cached(`${server}, near cache, maxStaleness 1 s`, {
      store: inAerospike(),
      near: { ...near, maxStaleness: '1s' },
    }),
    ...(await redis(servers, connect)),
  ]
}

function extended<C extends Client>(client: C, extension: unknown): C {
  return (client.$extends as (extension: unknown) => C).call(client, extension)
}

export function connectTo(url: string): () => PrismaClient {
  return () => new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: 20 }) })
}

/** An optional subject: see README.md in this folder for what it needs. */
async function redis<C extends Client>(
  { redis: url }: Servers,
  connect: () => C,
): Promise<readonly Subject<C>[]> {
  if (url === undefined) return []
  const [extension, valkey] = ['prisma-extension-redis', 'iovalkey']
  type Modules = [
    { PrismaExtensionRedis(options: object): never },
    { default: new (url: string) => { quit(): Promise<unknown> } },
  ]
  try {
    const [{ PrismaExtensionRedis }, { default: Redis }] = (await Promise.all([
      import(extension as string),
      import(valkey as string),
    ])) as Modules
    const connection = new Redis(url)
    const transformer = transformerForTypes()
    const ttl = 3_600
    const options = {
      config: {
        ttl,
        stale: 0,
        type: 'STRING',
        transformer,
        auto: { ttl, stale: 0, invalidateOnWrite: true },
      },
      client: connection,
    }
    const plain = connect()
    return [
      {
        name: REDIS,
        client: extended(plain, PrismaExtensionRedis(options)),
        close: () => Promise.all([plain.$disconnect(), connection.quit()]),
      },
    ]
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') return []
    throw error
  }
}

/**
 * The transformer that the documentation of prisma-extension-redis recommends, so that dates stay
 * dates, extended for Prisma's decimals.
 */
function transformerForTypes() {
  const superjson = new SuperJSON()
  superjson.registerCustom<Decimal, string>(
    {
      isApplicable: (value): value is Decimal => Decimal.isDecimal(value),
      serialize: (value) => value.toFixed(),
      deserialize: (text) => new Decimal(text),
    },
    'Decimal',
  )
  return {
    serialize: (data: unknown) => superjson.stringify(data),
    deserialize: (text: unknown) =>
      typeof text === 'string' ? superjson.parse(text) : superjson.deserialize(text as never),
  }
}
