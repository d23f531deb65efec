import { deepStrictEqual } from 'node:assert'
import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'
import type { PrismaClient } from '../../generated/sqlite/client/client.js'
import { cacheAside } from '../../src/index.js'
import type { Store } from '../../src/store/store.js'
import type { Connection, Database, Provider } from '../support/databases.js'
import { sharedMemory } from '../support/shared-memory.js'
import type { Program, Step } from './program.js'
import { trackBy } from './rows.js'
import type { Call } from './writes.js'

const models = {
  AuthorStats: { dependsOn: ['Post'] },
  TagStats: { dependsOn: ['Tag'] },
  ...Object.fromEntries(
    Object.entries(trackBy).map(([model, fields]) => [model, { trackBy: fields }]),
  ),
}

/** What the runs of a test have shown so far. */
export interface Tally {
  reads: number
  /** Of the reads, those that were answered without SQL. */
  withoutSql: number
  writes: number
  /** Of the writes, those that were not refused. */
  written: number
}

export const emptyTally = (): Tally => ({ reads: 0, withoutSql: 0, writes: 0, written: 0 })

type Extension = (options: { store: Store; models: object }) => ReturnType<typeof cacheAside>

/** A database's clients, which worlds share one after the other, as each compiles its queries. */
export interface Clients {
  readonly database: Database
  readonly plain: Connection
  readonly cached: readonly [Connection, Connection]
}

export function connectClients(database: Database): Clients {
  return {
    database,
    plain: database.connect(),
    cached: [database.connect(), database.connect()],
  }
}

/** Two clients with the extension, and a plain one that knows the truth. */
export interface World {
  /**
   * Runs one program to its end; one at a time, as all begin with the same rows.
   *
   * @param signal ends the program before its next step.
   * @throws a `Difference`, or the reason of the signal.
   */
  run(program: Program, signal: AbortSignal): Promise<void>
  readonly tally: Tally
}

/** @param extension the real one, or one with a defect that the programs must find. */
export function createWorld(
  { database, plain, cached }: Clients,
  extension: Extension = cacheAside as Extension,
): World {
  const initial = initialRows(database.provider)
  const tally = emptyTally()
  return {
    tally,
    async run(program, signal) {
      await database.execute(initial)
      // What a run of thousands of programs has sent is of no use, and of much weight.
      for (const { statements } of [plain, ...cached]) statements.length = 0
      const announced = { count: 0 }
      const store = counting(sharedMemory(), announced)
      const { options = [{}, {}] } = program.policies ?? {}
      const extend = ({ client, statements }: Connection, given: object): Cached => ({
        base: client,
        client: redirecting(client).$extends(
          extension({ ...given, store, models }),
        ) as unknown as PrismaClient,
        statements,
      })
      const clients = [extend(cached[0], options[0]), extend(cached[1], options[1])] as const
      const errors: unknown[] = []
      for (const { client } of clients) {
        ;(client as unknown as ReturnType<typeof withCache>).$cache.on('error', (e) =>
          errors.push(e),
        )
      }
      const run: Run = { program, plain: plain.client, clients, tally, database, announced }
      try {
        for (const step of program.steps) {
          signal.throwIfAborted()
          await runStep(run, step)
        }
      } finally {
        // What is read again in the background must not meet the next program.
        if (program.policies !== undefined) {
          for (const { client } of clients) await client.$disconnect()
        }
      }
      deepStrictEqual(errors, [])
    },
  }
}

declare const prisma: PrismaClient
const withCache = () => prisma.$extends(cacheAside())

interface Cached {
  readonly base: PrismaClient
  readonly client: PrismaClient
  readonly statements: readonly string[]
}

interface Run {
  readonly program: Program
  readonly plain: PrismaClient
  readonly clients: readonly [Cached, Cached]
  readonly tally: Tally
  readonly database: Database
  /** How often a write was announced to the store. */
  readonly announced: { count: number }
}

