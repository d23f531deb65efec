// Measures how long queries take at most while Aerospike cannot be reached, and how soon caching works again:
//   npm run bench:outage
// It ends with an error if either takes longer than its budget, on a machine that does nothing else.
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient as PostgresClient } from '../generated/postgresql/client/client.js'
import type { PrismaClient } from '../generated/sqlite/client/client.js'
import { goThroughOutages, TIMEOUT } from '../test/store/outages.js'
import { startOwnServer } from '../test/testing/server.js'
import { startServers } from './servers.js'

/** A read may wait for a look-up, a repair and a fill; a write for an announcement and a settlement. */
const STORE = 3 * TIMEOUT
/** The database and a machine of two cores may take this long by themselves. */
const DATABASE = 2_000
const BACK = 2_000

const servers = await startServers()
const server = await startOwnServer()
const url = await servers.database(join(import.meta.dirname, '../prisma/postgresql/migrations'))
const clients: PostgresClient[] = []
const figures = await goThroughOutages(server, () => {
  const client = new PostgresClient({ adapter: new PrismaPg({ connectionString: url }) })
  clients.push(client)
  return client as unknown as PrismaClient
})
await Promise.all(clients.map((client) => client.$disconnect()))
await server.stop()
await servers.stop()
console.log(figures)
const isWithin =
  figures.slowest < STORE + DATABASE && Object.values(figures.back).every((took) => took < BACK)
if (!isWithin) {
  console.error(`a query may take ${STORE + DATABASE} ms, and caching be back after ${BACK} ms`)
  process.exitCode = 1
}
