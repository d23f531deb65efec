// Measures the share of reads that the cache answers, with whole models and with rows as
// dependencies, against the largest possible share. README.md in this folder explains it.
//   npm run bench:precision [file for the table]
import { writeFile } from 'node:fs/promises'
import { cacheAside, memory } from 'prisma-extension-cache-aside'
import type { PrismaClient } from '../examples/conduit-api/generated/sqlite/client.js'
import { openBlog, type Size } from './blog.js'
import { type Call, randomFrom, traffic } from './traffic.js'

const SIZE: Size = { users: 1_000, articles: 10_000, comments: 30_000, tags: 100 }
const OPERATIONS = Number(process.env.OPERATIONS ?? 60_000)

/** The last answer to a query. */
interface Seen {
  readonly answer: string
  /** The models that the query reads. */
  readonly models: readonly string[]
  /**
   * The number of the operation at which a cache with whole models would have stored the answer.
   */
  readonly filledAt: number
}

const rows = ['reads/writes', 'whole models', 'rows', 'ceiling', 'rows relative to ceiling']
const table = [rows, rows.map(() => '---')]
for (const share of [0.05, 0.2]) table.push(await measure(share))
const text = table.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
console.log(text)
if (process.argv[2] !== undefined) await writeFile(process.argv[2], `${text}\n`)

async function measure(writeShare: number): Promise<string[]> {
  const blog = await openBlog(SIZE)
  const cached = blog.client.$extends(
    cacheAside({ store: memory({ maxEntries: 1_000_000, maxBytes: 4e9 }), ttl: '1h' }),
  )
  const asPrisma = cached as unknown as PrismaClient
  const random = randomFrom(7)
  const { readCall, writeCall } = traffic(SIZE, random)
  const seen = new Map<string, Seen>()
  const modelTouchedAt = new Map<string, number>()
  const hits = { model: 0, row: 0, ceiling: 0 }
  const byName = new Map<string, { reads: number; row: number; ceiling: number }>()
  let isHit = false
  let reads = 0
  let now = 0
  cached.$cache.on('hit', () => {
    isHit = true
  })
  cached.$cache.on('invalidate', ({ tags }) => {
    for (const tag of tags) if (!tag.includes('{')) modelTouchedAt.set(tag, now)
  })

  for (let operation = 0; operation < OPERATIONS; operation += 1) {
    now += 1
    if (random() < writeShare) {
      await writeCall().run(asPrisma)
      continue
    }
    const call = readCall()
    const key = `${call.name}`
    isHit = false
    const answer = JSON.stringify(await call.run(asPrisma))
    const truth = JSON.stringify(await call.run(blog.client))
    if (answer !== truth)
      throw new Error(`${key}: the cache answered ${answer}, the database ${truth}`)
    const before = seen.get(key)
    const kind = key.split(' ')[0] as string
    const counts = byName.get(kind) ?? { reads: 0, row: 0, ceiling: 0 }
    byName.set(kind, counts)
    reads += 1
    counts.reads += 1
    if (isHit) {
      hits.row += 1
      counts.row += 1
    }
    if (before?.answer === truth) {
      hits.ceiling += 1
      counts.ceiling += 1
    }
    const { models, filledAt } = before ?? { models: await modelsOf(cached, call), filledAt: 0 }
    const isModelHit = models.every((model) => (modelTouchedAt.get(model) ?? 0) < filledAt)
    if (isModelHit) hits.model += 1
    seen.set(key, { answer: truth, models, filledAt: isModelHit ? filledAt : now })
  }
  await blog.remove()
  for (const [name, counts] of byName) {
    console.log(
      `${name}: ${counts.reads} reads, row ${percent(counts.row / counts.reads)}, ceiling ${percent(counts.ceiling / counts.reads)}`,
    )
  }
  const ratio = (count: number) => percent(count / reads)
  return [
    `${100 - writeShare * 100}/${writeShare * 100}`,
    ratio(hits.model),
    ratio(hits.row),
    ratio(hits.ceiling),
    percent(hits.row / hits.ceiling),
  ]
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** Returns the models that a query reads. */
async function modelsOf(
  client: {
    $cache: {
      explain(query: () => PromiseLike<unknown>): Promise<{ tags: readonly { name: string }[] }>
    }
  },
  call: Call,
): Promise<readonly string[]> {
  const { tags } = await client.$cache.explain(() => call.run(client as never))
  return [...new Set(tags.map(({ name }) => name.replace(/\{.*/, '')))]
}
