import { PrismaPg } from '@prisma/adapter-pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Prisma, PrismaClient } from '../../generated/postgresql/client/client.js'
import { isOutage } from '../../src/prisma-client/failures.js'
import { createDatabase, type Database } from '../support/databases.js'

let database: Database

beforeAll(async () => {
  database = await createDatabase('postgresql')
})

afterAll(() => database.drop())

function connect(pool: object): PrismaClient {
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url, ...pool }) })
}

async function errorOf(run: PromiseLike<unknown>): Promise<unknown> {
  try {
    await run
  } catch (error) {
    return error
  }
  throw new Error('expected it to fail')
}

it('a server that cannot be reached is an outage', async () => {
  const client = connect({ connectionString: 'postgres://u:p@127.0.0.1:1/x' })
  expect(isOutage(await errorOf(client.team.findMany()))).toBe(true)
  await client.$disconnect()
})

it('a query that takes too long is an outage', async () => {
  const client = connect({ statement_timeout: 20 })
  const slow = client.$queryRaw`SELECT count(*) FROM generate_series(1, 1000000000)`
  expect(isOutage(await errorOf(slow))).toBe(true)
  await client.$disconnect()
})

it('a pool without a free connection is an outage', async () => {
  const client = connect({ max: 1, connectionTimeoutMillis: 500 })
  const error = await client.$transaction(() => errorOf(client.team.findMany()))
  expect(isOutage(error)).toBe(true)
  await client.$disconnect()
})

it('a connection that ends during the query is an outage', async () => {
  const [client, other] = [connect({ max: 1 }), connect({})]
  const [row] = await client.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`
  const { pid } = row as { pid: number }
  const slow = errorOf(client.$queryRaw`SELECT count(*) FROM generate_series(1, 1000000000)`)
  await other.$queryRaw`SELECT pg_terminate_backend(${pid})`
  expect(isOutage(await slow)).toBe(true)
  await Promise.all([client.$disconnect(), other.$disconnect()])
})

it('an error of the query itself is not an outage', async () => {
  const client = connect({})
  const wrong = [
    client.team.findMany({ wher: {} } as object),
    client.team.findUniqueOrThrow({ where: { id: 99 } }),
    client.$queryRaw`SELECT * FROM nowhere`,
  ]
  for (const query of wrong) expect(isOutage(await errorOf(query))).toBe(false)
  await client.$disconnect()
})

it.each<[unknown, boolean]>([
  [new Prisma.PrismaClientKnownRequestError('', { code: 'P2024', clientVersion: '' }), true],
  [new Prisma.PrismaClientInitializationError('', '', 'P1001'), true],
  [Object.assign(new Error(''), { code: 'ECONNRESET' }), true],
  [new TypeError('timeout is not a function'), false],
  ['timeout', false],
  [undefined, false],
])('isOutage(%s) is %s', (error, expected) => {
  expect(isOutage(error)).toBe(expected)
})
