import { onTestFinished } from 'vitest'
import { Prisma } from '../../generated/sqlite/client/client.js'
import { type CacheAsideOptions, type CacheEvents, cacheAside, memory } from '../../src/index.js'
import { createDatabase, type Provider } from './databases.js'

/** Opens a shop with two teams. It has a client with the cache, a record of how its reads are answered, and a plain client. */
export async function openShop(options: CacheAsideOptions = {}, provider: Provider = 'sqlite') {
  const database = await createDatabase(provider)
  onTestFinished(() => database.drop())
  const plain = database.connect().client
  await plain.team.createMany({
    data: [
      { id: 1, name: 'red' },
      { id: 2, name: 'blue' },
    ],
  })
  const store = options.store ?? memory()
  return { database, plain, store, ...connect({ jitter: 0, ...options, store }) }

  /** Makes another client of the database, as another process would have. */
  function connect(options: CacheAsideOptions) {
    const { client, statements } = database.connect()
    const prisma = client.$extends(cacheAside(options))
    /** Says of each read how it was answered, such as `hit: store` or `miss: absent`. */
    const seen: string[] = []
    const errors: CacheEvents['error'][] = []
    prisma.$cache.on('hit', ({ source }) => seen.push(`hit: ${source}`))
    prisma.$cache.on('stale', ({ reason }) => seen.push(`stale: ${reason}`))
    prisma.$cache.on('miss', ({ reason }) => seen.push(`miss: ${reason}`))
    prisma.$cache.on('bypass', ({ reason }) => seen.push(`bypass: ${reason}`))
    prisma.$cache.on('error', (event) => errors.push(event))
    onTestFinished(() => prisma.$disconnect())
    return { prisma, client, statements, seen, errors, connect }
  }
}

export type Shop = Awaited<ReturnType<typeof openShop>>

/** Makes the error that Prisma throws where the database cannot be reached. */
export function unreachable(): Error {
  return new Prisma.PrismaClientKnownRequestError('unreachable', {
    code: 'P1001',
    clientVersion: '',
  })
}

/** Sits between the cache and the database. Its queries fail while there is an error. */
export interface Gate {
  error: Error | undefined
  /** How many queries have reached the gate. */
  queries: number
  /** Stops queries until the gate is opened. */
  close(): void
  open(): void
}

/** An extension applied after the cache, so that it sees only what goes to the database. */
export function gate(): Gate & { readonly extension: object } {
  let passage = Promise.resolve()
  const state = {
    error: undefined as Error | undefined,
    queries: 0,
    open: (): void => undefined,
    close() {
      passage = new Promise((resolve) => {
        state.open = resolve
      })
    },
    extension: {
      query: {
        async $allOperations({
          args,
          query,
        }: {
          args: unknown
          query: (args: unknown) => Promise<unknown>
        }) {
          state.queries += 1
          await passage
          if (state.error !== undefined) throw state.error
          return query(args)
        },
      },
    },
  }
  return state
}
