import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import { returning } from '../../src/plan/returning.js'
import { survey } from '../../src/plan/survey.js'
import type { TagId } from '../../src/plan/tag.js'
import { touchesOf } from '../../src/plan/touches-of-write.js'
import type { TrackedKeys } from '../../src/plan/tracked-keys.js'
import { keyReadsOf, keyWritesOf } from '../programs/keys.js'
import { addRows } from '../programs/rows.js'
import { type Call, writesOf } from '../programs/writes.js'
import { bounds, seed as firstSeed } from '../support/bounds.js'
import { type RandomSchema, randomSchemas } from './random-schema.js'
import { trackedOf } from './tracked-keys.js'

const WRITES = 400
/** In some schemas few writes succeed, or few change an answer. Then more are tried, up to this number. */
const MOST_WRITES = 10 * WRITES
/** More than this many writes must succeed, answers change, and unchanged answers stay valid. */
const ENOUGH = 10
const READS = 24

/** The schemas that are tried where too little happens. */
const MOST_SCHEMAS = 6

const root = join(import.meta.dirname, '../..')

type Client = Record<string, Record<string, (args: unknown) => Promise<unknown>>> & {
  $disconnect(): Promise<void>
}
type ModelCall = Exclude<Call, { sql: string }>

// If a write changes the answer of a read, the write touches a tag that the read depends on.
it.each(Array.from({ length: bounds.schemas }, (_, n) => n))(
  'every write touches a tag of each read that it changes, in a random schema (%i)',
  { timeout: 1_200_000 },
  async (index) => {
    for (let attempt = 0; attempt < MOST_SCHEMAS; attempt += 1) {
      const tally = await meet(`S${index}x${attempt}`, firstSeed + index + attempt * 1_000)
      if (isEnough(tally)) return
      // In some schemas hardly any row can be created, so that no write changes a read.
      console.log('in this schema too little happens; another one follows')
    }
    expect.fail(`in ${MOST_SCHEMAS} schemas too little happened`)
  },
)

interface Tally {
  written: number
  /** Answers that a write changed. */
  changed: number
  /** Answers that a write neither changed nor invalidated. */
  spared: number
}

const isEnough = ({ written, changed, spared }: Tally) =>
  [written, changed, spared].every((count) => count > ENOUGH)

/** Lets random reads meet random writes in the random schema of a seed. */
async function meet(prefix: string, seed: number): Promise<Tally> {
  const [schema] = fc.sample(randomSchemas(prefix), { seed, numRuns: 1 }) as [RandomSchema]
  addRows(schema.rows)
  const models = Object.keys(schema.rows)
  const { client, text } = await openDatabase(schema, prefix)
  const tracked = trackedOf(parseSchema(text), trackByOf(schema, `${prefix}M0`))
  const reads = fc.sample(keyReadsOf(models), { seed, numRuns: READS * 8 }) as ModelCall[]

  const tally: Tally = { written: 0, changed: 0, spared: 0 }
  const writes: ModelCall[] = []
  for (let at = 0; at < WRITES || (at < MOST_WRITES && !isEnough(tally)); at += 1) {
    if (at >= 2 * WRITES && tally.changed === 0) break
    if (at === writes.length) {
      writes.push(
        ...(fc.sample(fc.oneof(writesOf(models), keyWritesOf(models)), {
          seed: seed + at,
          numRuns: WRITES,
        }) as ModelCall[]),
      )
    }
    const write = writes[at] as ModelCall
    // The reads change every 40 writes, so that many reads meet many writes.
    const from = (Math.floor(at / 40) * READS) % reads.length
    const current = reads.slice(from, from + READS)
    // The reads run one by one: Prisma merges findUnique calls made at once, and then checks them less.
    const before: Answered[] = []
    for (const read of current) before.push(await answerOf(client, tracked, read))
    const touched = await apply(client, tracked, write)
    if (touched === undefined) continue
    tally.written += 1
    for (const [n, read] of current.entries()) {
      const { answer, dependencies } = before[n] as Answered
      // Errors are not stored, only answers are.
      if (dependencies.length === 0) continue
      const isTouched = dependencies.some((tag) => touched.has(tag))
      const after = await answerOf(client, tracked, read)
      if (isDeepStrictEqual(after.answer, answer)) {
        if (!isTouched) tally.spared += 1
        continue
      }
      tally.changed += 1
      const found = { seed, read, write, before: answer, after: after.answer }
      const details = JSON.stringify({ ...found, schema: schema.text }, print, 1)
      expect(isTouched, details).toBe(true)
    }
  }
  console.log(`schema ${prefix}, seed ${seed}:`, tally)
  return tally
}

