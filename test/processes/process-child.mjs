// One process of an application, told by its parent what to do:
//   node process-child.mjs <built index.js> <database url> <aerospike hosts> <keyspace>
// Times are of the system's monotonic clock, which all processes of a machine share.

import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../generated/postgresql/client-js/index.js'

const [, , built, databaseUrl, hosts, keyspace] = process.argv
const { aerospike, cacheAside } = await import(pathToFileURL(built))

const now = () => Number(process.hrtime.bigint()) / 1e6
const client = new PrismaClient({
  adapter: new PrismaPg({ connectionString: databaseUrl, max: 5 }),
  log: [{ emit: 'event', level: 'query' }],
})
let statements = 0
client.$on('query', () => {
  statements += 1
})

const store = aerospike({ hosts, timeout: '2s' })
const prisma = client
  .$extends(
    cacheAside({
      store,
      keyspace,
      ttl: '1h',
      writeDeadline: '2s',
      leaseWait: '5s',
      models: { AuthorStats: { dependsOn: ['Post'] } },
    }),
  )
  // Applied later, so between the cache and the database: its answers come late, now and then.
  .$extends({
    query: {
      async $allOperations({ args, query }) {
        if (Math.random() < slowness) await pause(Math.random() * 60)
        const result = await query(args)
        if (Math.random() < slowness) await pause(Math.random() * 60)
        if (hangs) {
          process.send({ committed: now() })
          await new Promise(() => {})
        }
        return result
      },
    },
  })
let slowness = 0
let hangs = false

const commands = {
  /** Many readers of the same at once: how many statements did they need? */
  async stampede({ readers }) {
    statements = 0
    const reads = Array.from({ length: readers }, () =>
      prisma.authorStats.findMany({ orderBy: { authorId: 'asc' } }),
    )
    const answers = new Set((await Promise.all(reads)).map((answer) => JSON.stringify(answer)))
    return { statements, answers: [...answers] }
  },

  async touch() {
    await prisma.post.update({ where: { id: 1 }, data: { title: 'touched' } })
    return {}
  },

  async read({ row }) {
    return prisma.post.findUniqueOrThrow({ where: { id: row } })
  },

  /** The database commits, and this process never hears of it. */
  async writeAndHang({ row }) {
    hangs = true
    await prisma.post.update({ where: { id: row }, data: { views: { increment: 1 } } })
  },

  /** Reads and writes of few rows, told to the parent as they happen, until it ends this process. */
  async traffic({ rows }) {
    slowness = 0.05
    await Promise.all(Array.from({ length: 8 }, () => work(rows)))
    return {}
  },
}

let log = []
setInterval(() => {
  if (log.length === 0) return
  process.send({ log })
  log = []
}, 10)

async function work(rows) {
  for (;;) {
    const row = 1 + Math.floor(Math.random() * rows)
    const dice = Math.random()
    if (dice < 0.9) await read(row)
    else await write(row, dice)
  }
}

async function read(row) {
  const started = now()
  const { views, title } = await prisma.post.findUniqueOrThrow({ where: { id: row } })
  log.push({ kind: 'read', row, started, version: views, title })
  if (Math.random() < 0.1) await pause(1)
}

async function write(row, dice) {
  const increment = (db) =>
    db.post.update({
      where: { id: row },
      data: { views: { increment: 1 } },
      select: { views: true },
    })
  if (dice < 0.94) {
    const { views } = await increment(prisma)
    log.push({ kind: 'acknowledged', row, ended: now(), version: views })
  } else if (dice < 0.96) {
    const [{ views }] = await prisma.$transaction([increment(prisma)])
    log.push({ kind: 'acknowledged', row, ended: now(), version: views })
  } else if (dice < 0.98) {
    const { views } = await prisma.$transaction(async (tx) => {
      const result = await increment(tx)
      await pause(Math.random() * 20)
      return result
    })
    log.push({ kind: 'acknowledged', row, ended: now(), version: views })
  } else {
    await prisma
      .$transaction(async (tx) => {
        await tx.post.update({ where: { id: row }, data: { title: 'rolled back' } })
        await pause(Math.random() * 20)
        throw new Error('rolled back')
      })
      .catch((error) => {
        if (error.message !== 'rolled back') throw error
      })
  }
}

process.on('message', async ({ command, ...options }) => {
  try {
    process.send({ done: await commands[command](options) })
  } catch (error) {
    process.send({ failed: String(error?.stack ?? error) })
  }
})
process.on('disconnect', () => process.exit())
process.send({ ready: true })