/** The store, with a count of the announcements of writes. */
function counting(
  { board, ...store }: ReturnType<typeof sharedMemory>,
  announced: { count: number },
): Store {
  return {
    ...store,
    board: {
      ...board,
      intend(intent, text) {
        announced.count += 1
        return board.intend(intent, text)
      },
    },
  }
}

const isRedirected = new AsyncLocalStorage<boolean>()

/** A client that sends writes through the base client while `isRedirected` says so. */
function redirecting(base: PrismaClient) {
  return base.$extends({
    query: {
      $allModels: {
        async $allOperations({ model, operation, args, query }) {
          if (isRedirected.getStore() !== true || /^(find|count|aggregate|group)/.test(operation)) {
            return query(args)
          }
          return call(base, { model, operation, args } as Call)
        },
      },
    },
  })
}

async function runStep(run: Run, step: Step): Promise<void> {
  const { client, base } = run.clients[step.client]
  switch (step.do) {
    case 'read':
      return compare(run, step.read, step.client)
    case 'write':
      if (await writeVia(run, step)) await compareAll(run, step.client)
      return
    case 'race':
      await allEnded([
        write(run, client, step.write),
        ...step.reads.flatMap((read) =>
          run.clients.map((cached) => outcomeOf(() => call(cached.client, cachedRead(run, read)))),
        ),
      ])
      for (const read of step.reads) await compare(run, read, 0)
      return
    case 'batch':
      run.tally.writes += 1
      await (step.via === 'base' ? base : client)
        .$transaction(
          step.writes.map((each, index) =>
            call(step.via === 'earlier' && index % 2 === 1 ? base : client, each),
          ) as never,
        )
        .then(() => (run.tally.written += 1), ignore)
      return compareAll(run, step.client)
    case 'interactive':
      return interactive(run, step.via === 'base' ? base : client, step)
  }
}

/** Runs a write by the one who sends it. */
async function writeVia(run: Run, step: Extract<Step, { do: 'write' }>): Promise<boolean> {
  const { client, base } = run.clients[step.client]
  if (step.via === 'base') return write(run, base, step.write)
  if (step.via === 'earlier') {
    return isRedirected.run(true, () => write(run, client, step.write))
  }
  // Nobody waits for the intent of a transaction that was rolled back.
  await new Promise((resolve) => setImmediate(resolve))
  const before = run.announced.count
  const isWritten = await write(run, client, step.write)
  // The sentinel announces statements whose tables are not among those of the plan.
  if (run.announced.count > before + 1) {
    throw new Difference(`a table was written that is not in the plan: ${inspect(step.write)}`)
  }
  return isWritten
}

/** Waits for all of them, also where one fails: nothing of a program may outlive it. */
async function allEnded(promises: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(promises)
  await Promise.all(promises)
}

async function interactive(
  run: Run,
  client: PrismaClient,
  step: Extract<Step, { do: 'interactive' }>,
): Promise<void> {
  run.tally.writes += 1
  const body = async (tx: Parameters<Parameters<PrismaClient['$transaction']>[0]>[0]) => {
    for (const each of step.writes) await call(tx, each)
    // SQLite has one writer, and PostgreSQL refuses statements after one that failed.
    await tx
      .$transaction(async (inner: typeof tx) => {
        for (const each of step.undone) await call(inner, each)
        throw new Undone()
      })
      .catch((error: unknown) => {
        if (!(error instanceof Undone)) throw error
      })
    if (run.database.provider === 'postgresql') {
      for (const read of step.beside) await compare(run, read, 1)
    }
    if (step.end === 'throw') throw new Undone()
  }
  await client.$transaction(body as never).then(() => (run.tally.written += 1), rethrowDifference)
  return compareAll(run, step.client)
}

class Undone extends Error {}

