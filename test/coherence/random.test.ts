import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDatabase, providers } from '../support/databases.js'
import { programs } from './program.js'
import { createWorld } from './run-program.js'

const READS = Number(process.env.READS ?? 20_000)

/** `SEED=... npx vitest run test/coherence/random.test.ts` repeats a run. */
const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)

describe.each(providers)('on %s', (provider) => {
  it(`answers ${READS} reads of random programs as the plain client does`, {
    timeout: 600_000,
  }, async () => {
    const database = await createDatabase(provider)
    const { run, tally } = createWorld(database)
    const started = Date.now()
    while (tally.reads < READS) {
      await fc.assert(fc.asyncProperty(programs, run), {
        seed: seed + tally.reads,
        numRuns: 20,
        interruptAfterTimeLimit: 60_000,
      })
    }
    await database.drop()
    console.log(provider, { seed, ...tally, seconds: (Date.now() - started) / 1000 })
    expect(tally.withoutSql / tally.reads).toBeGreaterThan(0.25)
    expect(tally.written / tally.writes).toBeGreaterThan(0.2)
  })
})
