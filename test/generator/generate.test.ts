import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { modelsOfClient } from '../../src/catalog/catalog.js'
import { readGeneratedCatalog } from '../../src/catalog/generated-catalog.js'
import { parseSchema } from '../../src/catalog/schema.js'
import { cacheAside } from '../../src/index.js'
import { catalogOf } from '../../src/prisma-client/client.js'
import { randomSchemas } from '../plan/random-schema.js'
import { seed } from '../support/bounds.js'

const root = join(import.meta.dirname, '../..')
const require = createRequire(import.meta.url)

/** Runs `prisma generate` on a schema in a folder of its own. In the schema, CACHE stands for the provider. */
function generate(schema: string, ...only: readonly string[]) {
  const folder = mkdtempSync(join(root, 'generated/generator-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const provider = JSON.stringify(`node ${join(inject('builtForRequire'), 'generator.js')}`)
  const text = schema.replaceAll('CACHE', `provider = ${provider}`)
  writeFileSync(join(folder, 'schema.prisma'), text)
  const prisma = require.resolve('prisma/build/index.js')
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [prisma, 'generate', ...only.flatMap((name) => ['--generator', name])],
    {
      cwd: folder,
      encoding: 'utf8',
      // Prisma would download an engine that generating does not use.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
    },
  )
  return { folder, text, status, output: `${stdout}${stderr}` }
}

/** The schema without its generators, with a client in JavaScript and the generator of the catalog. */
function withGenerators(schema: string, output = ''): string {
  const models = schema.replaceAll(/^generator \w+ \{[^}]*\}/gm, '')
  return `generator client {
  provider        = "prisma-client-js"
  output          = "client"
  previewFeatures = ["views"]
}
generator cache {
  CACHE
  ${output}
}
${models}`
}

/** Several random schemas as one, as generating takes a second whatever the size. */
function randomModels(provider: string): string {
  const schemas = Array.from({ length: 15 }, (_, n) => {
    const [schema] = fc.sample(randomSchemas(`R${n}`), { seed: seed + n, numRuns: 1 })
    return schema?.text
  })
  return `datasource db {\n provider = "${provider}"\n}\n${schemas.join('\n')}`
}

/** A schema with what is easily lost on the way. */
const odd = `datasource db {
  provider = "mysql"
}
/// Has "quotes", 'others', a \\\\ and \u2028.
/// @cache(ttl: "5m")
model A {
  id   Int    @id @default(autoincrement()) @map("the id")
  name String @default("it's \\\\ \\"x\\"") @db.VarChar(20)
  big  BigInt @default(9007199254740993)
  tags Json   @default("{\\"a\\": [1]}")
  at   DateTime @updatedAt
  bs   B[]
  cs   C[] @ignore
}
model B {
  a   Int
  b   String
  aId Int
  one A @relation(fields: [aId], references: [id], onDelete: Cascade) @ignore
  @@id([a, b], name: "both")
  @@map("the_bs")
}
model C {
  aId Int
  a   A @relation(fields: [aId], references: [id])
  @@ignore
}
view V {
  id Int @unique
}`

describe('the catalog that the generator writes', () => {
  const files = ['prisma', 'examples/conduit-api/prisma'].flatMap((folder) =>
    ['sqlite', 'postgresql'].map((provider) => `${folder}/${provider}/schema.prisma`),
  )

  it.each<readonly [string, () => string]>([
    ...files.map((file) => [file, () => readFileSync(join(root, file), 'utf8')] as const),
    ['random schemas on SQLite', () => randomModels('sqlite')],
    ['random schemas on PostgreSQL', () => randomModels('postgresql')],
    ['ignored fields, views and odd texts', () => odd],
  ])('is the same as that of the parsed schema: %s', (_, schemaOf) => {
    const { folder, text, output } = generate(
      withGenerators(schemaOf(), 'output = "own.cjs"'),
      'cache',
    )
    expect(output).toContain('own.cjs')
    const { catalog } = require(join(folder, 'own.cjs'))
    const generated = readGeneratedCatalog(catalog, undefined)
    expect(modelsOfClient(generated).length).toBeGreaterThan(1)
    expect(generated).toStrictEqual(parseSchema(text))
  })

  it('belongs to the client that is generated with it, and to no other', () => {
    const models = 'datasource db {\n provider = "sqlite"\n}\nmodel A {\n id Int @id\n}'
    const { folder } = generate(withGenerators(models))
    const { catalog } = require(join(folder, 'client-cache-catalog.cjs'))
    const { PrismaClient } = require(join(folder, 'client'))
    // It connects to no database until the first query.
    const client = new PrismaClient({ adapter: { provider: 'sqlite', adapterName: 'none' } })
    expect([...catalogOf(client, { catalog }).models.keys()]).toEqual(['A'])
    const later = generate(
      withGenerators(`${models}\nmodel B {\n id Int @id\n}`, 'output = "own.cjs"'),
      'cache',
    )
    const other = require(join(later.folder, 'own.cjs'))
    expect(() => client.$extends(cacheAside(other))).toThrow(
      "catalog: expected the catalog of this client's schema, got that of another schema",
    )
  })
})

describe('the generator', () => {
  const models = 'datasource db {\n provider = "sqlite"\n}\nmodel A {\n id Int @id\n}'
  const typescript = 'generator client {\n provider = "prisma-client"\n output = "out/client"\n'

  it('writes beside a client in TypeScript, before or after it, time and again', () => {
    const before = 'generator before {\n CACHE\n}'
    const { folder, status } = generate(`${before}\n${typescript}}\n${models}`)
    expect(status).toBe(0)
    const prisma = require.resolve('prisma/build/index.js')
    const again = spawnSync(process.execPath, [prisma, 'generate'], {
      cwd: folder,
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
    })
    expect(again.status).toBe(0)
    expect(readFileSync(join(folder, 'out/client-cache-catalog.ts'), 'utf8')).toContain(
      'export const catalog: {',
    )
  })

  it('writes where its output says, and tells Prisma', async () => {
    const own = 'generator cache {\n CACHE\n output = "lib/deep/own.mjs"\n}'
    const { folder, output } = generate(`${typescript}}\n${own}\n${models}`, 'cache')
    expect(output).toContain('lib/deep/own.mjs')
    const { catalog } = await import(join(folder, 'lib/deep/own.mjs'))
    expect([...readGeneratedCatalog(catalog, undefined).models.keys()]).toEqual(['A'])
    expect(existsSync(join(folder, 'lib/deep/own.d.mts'))).toBe(true)
  })

  it('refuses a schema without a client whose folder it knows, with what to write', () => {
    const { output, status } = generate(`generator cache {\n CACHE\n}\n${models}`)
    expect(status).toBe(1)
    expect(output).toContain(
      'generator cache: expected output = "../src/generated/cache-catalog.ts"',
    )
  })
})
