/** Whether this is `npm run test:long`. */
const isLong = process.env.LONG === '1'

/** `SEED=...` repeats a random run; test/README.md says how. */
export const seed = numberIn('SEED') ?? Date.now() % 2 ** 31

/**
 * The amount of work in each suite that could go on without end. Every property and every mutant is in both
 * runs; `npm run test:long` does more of each.
 */
export const bounds = {
  /** The reads of a suite of random programs; with random policies a quarter of that. */
  reads: numberIn('READS') ?? (isLong ? 25_000 : 6_000),
  /** The random programs of which one must find a mutant. */
  mutantPrograms: isLong ? 300 : 60,
  /** The seed of their first program, instead of the lucky one that each mutant has. */
  mutantSeed: numberIn('SEED'),
  /** The executions of each scenario of the model, in order and then at random. */
  model: model(),
  /** The random schemas whose reads and writes are compared. */
  schemas: numberIn('SCHEMAS') ?? (isLong ? 4 : 2),
  /** The seconds of traffic in each test with several processes. */
  processSeconds: numberIn('PROCESS_SECONDS') ?? (isLong ? 60 : 4),
  /** The increments that several clients make at once. */
  increments: isLong ? 4_000 : 1_000,
} as const

function model() {
  if (process.env.MODEL === 'full') return { everyScenario: true, executions: 5_000, random: 1_000 }
  if (isLong) return { everyScenario: true, executions: 150, random: 30 }
  return { everyScenario: false, executions: 150, random: 15 }
}

function numberIn(name: string): number | undefined {
  const value = process.env[name]
  return value === undefined || value === '' ? undefined : Number(value)
}
