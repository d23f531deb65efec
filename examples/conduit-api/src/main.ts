// Starts the API. It uses SQLite unless DATABASE_URL is set, and memory() unless AEROSPIKE_HOSTS is
// set.
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
  // load.ts and tests start this file as a child process and wait for this message.
  process.send?.({ port, statements: statements() })
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close()
    // Without this, pages that listen to events would keep the server open for ever.
    if ('closeAllConnections' in server) server.closeAllConnections()
    void prisma.$disconnect()
  })
}
