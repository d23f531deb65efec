import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { bounds } from '../support/bounds.js'
import { createDatabase, type Database } from '../support/databases.js'
import { startTestServer, type TestServer } from '../testing/server.js'

/** Traffic lasts this long, and until enough has happened. */
const SECONDS = bounds.processSeconds
const ENOUGH = { reads: 300, writes: 30, kills: 2 }
/** This is longer than any test takes, in milliseconds, also on a machine that does other things. */
const LIMIT = SECONDS * 1_000 + 600_000
const ROWS = 4
/** The children's `writeDeadline`, and how far their clocks and ours may be apart, in milliseconds. */
const DEADLINE = 2_000
/** How long the others take to notice that a process is gone, and to repair: some beats, on a busy machine. */
const MARGIN = 2 * DEADLINE

type Logged =
  | { readonly kind: 'read'; row: number; started: number; version: number; title: string }
  | { readonly kind: 'acknowledged'; row: number; ended: number; version: number }

interface Message {
  readonly ready?: boolean
  readonly done?: Record<string, unknown>
  readonly failed?: string
  /** The time when the child's write was committed, or a little later. */
  readonly committed?: number
  readonly log?: readonly Logged[]
}

const now = () => Number(process.hrtime.bigint()) / 1e6

describe('processes that share a PostgreSQL and an Aerospike', () => {
  let database: Database
  let server: TestServer
  let children: ChildProcess[] = []
  let keyspace: string

  beforeEach(async () => {
    database = await createDatabase('postgresql')
    server = await startTestServer()
    keyspace = randomUUID()
    const { client } = database.connect()
    await client.user.create({ data: { id: 1, email: 'u1' } })
    await client.post.createMany({
      data: Array.from({ length: ROWS }, (_, n) => ({
        id: n + 1,
        title: 'committed',
        authorId: 1,
      })),
    })
  })

  afterEach(async () => {
    await Promise.all(children.map((child) => end(child)))
    children = []
    await database.drop()
    await server.stop()
  })

  async function end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  }

  async function start(): Promise<ChildProcess> {
    const args = [inject('built'), database.url, server.hosts, keyspace]
    const child = fork(join(import.meta.dirname, 'process-child.mjs'), args)
    children.push(child)
    const [message] = (await once(child, 'message')) as [Message]
    expect(message).toEqual({ ready: true })
    return child
  }

  async function tell(child: ChildProcess, command: object): Promise<Record<string, unknown>> {
    const answer = new Promise<Message>((resolve) => {
      child.on('message', (message: Message) => {
        if (message.done !== undefined || message.failed !== undefined) resolve(message)
      })
    })
    child.send(command)
    const { done, failed } = await answer
    if (failed !== undefined) throw new Error(failed)
    return done ?? {}
  }

  it('four, with 250 readers each of one cold, slow query, ask the database once', {
    timeout: LIMIT,
  }, async () => {
    await database.execute(
      'CREATE OR REPLACE VIEW "AuthorStats" AS SELECT "author_id" AS "authorId", CAST(COUNT(*) AS INTEGER) AS "posts" FROM "posts", pg_sleep(0.1) GROUP BY "author_id"',
    )
    const processes = await Promise.all(Array.from({ length: 4 }, start))
    const stampede = async () => {
      const command = { command: 'stampede', readers: 250 }
      const results = await Promise.all(processes.map((child) => tell(child, command)))
      return {
        statements: results.reduce((sum, { statements }) => sum + Number(statements), 0),
        answers: new Set(results.flatMap(({ answers }) => answers as string[])).size,
      }
    }
    expect(await stampede()).toEqual({ statements: 1, answers: 1 })
    await tell(processes[0] as ChildProcess, { command: 'touch' })
    expect(await stampede()).toEqual({ statements: 1, answers: 1 })
  })

  it('two, one of them killed between its commit and its settlement, read it after the deadline', {
    timeout: LIMIT,
  }, async () => {
    const [reader, writer] = [await start(), await start()]
    const cached = () => tell(reader, { command: 'read', row: 1 })
    expect((await cached()).views).toBe(0)
    const began = now()
    const committed = new Promise<number>((resolve) => {
      writer.on(
        'message',
        ({ committed }: Message) => committed !== undefined && resolve(committed),
      )
    })
    writer.send({ command: 'writeAndHang', row: 1 })
    // The write was announced between these two times, so that its deadline is as long after them.
    const [earliest, latest] = [began, await committed]
    await end(writer)
    const { views } = await cached()
    // Until the deadline either answer keeps the promise; this one shows that the cache is in use.
    if (now() < earliest + DEADLINE / 2) expect(views).toBe(0)
    await pause(Math.max(0, latest + DEADLINE + MARGIN - now()))
    expect((await cached()).views).toBe(1)
  })

  /** Starts the traffic of three processes; what they tell goes into one log. */
  async function startTraffic(log: Logged[], failures: string[]) {
    const run = async () => {
      const child = await start()
      child.on('message', (message: Message) => log.push(...(message.log ?? [])))
      tell(child, { command: 'traffic', rows: ROWS }).catch((error) => failures.push(String(error)))
      return child
    }
    return { run, running: await Promise.all([run(), run(), run()]) }
  }

  it('three, with readers and writers of few hot rows, never read what is older than acknowledged', {
    timeout: LIMIT,
  }, async () => {
    const log: Logged[] = []
    const failures: string[] = []
    const { running } = await startTraffic(log, failures)
    const until = now() + SECONDS * 1_000
    while (now() < until || !isEnough(log, failures)) await pause(50)
    await Promise.all(running.map(end))
    const { stale, reads, writes } = check(log)
    console.log('three processes:', { seconds: SECONDS, reads, writes, stale: stale.length })
    expect(failures).toEqual([])
    expect(stale).toEqual([])
  })

  it('three, one of them killed every second, read nothing stale once a write’s deadline has passed', {
    timeout: LIMIT,
  }, async () => {
    const log: Logged[] = []
    const failures: string[] = []
    const { run, running } = await startTraffic(log, failures)
    const { client } = database.connect()
    const truth: { row: number; at: number; version: number }[] = []
    const until = now() + SECONDS * 1_000
    let kills = 0
    let nextKill = now() + 1_000
    while (now() < until || kills < ENOUGH.kills || !isEnough(log, failures)) {
      const rows = await client.post.findMany({ where: { id: { lte: ROWS } } })
      for (const { id, views } of rows) truth.push({ row: id, at: now(), version: views })
      await pause(20)
      if (now() < nextKill) continue
      const victim = Math.floor(Math.random() * running.length)
      await end(running[victim] as ChildProcess)
      kills += 1
      running[victim] = await run()
      nextKill = now() + 1_000
    }
    await Promise.all(running.map(end))
    const { stale, reads, writes } = check(log, truth)
    console.log('three processes, killed:', { kills, reads, writes, stale: stale.length })
    expect(failures).toEqual([])
    expect(stale).toEqual([])
  })
})

