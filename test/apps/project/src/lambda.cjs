// A function that answers one event at a time, and is frozen between them. The cache is outside of the handler.
const { PrismaLibSql } = require('@prisma/adapter-libsql')
const { aerospike, cacheAside } = require('prisma-extension-cache-aside')
const { PrismaClient } = require('../generated/js')
const { catalog } = require('../generated/js-cache-catalog.cjs')

const adapter = new PrismaLibSql({ url: process.env.DATABASE_URL })
// The machine of a test may be slow. An application keeps the default.
const store = aerospike({ hosts: process.env.HOSTS, namespace: 'test', timeout: '30s' })
const prisma = new PrismaClient({ adapter }).$extends(cacheAside({ catalog, store }))

async function handler({ write }) {
  if (write !== undefined) return prisma.note.create({ data: { text: write } })
  const { data, info } = await prisma.note.findMany().withCacheInfo()
  return { status: info.status, texts: data.map(({ text }) => text) }
}

process.on('message', async (event) => process.send(await handler(event)))
