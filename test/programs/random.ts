import { inspect } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createDatabase, type Provider } from '../support/databases.js'
import { type Program, programs } from './program.js'
import { createWorld } from './run-program.js'

export const READS = Number(process.env.READS ?? 25_000)

const DEEPLY = { depth: null, maxArrayLength: null }

/** `SEED=... npx vitest run test/programs/random-sqlite.test.ts` repeats a run. */
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)

interface Variant {
  readonly what: string
  readonly reads: number
  readonly programs: fc.Arbitrary<Program>
  /** The share of reads that are to be answered without SQL, at least. */
  readonly withoutSql: number
}

const plainly: Variant = { what: 'random programs', reads: READS, programs, withoutSql: 0.25 }

export function testRandomPrograms(
  provider: Provider,
  { what, reads, programs, withoutSql }: Variant = plainly,
): void {
  it(`${reads} reads of ${what} answer as the plain client does, on ${provider}`, {
    timeout: 900_000,
  }, async () => {
    const database = await createDatabase(provider)
    const { run, tally } = createWorld(database)
    const started = Date.now()
    while (tally.reads < reads) {
      const from = seed + tally.reads
      let failed = false
      // Told at once: shrinking may take longer than whoever waits for it.
      const told = (program: Program) =>
        run(program).catch((error: unknown) => {
          if (!failed) console.error(`${provider}, seed ${from}:`, inspect(program, DEEPLY), error)
          failed = true
          throw error
        })
      await fc.assert(fc.asyncProperty(programs, told), {
        seed: from,
        numRuns: 20,
        interruptAfterTimeLimit: 60_000,
      })
    }
    await database.drop()
    const seconds = Math.round((Date.now() - started) / 1000)
    console.log(`${provider}:`, { seed, ...tally, seconds })
    expect(tally.withoutSql / tally.reads).toBeGreaterThan(withoutSql)
    expect(tally.written / tally.writes).toBeGreaterThan(0.2)
  })
}
