import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { openDatabase } from '../conduit-api/src/database.js'
import { PrismaService, TagsService } from './prisma.service.js'

it('PrismaService is injected, caches, and is closed by its hook', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nest-service-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const url = `file:${join(folder, 'conduit.db')}`
  // This creates the tables, as a migration does before an application starts.
  await (await openDatabase(url)).client.$disconnect()
  vi.stubEnv('DATABASE_URL', url)
  vi.stubEnv('AEROSPIKE_HOSTS', '')
  onTestFinished(() => void vi.unstubAllEnvs())

  const prisma = new PrismaService()
  const tags = new TagsService(prisma)
  await tags.add('one')
  expect(await tags.all()).toEqual([{ name: 'one' }])
  expect(await tags.all()).toEqual([{ name: 'one' }])
  await tags.add('two')
  expect(await tags.all()).toEqual([{ name: 'one' }, { name: 'two' }])
  expect(prisma.db.$cache.stats()).toMatchObject({ hits: 1, misses: 2, invalidations: 2 })
  await prisma.onModuleDestroy()
})