/** Its result is the plain client's: on SQLite, where a rollback takes back the ids that were given, it is asked first. */
async function write(run: Run, client: PrismaClient, each: Call): Promise<boolean> {
  run.tally.writes += 1
  const expected = run.database.provider === 'sqlite' ? await rehearsed(run.plain, each) : undefined
  const outcome = await outcomeOf(() => call(client, each))
  if ('value' in outcome) run.tally.written += 1
  // Whether it is refused, and why first, may differ inside a transaction.
  if (expected !== undefined && 'value' in expected && 'value' in outcome) {
    // The rows of a createManyAndReturn come in any order, and so do the ids that they get.
    const { value: rows } = expected
    const isUnordered =
      Array.isArray(rows) && 'operation' in each && each.operation.startsWith('create')
    if (isUnordered) expectSame(each, columnsOf(outcome.value), columnsOf(rows))
    else expectSame(each, outcome, expected)
  }
  return 'value' in outcome
}

/** The outcome of a write that leaves nothing behind, unless no transaction could be had in time. */
async function rehearsed(plain: PrismaClient, each: Call): Promise<Outcome | undefined> {
  let outcome: Outcome | undefined
  const body = async (tx: Parameters<Parameters<PrismaClient['$transaction']>[0]>[0]) => {
    outcome = await outcomeOf(() => call(tx, each))
    throw new Undone()
  }
  await plain.$transaction(body as never).catch(ignore)
  return outcome
}

async function compareAll(run: Run, first: 0 | 1): Promise<void> {
  for (const index of run.program.reads.keys()) await compare(run, index, first)
}

/** The truth about a read, asked of both clients, is what the plain client answers. */
async function compare(run: Run, index: number, first: 0 | 1): Promise<void> {
  const read = poolRead(run, index)
  const outcomes: Outcome[] = []
  for (const which of [first, 1 - first] as (0 | 1)[]) {
    const { client, statements } = run.clients[which]
    const before = statements.length
    const outcome = await outcomeOf(() => call(client, cachedRead(run, index)))
    run.tally.reads += 1
    if (statements.length === before && 'value' in outcome) run.tally.withoutSql += 1
    outcomes.push(outcome)
  }
  const truth = await outcomeOf(() => call(run.plain, read))
  for (const outcome of outcomes) expectSame(read, outcome, truth)
}

/** The same values, of the same types, under the same names in the same order. */
function expectSame(each: Call, outcome: unknown, truth: unknown): void {
  try {
    deepStrictEqual(outcome, truth)
    deepStrictEqual(namesIn(outcome), namesIn(truth))
  } catch (error) {
    throw new Difference(`${inspect(each, { depth: null })} ${(error as Error).message}`)
  }
}

function columnsOf(rows: unknown): unknown {
  return Array.isArray(rows) ? rows.map((row: object) => Object.keys(row)) : rows
}

function namesIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(namesIn)
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).map(([name, field]) => [name, namesIn(field)])
}

/** The cache answered otherwise than the database. */
export class Difference extends Error {}

function poolRead({ program }: Run, index: number): Call {
  return program.reads[index % program.reads.length] as Call
}

