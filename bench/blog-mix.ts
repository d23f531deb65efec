// Runs the traffic of the precision benchmark on PostgreSQL, with 95 % reads.
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient as PostgresClient } from '../examples/conduit-api/generated/postgresql/client.js'
import type { PrismaClient } from '../examples/conduit-api/generated/sqlite/client.js'
import { fillBlog, type Size } from './blog.js'
import { type Call as Measured, throughputs } from './measure.js'
import { rounded, type Table } from './report.js'
import type { Servers } from './servers.js'
import { subjectsOf } from './subjects.js'
import { randomFrom, traffic, writes } from './traffic.js'

const SIZE: Size = { users: 500, articles: 2_000, comments: 6_000, tags: 50 }
const WRITE_SHARE = 0.05
const CHECKED_CALLS = 3_000

/**
 * Sends calls one at a time and compares each answer with the database's answer. Then it measures
 * how many calls per second are possible.
 */
export async function blogMix(servers: Servers): Promise<Table> {
  const migrations = join(
    import.meta.dirname,
    '../examples/conduit-api/prisma/postgresql/migrations',
  )
  const checked = new Map<string, Checked>()
  const calls = new Map<string, Measured>()
  const closing: (() => Promise<unknown>)[] = []
  for (let index = 0, count = 1; index < count; index += 1) {
    // Each subject has a database of its own, so that it does not see the writes of the others.
    const connectionString = await servers.database(migrations)
    const adapter = new PrismaPg({ connectionString, max: 20 })
    const statements = { count: 0 }
    const connect = () => {
      const client = new PostgresClient({ adapter, log: [{ emit: 'event', level: 'query' }] })
      client.$on('query', () => {
        statements.count += 1
      })
      return client
    }
    const truth = new PostgresClient({ adapter }) as unknown as PrismaClient
    await fillBlog(truth, SIZE)
    const subjects = await subjectsOf(servers, connect)
    count = subjects.length
    const subject = subjects[index] as (typeof subjects)[number]
    const client = subject.client as unknown as PrismaClient
    const random = randomFrom(7)
    const { readCall, writeCall } = traffic(SIZE, random)
    const next = () => (random() < WRITE_SHARE ? writeCall() : readCall())
    checked.set(subject.name, await check(client, truth, next, statements))
    calls.set(subject.name, () => next().run(client))
    closing.push(() => Promise.all([truth.$disconnect(), ...subjects.map(({ close }) => close())]))
  }
  const rates = await throughputs(calls, 32, { rounds: 3, duration: 1_000 })
  for (const close of closing) await close()
  return {
    title: `A blog, ${100 - WRITE_SHARE * 100} % reads (${CHECKED_CALLS.toLocaleString('en-US')} calls that begin with an empty cache; each answer is compared with the database)`,
    columns: [
      '',
      'calls/s, 32 concurrent',
      'CPU us per call',
      'SQL per call',
      'reads without SQL',
      'wrong answers',
    ],
    rows: Array.from(checked, ([name, { statements, withoutSql, wrong }]) => {
      const { rate = 0, cpu = 0 } = rates.get(name) ?? {}
      const share = `${(withoutSql * 100).toFixed(1)} %`
      return [name, rounded(rate), rounded(cpu), statements.toFixed(2), share, String(wrong)]
    }),
  }
}

interface Checked {
  readonly statements: number
  readonly withoutSql: number
  readonly wrong: number
}

async function check(
  client: PrismaClient,
  truth: PrismaClient,
  next: () => { name: string; run(client: PrismaClient): PromiseLike<unknown> },
  statements: { count: number },
): Promise<Checked> {
  const counts = { reads: 0, withoutSql: 0, wrong: 0 }
  const started = statements.count
  for (let call = 0; call < CHECKED_CALLS; call += 1) {
    const { name, run } = next()
    const before = statements.count
    const answer = await run(client)
    if (writes.has(name)) continue
    counts.reads += 1
    if (statements.count === before) counts.withoutSql += 1
    if (JSON.stringify(answer) !== JSON.stringify(await run(truth))) counts.wrong += 1
  }
  return {
    statements: (statements.count - started) / CHECKED_CALLS,
    withoutSql: counts.withoutSql / counts.reads,
    wrong: counts.wrong,
  }
}
