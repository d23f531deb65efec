import { AsyncLocalStorage } from 'node:async_hooks'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readReplicas } from '@prisma/extension-read-replicas'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { PrismaClient } from '../generated/sqlite/client/client.js'
import { generatedCatalog } from '../src/catalog/generated-catalog.js'
import { catalogFrom } from '../src/catalog/schema.js'
import { loadSchemaParser } from '../src/catalog/schema-parser.js'
import { cacheAside, memory, OptimisticLockError, retryOptimistic } from '../src/index.js'
import { retryOptionNames } from '../src/optimistic-lock/retry.js'
import { modelOptionNames, nearOptionNames, optionNames } from '../src/options/options.js'
import {
  loadOptionNames,
  queryOptionNames,
  writeOptionNames,
} from '../src/options/query-options.js'
import type { Client } from '../src/prisma-client/client.js'
import { createDatabase } from './support/databases.js'

const root = join(import.meta.dirname, '..')
const page = await readFile(join(root, 'docs/options.md'), 'utf8')
const schema = await readFile(join(root, 'prisma/sqlite/schema.prisma'), 'utf8')

/** The examples of the page, by the first line of each. */
const examples = Array.from(page.matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code as string)

const AsyncFunction = (async () => undefined).constructor as new (
  ...parameters: string[]
) => (...values: unknown[]) => Promise<unknown>

/** The catalog that the generator writes beside the client. */
function catalogFor(client: unknown) {
  const { inlineSchema = '' } = (client as Client)._engineConfig ?? {}
  const datamodel = loadSchemaParser().get_datamodel(JSON.stringify({ prismaSchema: inlineSchema }))
  const { models } = JSON.parse(datamodel)
  return generatedCatalog(inlineSchema, catalogFrom(inlineSchema, models, 'sqlite'))
}

beforeEach(() => {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  onTestFinished(() => log.mockRestore())
})

describe('docs/options.md', () => {
  it.each(examples.map((code) => [code.split('\n')[0] as string, code]))('%s', async (_, code) => {
    const database = await createDatabase('sqlite')
    onTestFinished(() => database.drop())
    const { client } = database.connect()
    await client.user.create({ data: { email: 'ann' } })
    const prisma = client.$extends(cacheAside({ store: memory() }))
    const tenants = new AsyncLocalStorage<string>()
    const optimistic = { OptimisticLockError, retryOptimistic }
    // The primary itself acts as a replica without lag.
    const replicas = { readReplicas, replica: client }
    const catalog = catalogFor(client)
    const scope = {
      client,
      cacheAside,
      memory,
      tenants,
      schema,
      catalog,
      ...optimistic,
      ...replicas,
    }
    // If an example makes its own client, that client must work.
    const isOwn = code.includes('const prisma =')
    const parameters = isOwn ? scope : { ...scope, prisma }
    const run = new AsyncFunction(
      ...Object.keys(parameters),
      `${code}\n${isOwn ? 'return prisma' : ''}`,
    )
    const made = (await run(...Object.values(parameters))) as PrismaClient | undefined
    if (isOwn) expect(await tenants.run('a', async () => made?.user.count())).toBe(1)
  })

  it('names every option', () => {
    const parts = new Map(
      page.split(/^## /m).map((part) => [part.slice(0, part.indexOf('\n')), part] as const),
    )
    const expected: [string, readonly string[]][] = [
      ['Options of the cache: `cacheAside({ ... })`', [...optionNames, ...nearOptionNames]],
      ['Options of a model', modelOptionNames],
      ['Optimistic locking', retryOptionNames],
      ['Options of a read: `cache`', queryOptionNames],
      ['Options of a write: `cache`', writeOptionNames],
      ['`prisma.$cache`', loadOptionNames],
    ]
    for (const [title, names] of expected) {
      for (const name of names) expect(parts.get(title), `${title}: ${name}`).toContain(`\`${name}`)
    }
  })
})
