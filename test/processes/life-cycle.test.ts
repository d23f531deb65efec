import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, inject, it, onTestFinished } from 'vitest'
import { runChild } from '../support/child.js'

const root = join(import.meta.dirname, '../..')

/** Runs code in a process of its own, with `prisma` and all that it needs, and gives what it prints. */
async function run(code: string) {
  const folder = await mkdtemp(join(tmpdir(), 'cache-aside-process-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const script = `
    import { readFileSync } from 'node:fs'
    import { createRequire } from 'node:module'
    import { PrismaLibSql } from '@prisma/adapter-libsql'
    import { cacheAside, memory } from ${JSON.stringify(inject('built'))}
    const require = createRequire(${JSON.stringify(join(root, '/'))})
    const js = require('./generated/sqlite/client-js')
    const adapter = new PrismaLibSql({ url: ${JSON.stringify(`file:${join(folder, 'test.db')}`)} })
    const connection = await adapter.connect()
    await connection.executeScript(readFileSync('prisma/sqlite/migrations/0001_init/migration.sql', 'utf8'))
    await connection.dispose()
    const prisma = new js.PrismaClient({ adapter }).$extends(cacheAside())
    ${code}`
  return runChild('--input-type=module', ['--eval', script], {
    limit: 100_000,
    env: { AEROSPIKE_HOSTS: '' },
  })
}

it('a process that used the cache and disconnected exits by itself', async () => {
  const ended = await run(`
    await prisma.user.create({ data: { email: 'ann' } })
    for (const _ of [1, 2]) await prisma.user.findMany()
    await prisma.$transaction((tx) => tx.user.updateMany({ data: { name: 'Ann' } }))
    const [{ name }] = await prisma.user.findMany()
    const { hits, misses } = prisma.$cache.stats()
    await prisma.$disconnect()
    console.log(name, hits, misses)`)
  expect(ended).toEqual({ code: 0, signal: null, output: 'Ann 1 2\n' })
})

it('a process that disconnected while a write was owed to a store that is down exits by itself', async () => {
  const ended = await run(`
    const store = new Proxy(memory(), { get: () => () => Promise.reject(new Error('down')) })
    const client = new js.PrismaClient({ adapter }).$extends(cacheAside({ store }))
    await client.user.create({ data: { email: 'ann' } })
    console.log((await client.user.findMany()).length)
    await client.$disconnect().catch(() => {})
    await prisma.$disconnect()`)
  expect(ended).toEqual({ code: 0, signal: null, output: '1\n' })
})
