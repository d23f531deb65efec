// Measures the CPU that the package costs when a process starts, with and without the generated catalog, in
// milliseconds: its import, after the client's; the first `$extends`; and one more `$extends`, as for a request.
//   npm run bench:cold-start
//   npm run bench:cold-start -- /tmp/before/index.js    # against another build of the package
import { spawnSync } from 'node:child_process'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const SIZES = [5, 30, 150]
const ROUNDS = 7
const root = join(import.meta.dirname, '..')
const packages = [join(root, 'dist/node/index.js'), ...process.argv.slice(2)]

/** A schema in which each model has a dozen fields and refers to two others. */
function schemaOf(size) {
  const models = Array.from({ length: size }, (_, n) => {
    const [one, other] = [(n + 1) % size, (n + 2) % size]
    return `/// Number ${n}.
model Model${n} {
  id        Int      @id @default(autoincrement())
  code      String   @unique @map("the_code")
  title     String
  body      String?
  price     Decimal  @default(0)
  isActive  Boolean  @default(true)
  createdAt DateTime @default(now())
  updatedAt DateTime @updatedAt
  oneId     Int
  one       Model${one} @relation("one${n}", fields: [oneId], references: [id], onDelete: Cascade)
  otherId   Int?
  other     Model${other}? @relation("other${n}", fields: [otherId], references: [id])
  ones      Model${(n + size - 1) % size}[] @relation("one${(n + size - 1) % size}")
  others    Model${(n + size - 2) % size}[] @relation("other${(n + size - 2) % size}")

  @@unique([oneId, title])
}`
  })
  return `generator client {
  provider = "prisma-client-js"
  output   = "client"
}
generator cache {
  provider = "node ${join(root, 'dist/cjs/generator.js')}"
}
datasource db {
  provider = "postgresql"
}
${models.join('\n')}
`
}

function generate(size) {
  const folder = join(root, 'generated/cold-start', String(size))
  const schema = join(folder, 'schema.prisma')
  mkdirSync(folder, { recursive: true })
  writeFileSync(schema, schemaOf(size))
  const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js')
  const { status, stderr } = spawnSync(process.execPath, [prisma, 'generate', '--schema', schema], {
    encoding: 'utf8',
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
  })
  if (status !== 0) throw new Error(stderr)
  return folder
}

/** One process: what it costs to import the package and to extend a client. */
const child = `
const [folder, path, way] = process.argv.slice(1)
const { PrismaClient } = require(folder + '/client')
const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000 }
const client = () => new PrismaClient({ adapter: { provider: 'postgres', adapterName: 'none' } })
const main = async () => {
  client().$extends({ query: { $allOperations: ({ args, query }) => query(args) } })
  const start = cpu()
  const { cacheAside, memory } = await import(path)
  const imported = cpu()
  const options = way === 'catalog' ? require(folder + '/client-cache-catalog.cjs') : {}
  const store = memory()
  const base = client()
  const before = cpu()
  base.$extends(cacheAside({ ...options, store }))
  const extended = cpu()
  const rss = process.memoryUsage().rss / 2 ** 20
  const N = 500
  for (let n = 0; n < 100; n += 1) base.$extends(cacheAside({ ...options, store }))
  const loop = performance.now()
  for (let n = 0; n < N; n += 1) base.$extends(cacheAside({ ...options, store }))
  const each = ((performance.now() - loop) / N) * 1000
  console.log(JSON.stringify({ import: imported - start, extend: extended - before, rss, each }))
  process.exit()
}
main()
`

const median = (numbers) => numbers.sort((one, other) => one - other)[numbers.length >> 1]

console.log(
  '| models | package | way | import, ms | first $extends, ms | one more, us | memory, MB |',
)
console.log('| ---: | --- | --- | ---: | ---: | ---: | ---: |')
for (const size of SIZES) {
  const folder = generate(size)
  const catalog = statSync(join(folder, 'client-cache-catalog.cjs')).size
  for (const path of packages) {
    const isBuilt = path === packages[0]
    for (const way of isBuilt ? ['schema', 'catalog'] : ['schema']) {
      const rounds = Array.from({ length: ROUNDS }, () => {
        const args = ['-e', child, folder, path, way]
        const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
        if (stdout === '') throw new Error(stderr)
        return JSON.parse(stdout)
      })
      const of = (name) =>
        median(rounds.map((round) => round[name])).toFixed(name === 'rss' ? 0 : 1)
      const label = isBuilt
        ? way === 'catalog'
          ? `catalog of ${(catalog / 1024).toFixed(0)} kB`
          : 'parsed schema'
        : 'parsed schema'
      console.log(
        `| ${size} | ${isBuilt ? 'dist' : path} | ${label} | ${of('import')} | ${of('extend')} | ${of('each')} | ${of('rss')} |`,
      )
    }
  }
}