/** Returns additional keys of one model, and the computed columns of all models. */
function trackByOf({ rows }: RandomSchema, model: string) {
  const all = Object.entries(rows).map(([name, { computed = [] }]) => {
    const more = name === model ? [['name'], ['rank', 'code']] : []
    return [name, [...more, ...computed.map((column) => [column])]] as const
  })
  return Object.fromEntries(all)
}

interface Answered {
  readonly answer: unknown
  readonly dependencies: readonly TagId[]
}

/** Runs the read, and returns its answer with the tags that an entry of it would depend on. */
async function answerOf(client: Client, tracked: TrackedKeys, read: ModelCall): Promise<Answered> {
  const { model, operation, args, fluent, fluentArgs } = structuredClone(read)
  const called = fluent === undefined ? args : { ...args, select: { [fluent]: fluentArgs ?? true } }
  const dataPath = fluent === undefined ? [] : ['select', fluent]
  const { dependencies } = survey({ tracked }, { model, operation, args: called, dataPath })
  let answer: unknown
  try {
    const promise = delegateOf(client, model)[operation]?.(structuredClone(args))
    const chained = promise as unknown as Record<string, (args?: unknown) => Promise<unknown>>
    answer = fluent === undefined ? await promise : await chained[fluent]?.(fluentArgs)
  } catch (error) {
    return { answer: { error: (error as { code?: string }).code }, dependencies: [] }
  }
  const { dropped, replaced, rows } = dependencies.narrow(answer)
  const gone = new Set([...dropped, ...replaced])
  const planned = [...dependencies.firm(), ...dependencies.wide()].map(({ id }) => id)
  return { answer, dependencies: [...planned.filter((id) => !gone.has(id)), ...rows] }
}

/** The tags that the write touched; undefined if the database refused it. */
async function apply(
  client: Client,
  tracked: TrackedKeys,
  { model, operation, args }: ModelCall,
): Promise<ReadonlySet<TagId> | undefined> {
  const query = { model, operation, args: structuredClone(args), dataPath: [] }
  const announced = touchesOf(tracked, query).map(({ name }) => name)
  const sent = returning(tracked, query, {})
  let result: unknown
  try {
    result = await delegateOf(client, model)[operation]?.(sent.args)
  } catch {
    return undefined
  }
  const touched = touchesOf(tracked, query, result)
  // The result may make the branch that did not run look as if it had touched more.
  const isBranching =
    operation === 'upsert' || /connectOrCreate|upsert/.test(JSON.stringify(args, print))
  for (const { name } of isBranching ? [] : touched) {
    // If the process crashes in between, readers of the tag must find a mark: on it, its family or its insert tag.
    const family = name.replace(/:.*/, '}')
    const insert = name.replace(/\{.*/, '{+}')
    const details = JSON.stringify({ name, announced, query, result }, print, 1)
    expect(
      announced.some((each) => [name, family, insert].includes(each)),
      details,
    ).toBe(true)
  }
  return new Set(touched.map(({ id }) => id))
}

function print(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}

function delegateOf(client: Client, model: string): Client[string] {
  return client[model.charAt(0).toLowerCase() + model.slice(1)] as Client[string]
}

/** Generates a client for the schema, and connects it to an empty SQLite database with its tables. */
async function openDatabase({ text }: RandomSchema, name: string) {
  const folder = join(root, 'generated/random', `${name}-${process.pid}`)
  const schema = `generator client {
  provider = "prisma-client-js"
  output   = "../client"
}

datasource db {
  provider = "sqlite"
}

${text}
`
  await mkdir(join(folder, 'sqlite'), { recursive: true })
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'sqlite/schema.prisma'), schema)
  const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js')
  await run(prisma, 'generate', '--schema', join(folder, 'sqlite/schema.prisma'))
  const tables = await run(join(root, 'prisma/diff.mjs'), 'sqlite', folder)
  const sql = tables.replaceAll('"slug" TEXT', '"slug" TEXT GENERATED ALWAYS AS ("name") VIRTUAL')
  const { PrismaClient } = createRequire(import.meta.url)(join(folder, 'client'))
  const adapter = new PrismaLibSql({ url: `file:${join(folder, 'test.db')}` })
  const connection = await adapter.connect()
  await connection.executeScript(sql)
  await connection.dispose()
  const client: Client = new PrismaClient({ adapter })
  onTestFinished(() => client.$disconnect())
  return { client, text: schema }
}

/** Runs a script, and returns what it prints. */
async function run(...args: string[]): Promise<string> {
  // Without this variable Prisma would download an engine that `generate` does not use.
  const env = {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
  }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stdout.on('data', (part) => (output += part))
  child.stderr.on('data', (part) => (errors += part))
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`${args[0]} failed: ${errors}`)
  return output
}
