// The cache in a worker thread: memory() works, and aerospike() is refused before it aborts the process.
import { isMainThread, Worker } from 'node:worker_threads'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { aerospike, cacheAside, memory } from 'prisma-extension-cache-aside'
import { PrismaClient } from '../generated/js/index.js'
import { catalog } from '../generated/js-cache-catalog.cjs'

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url))
  worker.on('exit', (code) => console.log(`the worker ended with ${code}, the process lives`))
} else {
  try {
    aerospike({ hosts: '127.0.0.1:1' })
  } catch (error) {
    console.log(`${error.name}: ${error.message}`)
  }
  const adapter = new PrismaLibSql({ url: process.env.DATABASE_URL })
  const prisma = new PrismaClient({ adapter }).$extends(cacheAside({ catalog, store: memory() }))
  const statuses = []
  for (const _ of [1, 2]) statuses.push((await prisma.note.count().withCacheInfo()).info.status)
  console.log(statuses.join(', '))
  await prisma.$disconnect()
}