/** Whether the test has seen enough, or something that fails it. */
function isEnough(log: readonly Logged[], failures: readonly string[]): boolean {
  const reads = log.filter(({ kind }) => kind === 'read').length
  const writes = log.length - reads
  return failures.length > 0 || (reads >= ENOUGH.reads && writes >= ENOUGH.writes)
}

/**
 * A read may not be older than a write acknowledged before it began, nor than what the database
 * itself said a write's deadline before; and it may not see what was rolled back.
 */
function check(
  log: readonly Logged[],
  truth: readonly { row: number; at: number; version: number }[] = [],
) {
  const reads = log.filter((event) => event.kind === 'read')
  const writes = log.filter((event) => event.kind === 'acknowledged')
  const bounds = [
    ...writes.map(({ row, ended, version }) => ({ row, from: ended, version })),
    ...truth.map(({ row, at, version }) => ({ row, from: at + DEADLINE + MARGIN, version })),
  ].sort((one, other) => one.from - other.from)
  const newest = new Map<number, number>()
  let next = 0
  const stale: unknown[] = []
  for (const read of [...reads].sort((one, other) => one.started - other.started)) {
    for (let bound = bounds[next]; bound && bound.from < read.started; bound = bounds[++next]) {
      newest.set(bound.row, Math.max(newest.get(bound.row) ?? 0, bound.version))
    }
    const atLeast = newest.get(read.row) ?? 0
    if (read.version < atLeast || read.title !== 'committed') stale.push({ ...read, atLeast })
  }
  return { stale, reads: reads.length, writes: writes.length }
}
