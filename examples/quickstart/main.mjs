// Runs a small blog on SQLite. Each step prints whether the cache or the database answered, how
// many SQL statements ran, and how long it took.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { cacheAside } from 'prisma-extension-cache-aside'
import { PrismaClient } from '../../generated/sqlite/client-js/index.js'

const folder = await mkdtemp(join(tmpdir(), 'quickstart-'))
const adapter = new PrismaLibSql({ url: `file:${join(folder, 'blog.db')}` })
await createTables(adapter)

const prisma = new PrismaClient({ adapter, log: [{ emit: 'event', level: 'query' }] })
// This line is the whole integration.
const cached = prisma.$extends(cacheAside({ ttl: '5m' }))

let statements = 0
prisma.$on('query', () => {
  statements += 1
})
let answeredBy = 'database'
cached.$cache.on('hit', () => {
  answeredBy = 'cache'
})

const ada = await step('write: create Ada with 200 posts', () =>
  cached.user.create({
    data: {
      email: 'ada@example.org',
      name: 'Ada',
      posts: { create: Array.from({ length: 200 }, (_, n) => ({ title: `Note ${n + 1}` })) },
    },
  }),
)

const notesOfAda = () =>
  cached.user.findUnique({
    where: { id: ada.id },
    include: {
      posts: {
        orderBy: { id: 'asc' },
        include: { tags: true, _count: { select: { comments: true } } },
      },
    },
  })

await step('read:  Ada and her posts, not cached yet', notesOfAda)
await step('read:  the same again', notesOfAda)

const { posts } = await notesOfAda()
await step('write: a comment on her first post', () =>
  cached.comment.create({ data: { body: 'Lovely!', postId: posts[0].id, authorId: ada.id } }),
)
const after = await step('read:  the same, which the comment has invalidated', notesOfAda)
console.log(
  `       her first post has ${after.posts[0]._count.comments} comment, so the answer is not stale`,
)
await step('read:  the same again', notesOfAda)

await step('write: a transaction that is rolled back', () =>
  cached
    .$transaction(async (tx) => {
      await tx.user.update({ where: { id: ada.id }, data: { name: 'Nobody' } })
      throw new Error('changed my mind')
    })
    .catch(() => undefined),
)
await step('read:  the same, still valid because nothing was written', notesOfAda)

const { hits, misses, invalidations } = cached.$cache.stats()
console.log(`\n${hits} hits, ${misses} misses, ${invalidations} writes that invalidated entries`)

await cached.$disconnect()
await rm(folder, { recursive: true })

async function step(name, run) {
  statements = 0
  answeredBy = 'database'
  const started = performance.now()
  const result = await run()
  const took = (performance.now() - started).toFixed(1)
  console.log(
    `${name.padEnd(58)} ${answeredBy.padEnd(9)} ${String(statements).padStart(3)} SQL ${took.padStart(7)} ms`,
  )
  return result
}

async function createTables(factory) {
  const connection = await factory.connect()
  for (const migration of ['0001_init', '0002_views']) {
    const file = new URL(
      `../../prisma/sqlite/migrations/${migration}/migration.sql`,
      import.meta.url,
    )
    await connection.executeScript(await readFile(file, 'utf8'))
  }
  await connection.dispose()
}
