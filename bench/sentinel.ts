/*
 * What the sentinel adds to each statement: `npm run bench:sentinel`. The adapter answers at once, so that the
 * difference between the two is the sentinel's alone. Rounds alternate, and medians are printed, in
 * microseconds a statement.
 */
import { Effects } from '../src/prisma-client/effects.js'
import { type AdapterFactory, sentinelOf, type Watcher } from '../src/prisma-client/sentinel.js'

const STATEMENTS = 100_000
const ROUNDS = 9

function factory(): AdapterFactory {
  const answer = async () => ({ rows: [[1]] })
  return { connect: async () => ({ queryRaw: answer, executeRaw: async () => 1 }) }
}

const watcher: Watcher = {
  token: {},
  selectsMayWrite: false,
  effectOf: () => ({ models: new Set(['User']), mayCommit: false }),
  follow: () => ({
    announce: () => undefined,
    ready: async () => undefined,
    end: async () => undefined,
  }),
}
const watched = factory()
const sentinel = sentinelOf(watched)
sentinel?.add(watcher)
const connections = { plain: await factory().connect(), watched: await watched.connect() }

const select =
  'SELECT "public"."User"."id", "public"."User"."name" FROM "public"."User" WHERE "id" = $1'
const update = 'UPDATE "public"."User" SET "name" = $1 WHERE "id" = $2 RETURNING "id", "name"'
const announced = {
  token: watcher.token,
  effects: new Effects({ ready: async () => undefined }),
  covers: () => true,
}

type Run = (connection: (typeof connections)['plain']) => Promise<unknown>
const subjects: Readonly<Record<string, Run>> = {
  'a read': (connection) => connection.queryRaw({ sql: select }),
  'an announced write': (connection) =>
    connection === connections.watched && sentinel !== undefined
      ? sentinel.runAnnounced(announced, () => connection.queryRaw({ sql: update }))
      : connection.queryRaw({ sql: update }),
  'a write of the base client': (connection) => connection.queryRaw({ sql: update }),
}

async function time(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  for (let n = 0; n < STATEMENTS; n += 1) await run()
  return ((performance.now() - started) / STATEMENTS) * 1000
}

const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0

for (const [name, run] of Object.entries(subjects)) {
  const plain: number[] = []
  const seen: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    plain.push(await time(() => run(connections.plain)))
    seen.push(await time(() => run(connections.watched)))
  }
  const added = median(seen) - median(plain)
  console.log(`${name}: ${median(plain).toFixed(2)} us alone, ${added.toFixed(2)} us added`)
}
