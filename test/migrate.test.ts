import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { expect, it, onTestFinished, vi } from 'vitest'
import { PrismaClient } from '../generated/postgresql/client/client.js'
import { accelerateCompatible } from '../src/accelerate/index.js'
import { type CacheControl, cacheAside } from '../src/index.js'
import { createDatabase } from './support/databases.js'

const folder = join(import.meta.dirname, '../docs/migrate')

const AsyncFunction = (async () => undefined).constructor as new (
  ...parameters: string[]
) => (...values: unknown[]) => Promise<unknown>

/** The code under the heading `After`, without its imports, which are parameters here. */
async function codeAfter(page: string): Promise<string> {
  const text = await readFile(join(folder, page), 'utf8')
  const [, code] = /^## After\n\n```ts\n([\s\S]*?)```/m.exec(text) ?? []
  expect(code, page).toBeDefined()
  return (code ?? '').replaceAll(/^import .*$/gm, '').replaceAll(/^export /gm, '')
}

/** Runs the code of a page on a database of its own, and then `more`. */
async function runPage(page: string, more = ''): Promise<{ prisma: Prisma; value: unknown }> {
  const database = await createDatabase('postgresql')
  onTestFinished(() => database.drop())
  await database.connect().client.user.create({ data: { email: 'ann' } })
  vi.stubEnv('DATABASE_URL', database.url)
  vi.stubEnv('AEROSPIKE_HOSTS', undefined)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  const adapter = new PrismaPg({ connectionString: database.url })
  const isOwn = (await codeAfter(page)).includes('const adapter =')
  const scope = { PrismaClient, PrismaPg, cacheAside, accelerateCompatible }
  const parameters = isOwn ? scope : { ...scope, adapter }
  const code = `${await codeAfter(page)}\nreturn { prisma, value: ${more || 'undefined'} }`
  const run = new AsyncFunction(...Object.keys(parameters), code)
  const result = (await run(...Object.values(parameters))) as { prisma: Prisma; value: unknown }
  onTestFinished(() => result.prisma.$disconnect())
  return result
}

type Prisma = PrismaClient & { readonly $cache: CacheControl }

it('every page is tested', async () => {
  expect((await readdir(folder)).sort()).toEqual([
    'accelerate.md',
    'hand-written-keys.md',
    'prisma-extension-redis.md',
  ])
})

it('accelerate.md: the same calls work, and are cached', async () => {
  const again = `[users, data, info, await prisma.user.count({ cacheStrategy: { ttl: 60 } }).withAccelerateInfo()]`
  const { value } = await runPage('accelerate.md', again)
  expect(value).toMatchObject([
    [{ email: 'ann' }],
    1,
    { cacheStatus: 'miss' },
    { data: 1, info: { cacheStatus: 'ttl' } },
  ])
})

it('prisma-extension-redis.md: the write invalidates by itself', async () => {
  const { prisma, value } = await runPage('prisma-extension-redis.md', '[data, info]')
  expect(value).toMatchObject([{ name: 'Ada' }, { status: 'miss' }])
  expect(prisma.$cache.stats().fills).toBeGreaterThan(0)
})

it('hand-written-keys.md: reads and what is computed from them see the write', async () => {
  const calls = `[
    await report(), await userWithPosts(1), await addPost(1, 'one'), await userWithPosts(1), await report(),
  ]`
  const { value } = await runPage('hand-written-keys.md', calls)
  expect(value).toMatchObject([
    { users: 1, posts: 0 },
    { posts: [] },
    { title: 'one' },
    { posts: [{ title: 'one' }] },
    { users: 1, posts: 1 },
  ])
})