/** What the clients with the cache are asked. */
function cachedRead(run: Run, index: number): Call {
  const read = poolRead(run, index)
  const { caches } = run.program.policies ?? {}
  if (caches === undefined || 'sql' in read) return read
  return { ...read, args: { ...read.args, cache: caches[run.tally.reads % caches.length] } }
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** An error is an outcome too: `findUniqueOrThrow` of a row that is gone. */
async function outcomeOf(run: () => PromiseLike<unknown>): Promise<Outcome> {
  try {
    return { value: await run() }
  } catch (error) {
    if (error instanceof Difference) throw error
    return { error: (error as { code?: string }).code ?? (error as Error).name }
  }
}

function ignore(): void {}

function rethrowDifference(error: unknown): void {
  if (error instanceof Difference) throw error
}

/** Begins the call as an application would: `client.user.findMany(args)`. */
function call(client: object, each: Call): Promise<unknown> {
  if ('sql' in each) return (client as PrismaClient).$executeRawUnsafe(each.sql)
  const { model, operation, args, fluent, fluentArgs } = structuredCloneArgs(each)
  const delegate = (client as Record<string, Record<string, (args: object) => Promise<unknown>>>)[
    model.charAt(0).toLowerCase() + model.slice(1)
  ]
  const promise = delegate?.[operation]?.(args)
  if (promise === undefined) throw new Error(`no ${model}.${operation}`)
  if (fluent === undefined) return promise
  return (promise as unknown as Record<string, (args?: object) => Promise<unknown>>)[fluent]?.(
    fluentArgs,
  ) as Promise<unknown>
}

/** Prisma is given arguments of its own, as fast-check's values must stay as they are. */
function structuredCloneArgs(each: Exclude<Call, { sql: string }>): typeof each {
  return structuredClone(each)
}

/** The same few rows before every program, and as next ids those after theirs, which programs ask for, too. */
function initialRows(provider: Provider): string {
  const restart =
    provider === 'sqlite'
      ? 'DELETE FROM sqlite_sequence;'
      : SERIAL.map(
          (table) => `SELECT setval('"${table}_id_seq"', (SELECT max("id") FROM "${table}"));`,
        ).join('')
  return `BEGIN; ${TABLES.map((table) => `DELETE FROM "${table}";`).join('')} ${ROWS} ${restart} COMMIT;`
}

const ROWS = `
INSERT INTO "Team" ("id", "name") VALUES (1, 'red'), (2, 'red'), (3, 'blue');
INSERT INTO "Org" ("id", "name") VALUES (1, 'o1'), (2, 'o2');
INSERT INTO "Tag" ("id", "name") VALUES (1, 'n1'), (2, 'n2');
INSERT INTO "User" ("id", "email", "handle", "managerId")
  VALUES (1, 'u1', 'h1', NULL), (2, 'u2', 'h2', 1), (3, 'u3', NULL, 1);
INSERT INTO "_Follows" ("A", "B") VALUES (1, 2), (3, 1);
INSERT INTO "Profile" ("id", "bio", "userId") VALUES (2, 'x', 2);
INSERT INTO "posts" ("id", "title", "views", "author_id", "editor_id")
  VALUES (1, 't1', 1, 1, NULL), (2, 't1', 2, 2, 1), (3, 't2', 3, 3, NULL);
INSERT INTO "_PostToTag" ("A", "B") VALUES (1, 1), (2, 1), (2, 2);
INSERT INTO "Membership" ("userId", "orgId", "teamId") VALUES (1, 1, 1), (2, 1, 2), (3, 1, 3);
INSERT INTO "Badge" ("id", "label", "handle") VALUES (1, 'gold', 'h1'), (2, 'gold', 'h2'), (3, 'tin', NULL);
INSERT INTO "Comment" ("id", "body", "postId", "authorId") VALUES (1, 'c1', 1, 1), (2, 'c1', 1, 2), (3, 'c2', 2, 3);
INSERT INTO "Everything" ("id", "bigint", "decimal", "json") VALUES (1, 1, 1.5, '{"a":null}');
INSERT INTO "Peculiar" ("id", "short", "amount") VALUES (1, 'a', 1.1), (2, 'a', NULL), (3, 'a', NULL);
`

/** Rows that refer come before those referred to. */
const TABLES = [
  'Peculiar',
  'Everything',
  'Comment',
  'Badge',
  'Membership',
  '_PostToTag',
  '_Follows',
  'Profile',
  'posts',
  'User',
  'Tag',
  'Org',
  'Team',
]

const SERIAL = [
  'Peculiar',
  'Everything',
  'Comment',
  'Badge',
  'Profile',
  'posts',
  'User',
  'Tag',
  'Org',
]
