// Starts the API: on SQLite and in memory, unless DATABASE_URL and AEROSPIKE_HOSTS say otherwise.
import { fileURLToPath } from 'node:url'
import { serve } from '@hono/node-server'
import { createApp } from './app.js'
import { openDatabase } from './database.js'
import { withCache, withoutCache } from './prisma.js'
import { seed } from './seed.js'

const file = fileURLToPath(new URL('../conduit.db', import.meta.url))
const { client, statements } = await openDatabase(process.env.DATABASE_URL ?? `file:${file}`)
await seed(client, Number(process.env.ARTICLES ?? 30))

const prisma = process.env.CACHE === 'off' ? withoutCache(client) : withCache(client)
prisma.$cache.on('error', ({ during, error }) => console.error(`cache: ${during}:`, error))

const app = createApp(prisma, statements)
const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`http://localhost:${port}`)
  // Whoever started this process, and not a person, waits for it.
  process.send?.({ port, statements: statements() })
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close()
    // Also those that listen to events, which would never end.
    if ('closeAllConnections' in server) server.closeAllConnections()
    void prisma.$disconnect()
  })
}
