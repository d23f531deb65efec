// Prints the SQL that creates the schema of a provider from nothing, without the CLI's native engine:
//   node prisma/diff.mjs sqlite > prisma/sqlite/migrations/0001_init/migration.sql
//   node prisma/diff.mjs sqlite examples/conduit-api/prisma > migration.sql
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg'

const adapters = {
  sqlite: () => new PrismaLibSql({ url: ':memory:' }),
  postgresql: () => new PrismaPg({ connectionString: process.env.DATABASE_URL }),
}

const [provider, prismaFolder = import.meta.dirname] = process.argv.slice(2)
if (!(provider in adapters)) {
  throw new Error(`expected one of ${Object.keys(adapters).join(', ')}, got ${provider}`)
}
const path = join(prismaFolder, provider, 'schema.prisma')
const content = readFileSync(path, 'utf8')

const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'))
const { instance } = await WebAssembly.instantiate(
  readFileSync(join(folder, 'schema_engine_bg.wasm')),
  { './schema_engine_bg.js': engine },
)
engine.__wbg_set_wasm(instance.exports)
instance.exports.__wbindgen_start()

const schema = await engine.SchemaEngine.new(
  { datamodels: [[path, content]] },
  () => undefined,
  bindMigrationAwareSqlAdapterFactory(adapters[provider]()),
)
const { stdout } = await schema.diff({
  from: { tag: 'empty' },
  to: { tag: 'schemaDatamodel', files: [{ path, content }] },
  script: true,
  exitCode: null,
  shadowDatabaseUrl: null,
  filters: { externalTables: [], externalEnums: [] },
})
process.stdout.write(stdout)
