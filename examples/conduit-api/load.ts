// Measures the API under load, without the cache and with it, side by side: npm run example:load
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon, { type Request, type Result } from 'autocannon'
import { openDatabase } from './src/database.js'
import { seed } from './src/seed.js'

const ARTICLES = 300
const CONNECTIONS = 16
const WARM_UP_SECONDS = 2
const ROUNDS = 4
const SECONDS_PER_ROUND = 2

interface Stats {
  readonly statements: number
  /** The CPU time of the API's process, in milliseconds. */
  readonly cpu: number
  readonly hits: number
  readonly misses: number
}

const folder = await mkdtemp(join(tmpdir(), 'conduit-load-'))
const seeded = join(folder, 'seeded.db')
const { client } = await openDatabase(`file:${seeded}`)
await seed(client, ARTICLES)
await client.$disconnect()

const off = await subject('off')
const on = await subject('on')
// The rounds alternate, because the speed of a machine changes when other programs use it.
for (let round = 1; round <= ROUNDS; round += 1) for (const { run } of [off, on]) await run()
const [without, cached] = [await off.end(), await on.end()]
await rm(folder, { recursive: true })

console.log('| | cache off | cache on |\n| --- | ---: | ---: |')
for (const name of Object.keys(without)) {
  console.log(`| ${name} | ${without[name]} | ${cached[name]} |`)
}

async function subject(cache: 'on' | 'off') {
  // Each subject has a copy of the database, so that it does not see the writes of the other.
  const file = join(folder, `${cache}.db`)
  await copyFile(seeded, file)
  const { server, url } = await start({ CACHE: cache, DATABASE_URL: `file:${file}` })
  const token = await logIn(url)
  const random = randomFrom(7)
  const drive = (duration: number) =>
    autocannon({
      url,
      connections: CONNECTIONS,
      duration,
      // Autocannon keeps the properties of the last request, so each request sets all of them.
      requests: [{ setupRequest: (request) => ({ ...request, ...next(random, token) }) }],
    })
  await drive(WARM_UP_SECONDS)
  const before = await statsOf(url)
  const results: Result[] = []
  return {
    async run() {
      results.push(await drive(SECONDS_PER_ROUND))
    },
    async end() {
      const after = await statsOf(url)
      server.kill()
      await once(server, 'exit')
      return summary(before, after, results)
    },
  }
}

function summary(before: Stats, after: Stats, results: readonly Result[]): Record<string, string> {
  const failed = results.reduce((sum, { errors, non2xx }) => sum + errors + non2xx, 0)
  if (failed > 0) throw new Error(`${failed} requests failed or were refused`)
  const requests = results.reduce((sum, { requests }) => sum + requests.total, 0)
  const median = (of: (result: Result) => number) =>
    results.map(of).sort((one, other) => one - other)[results.length >> 1]
  const hits = after.hits - before.hits
  const misses = after.misses - before.misses
  return {
    'requests per second': Math.round(requests / (ROUNDS * SECONDS_PER_ROUND)).toLocaleString('en'),
    'p50, ms (median of the rounds)': `${median(({ latency }) => latency.p50)}`,
    'p99, ms (median of the rounds)': `${median(({ latency }) => latency.p99)}`,
    'CPU per request, ms': ((after.cpu - before.cpu) / requests).toFixed(2),
    'SQL statements per request': ((after.statements - before.statements) / requests).toFixed(2),
    'hit ratio': hits + misses === 0 ? 'none' : `${((100 * hits) / (hits + misses)).toFixed(1)} %`,
  }
}

/**
 * Starts the API in a separate process, so that the API and the load do not wait for each other.
 */
async function start(env: Record<string, string>) {
  const server: ChildProcess = fork(new URL('src/main.ts', import.meta.url), {
    env: { ...process.env, AEROSPIKE_HOSTS: '', PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [ready] = (await Promise.race([
    once(server, 'message'),
    once(server, 'exit').then(() => {
      throw new Error('the API did not start')
    }),
  ])) as [{ readonly port: number }]
  return { server, url: `http://127.0.0.1:${ready.port}` }
}

async function logIn(url: string): Promise<string> {
  const user = { email: 'ann@example.org', password: 'conduit' }
  const response = await fetch(`${url}/api/users/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user }),
  })
  return ((await response.json()) as { user: { token: string } }).user.token
}

async function statsOf(url: string): Promise<Stats> {
  return (await (await fetch(`${url}/stats`)).json()) as Stats
}

/**
 * Draws the next request: 96 of 100 requests read, and a third of these are by a logged-in user.
 */
function next(random: () => number, token: string): Request {
  const headers = { Authorization: `Token ${token}` }
  const slug = `article-${popular(random, ARTICLES)}`
  const isKnown = random() < 1 / 3
  const read = (path: string): Request => ({
    method: 'GET',
    path: `/api${path}`,
    body: '',
    headers: isKnown ? headers : {},
  })
  const write = (method: 'POST' | 'PUT' | 'DELETE', path: string, body: object): Request => ({
    method,
    path: `/api${path}`,
    body: JSON.stringify(body),
    headers: { ...headers, 'Content-Type': 'application/json' },
  })
  const dice = random() * 100
  if (dice < 45) return read(`/articles/${slug}`)
  if (dice < 65) return read(`/articles?offset=${20 * (popular(random, 5) - 1)}`)
  if (dice < 73) return read('/articles?tag=caching')
  if (dice < 81) return read('/articles?author=bob')
  if (dice < 90) return read(`/articles/${slug}/comments`)
  if (dice < 93) return read('/profiles/cleo')
  if (dice < 96) return read('/tags')
  if (dice < 97) return write('POST', `/articles/${slug}/comments`, { comment: { body: 'Yes' } })
  if (dice < 98) return write('POST', `/articles/${slug}/favorite`, {})
  if (dice < 99) return write('DELETE', `/articles/${slug}/favorite`, {})
  // Every third article belongs to Ann.
  const own = `article-${3 * Math.ceil(popular(random, ARTICLES) / 3)}`
  return write('PUT', `/articles/${own}`, { article: { description: `${random()}` } })
}

/** Draws a number from 1 to `count`, where n has a probability of roughly 1/n. */
function popular(random: () => number, count: number): number {
  return Math.min(count, Math.floor((count + 1) ** random()))
}

/**
 * A random number generator (mulberry32). Both subjects use the same seed, so they get equal
 * requests.
 */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
