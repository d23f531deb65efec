import { inspect } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bounds, seed } from '../support/bounds.js'
import { createDatabase, type Provider } from '../support/databases.js'
import { type Program, programs } from './program.js'
import { connectClients, createWorld } from './run-program.js'

const DEEPLY = { depth: null, maxArrayLength: null }
const MINUTES = 60_000
/** Long enough for every bound on a machine that does other things, too. */
const LIMIT = 25 * MINUTES
/** How long a program that found a difference is made shorter. */
const SHRINKING = 1 * MINUTES

interface Variant {
  readonly what: string
  readonly reads: number
  readonly programs: fc.Arbitrary<Program>
  /** The share of reads that must be answered without SQL, at least. */
  readonly withoutSql: number
}

const plainly: Variant = {
  what: 'random programs',
  reads: bounds.reads,
  programs,
  withoutSql: 0.25,
}

export function testRandomPrograms(
  provider: Provider,
  { what, reads, programs, withoutSql }: Variant = plainly,
): void {
  it(`${reads} reads of ${what} answer as the plain client does, on ${provider}`, {
    timeout: LIMIT + SHRINKING + 2 * MINUTES,
  }, async ({ signal: ofTest }) => {
    const database = await createDatabase(provider)
    const { run, tally } = createWorld(connectClients(database))
    const started = Date.now()
    const limit = AbortSignal.any([ofTest, AbortSignal.timeout(LIMIT)])
    for (let n = 0; tally.reads < reads; n += 1) {
      await check(provider, programs, seed + n, run, limit)
      if (limit.aborted) throw new Error(`only ${tally.reads} reads in ${LIMIT / MINUTES} minutes`)
    }
    await database.drop()
    const seconds = Math.round((Date.now() - started) / 1000)
    console.log(`${provider}:`, { seed, ...tally, seconds })
    expect(tally.withoutSql / tally.reads).toBeGreaterThan(withoutSql)
    expect(tally.written / tally.writes).toBeGreaterThan(0.2)
  })
}

/**
 * Runs the program of a seed, and where it finds a difference, ever shorter ones.
 *
 * The limit is ours: fast-check's `interruptAfterTimeLimit` would only stop waiting for a program,
 * which would go on writing to the database of the next one. Here a program that is too late ends
 * before its next step, is waited for, and counts as one without a difference.
 *
 * @throws the shortest program that found a difference, if any did.
 */
async function check(
  provider: Provider,
  programs: fc.Arbitrary<Program>,
  seed: number,
  run: (program: Program, signal: AbortSignal) => Promise<void>,
  limit: AbortSignal,
): Promise<void> {
  let signal = limit
  let hasFailed = false
  const property = fc.asyncProperty(programs, async (program) => {
    if (signal.aborted) return
    try {
      await run(program, signal)
    } catch (error) {
      if (signal.aborted && error === signal.reason) return
      if (!hasFailed) {
        // This is printed before it is made shorter, for readers who do not wait for that.
        console.error(`${provider}, SEED=${seed}:`, inspect(program, DEEPLY), error)
        hasFailed = true
        signal = AbortSignal.any([limit, AbortSignal.timeout(SHRINKING)])
      }
      throw error
    }
  })
  await fc.assert(property, { seed, numRuns: 1 })
}
