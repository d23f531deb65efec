import { once } from 'node:events'
import { type AddressInfo, connect as connectSocket, createServer } from 'node:net'
import { PrismaPg } from '@prisma/adapter-pg'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { PrismaClient } from '../../generated/postgresql/client/client.js'
import { PrismaClient as PostgresClient } from '../../generated/postgresql/client/client.js'
import { cacheAside, memory } from '../../src/index.js'
import { createDatabase, type Database } from '../support/databases.js'

let database: Database
let plain: PrismaClient

beforeEach(async () => {
  database = await createDatabase('postgresql')
  plain = database.connect().client as unknown as PrismaClient
  await plain.team.createMany({ data: [1, 2].map((id) => ({ id, name: 'red' })) })
})

afterEach(async () => {
  await database.drop()
})

function extend(client: PrismaClient) {
  const prisma = client.$extends(cacheAside({ store: memory() }))
  /** Twice, so that the second answer is the cache's; both must be the database's. */
  const expectTruth = async () => {
    const truth = await plain.team.findMany({ orderBy: { id: 'asc' } })
    for (const _ of [1, 2]) {
      expect(await prisma.team.findMany({ orderBy: { id: 'asc' } })).toEqual(truth)
    }
  }
  return {
    prisma,
    expectTruth,
    rename: (id: number, name: string) => ({ where: { id }, data: { name } }),
  }
}

function connect() {
  return extend(database.connect().client as unknown as PrismaClient)
}

/** Resolves when as many have come as were announced. */
function barrier(count: number): () => Promise<void> {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return async () => {
    count -= 1
    if (count === 0) open()
    await opened
  }
}

describe('a transaction that the database ends', () => {
  it('for a serialisation failure leaves the truth in the cache', async () => {
    const { prisma, expectTruth, rename } = connect()
    await expectTruth()
    const bothHaveRead = barrier(2)
    const run = (name: string) =>
      prisma.$transaction(
        async (tx) => {
          await tx.team.findMany()
          await bothHaveRead()
          await tx.team.update(rename(1, name))
        },
        { isolationLevel: 'Serializable' },
      )
    const outcomes = await Promise.allSettled([run('blue'), run('green')])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await expectTruth()
  })

  it('for a deadlock leaves the truth in the cache', async () => {
    const { prisma, expectTruth, rename } = connect()
    await expectTruth()
    const bothHaveLocked = barrier(2)
    const run = (first: number, second: number, name: string) =>
      prisma.$transaction(async (tx) => {
        await tx.team.update(rename(first, name))
        await bothHaveLocked()
        await tx.team.update(rename(second, name))
      })
    const outcomes = await Promise.allSettled([run(1, 2, 'blue'), run(2, 1, 'green')])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await expectTruth()
  })

  it('with its connection leaves the truth in the cache', async () => {
    const { prisma, expectTruth, rename } = connect()
    await expectTruth()
    const failed = prisma.$transaction(async (tx) => {
      await tx.team.update(rename(1, 'blue'))
      const [row] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`
      await plain.$queryRaw`SELECT pg_terminate_backend(${row?.pid})`
      await tx.team.update(rename(2, 'blue'))
    })
    await expect(failed).rejects.toThrow()
    await expectTruth()
  })
})

describe('a write whose answer is lost on the way back', () => {
  /** Passes bytes on, until the client sends this text: that still arrives, and its answer does not. */
  async function connectThrough(text: string) {
    const { hostname, port } = new URL(database.url)
    const proxy = createServer((client) => {
      const server = connectSocket(Number(port), hostname)
      for (const socket of [client, server]) socket.on('error', () => undefined)
      server.on('data', (bytes) => client.write(bytes))
      server.on('close', () => client.destroy())
      client.on('close', () => server.end())
      client.on('data', (bytes) => {
        server.write(bytes)
        if (bytes.includes(text)) client.destroy()
      })
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const url = new URL(database.url)
    url.port = String((proxy.address() as AddressInfo).port)
    const client = new PostgresClient({ adapter: new PrismaPg({ connectionString: url.href }) })
    onTestFinished(async () => {
      await client.$disconnect()
      proxy.close()
    })
    return extend(client as unknown as PrismaClient)
  }

  const committed = async (name: string) => {
    const rows = () => plain.team.count({ where: { name } })
    await expect.poll(rows, { timeout: 5_000 }).toBe(1)
  }

  it('counts as done: COMMIT of an interactive transaction', async () => {
    const { prisma, expectTruth, rename } = await connectThrough('COMMIT')
    await expectTruth()
    const failed = prisma.$transaction((tx) => tx.team.update(rename(1, 'blue')))
    await expect(failed).rejects.toThrow()
    await committed('blue')
    await expectTruth()
  })

  it('counts as done: COMMIT of a batch', async () => {
    const { prisma, expectTruth, rename } = await connectThrough('COMMIT')
    await expectTruth()
    const failed = prisma.$transaction([prisma.team.update(rename(1, 'blue')), prisma.team.count()])
    await expect(failed).rejects.toThrow()
    await committed('blue')
    await expectTruth()
  })

  it('counts as done: a single statement', async () => {
    const { prisma, expectTruth, rename } = await connectThrough('UPDATE')
    await expectTruth()
    await expect(prisma.team.update(rename(1, 'blue'))).rejects.toThrow()
    await committed('blue')
    await expectTruth()
  })
})
