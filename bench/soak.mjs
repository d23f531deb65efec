// Runs mixed traffic for some minutes and prints memory and sockets, which must not grow.
//   npm run soak -- [minutes]      5 by default; uses AEROSPIKE_HOSTS if it is set, else the
// emulator
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { aerospike, cacheAside } from 'prisma-extension-cache-aside'
import { startAerospikeEmulator } from 'prisma-extension-cache-aside/testing'
import { PrismaClient } from '../generated/sqlite/client-js/index.js'

const minutes = Number(process.argv[2] ?? 5)
const WORKERS = 32
const USERS = 50

const emulator = process.env.AEROSPIKE_HOSTS ? undefined : await startAerospikeEmulator()
const hosts = emulator?.hosts ?? process.env.AEROSPIKE_HOSTS
const folder = await mkdtemp(join(tmpdir(), 'soak-'))
const adapter = new PrismaLibSql({ url: `file:${join(folder, 'soak.db')}` })
const connection = await adapter.connect()
for (const name of ['0001_init', '0002_views']) {
  const file = new URL(`../prisma/sqlite/migrations/${name}/migration.sql`, import.meta.url)
  await connection.executeScript(await readFile(file, 'utf8'))
}
await connection.dispose()

const store = aerospike({ hosts, set: `soak-${process.pid}` })
const prisma = new PrismaClient({ adapter }).$extends(cacheAside({ store, ttl: '5s' }))
for (let id = 1; id <= USERS; id += 1) {
  await prisma.user.create({ data: { id, email: `u${id}`, posts: { create: { title: 'first' } } } })
}

let operations = 0
const until = Date.now() + minutes * 60_000
const pick = () => 1 + Math.floor(Math.random() * USERS)
async function work() {
  while (Date.now() < until) {
    const dice = Math.random()
    const id = pick()
    if (dice < 0.9) {
      await prisma.user.findUnique({ where: { id }, include: { posts: { take: 5 } } })
    } else if (dice < 0.95) {
      await prisma.post.count({ where: { authorId: id } })
    } else if (dice < 0.98) {
      await prisma.user.update({ where: { id }, data: { score: { increment: 1 } } })
    } else if (dice < 0.99) {
      await prisma
        .$transaction(async (tx) => {
          await tx.post.create({ data: { title: 'more', authorId: id } })
          await tx.post.deleteMany({ where: { title: 'more', authorId: pick() } })
          if (dice < 0.985) throw new Error('rolled back')
        })
        .catch(() => undefined)
    } else {
      await prisma.user.findMany({
        where: { id: { gt: id } },
        take: 20,
        include: { profile: true },
      })
    }
    operations += 1
  }
}

console.log(`${minutes} minutes on ${emulator ? 'the emulator' : hosts}, ${WORKERS} workers`)
console.log('  seconds  operations  heap MB   rss MB  sockets')
const started = Date.now()
const report = async () => {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  const figures = [
    Math.round((Date.now() - started) / 1000),
    operations,
    (heapUsed / 2 ** 20).toFixed(1),
    (rss / 2 ** 20).toFixed(0),
    await openSockets(),
  ]
  console.log(figures.map((figure) => String(figure).padStart(9)).join(' '))
}
const reports = setInterval(report, (minutes * 60_000) / 10)
await Promise.all(Array.from({ length: WORKERS }, work))
clearInterval(reports)
await report()
const { hits, misses, bypasses, errors } = prisma.$cache.stats()
console.log({ hits, misses, bypasses, errors, health: (await prisma.$cache.health()).state })
await prisma.$disconnect()
await emulator?.close()
await rm(folder, { recursive: true })

async function openSockets() {
  const links = (await readdir('/proc/self/fd')).map((fd) =>
    readlink(`/proc/self/fd/${fd}`).catch(() => ''),
  )
  return (await Promise.all(links)).filter((link) => link.startsWith('socket:')).length
}
