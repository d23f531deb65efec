import { afterAll, expect, it, vi } from 'vitest'
import { explore, type Timers } from './model/explorer.js'
import { loadProtocol } from './model/protocol.js'
import { allScenarios, otherScenarios, read, scenario, write } from './model/scenario.js'
import { printTrace } from './model/trace.js'

const timers = vi.hoisted(() => ({ pause: () => Promise.resolve() }) as Timers)
vi.mock('node:timers/promises', () => ({ setTimeout: (ms: number) => timers.pause(ms) }))
vi.mock('../../src/next-turn.js', () => ({ nextTurn: () => timers.pause(0) }))

const isFull = process.env.MODEL === 'full'
const SEED = Number(process.env.MODEL_SEED ?? 1)
const bounds = isFull
  ? { executions: 5_000, random: 1_000, seed: SEED }
  : { executions: 400, random: 60, seed: SEED }

const totals = { executions: 0, exhaustive: 0, scenarios: 0 }

/** In `npm test`, two operations with all that may go wrong, and three with nothing. */
const scenarios = [...otherScenarios, ...allScenarios].filter(({ processes, faults }) => {
  const { length } = processes.flat()
  return isFull || length === 2 || (length === 3 && faults.length === 0)
})

it.each(scenarios.map((one) => [one.name, one] as const))(
  '%s',
  { timeout: 120_000 },
  async (_, one) => {
    const found = await explore(one, await loadProtocol(), timers, bounds)
    const { executions, states, isExhaustive, counterexample } = found
    totals.executions += executions
    totals.scenarios += 1
    if (isExhaustive) totals.exhaustive += 1
    const extent = isExhaustive ? 'exhaustive' : `the first ${bounds.executions}, then at random`
    console.log(`${one.name}: ${executions} executions, ${states} states, ${extent}`)
    if (counterexample) console.log(printTrace(counterexample.trace))
    expect(counterexample?.violation).toBeUndefined()
  },
)

afterAll(() => {
  const { executions, exhaustive, scenarios } = totals
  console.log(`${executions} executions; ${exhaustive} of ${scenarios} scenarios exhaustively`)
})

// What the promise does not cover, see `Ledger`: it must be found, or the excuse is not needed.
it.each([
  [
    'killed after a commit later than its deadline',
    scenario([[read('a')], [read('a')], [write('a')]], {
      warm: true,
      faults: ['crash', 'delay'],
      excuses: false,
    }),
  ],
  [
    'killed after its mark was lost',
    scenario([[read('a')], [read('a')], [write('a')]], {
      faults: ['crash', 'delay', 'loss'],
      excuses: false,
    }),
  ],
  [
    'in strict mode, not yet acknowledged, and its mark was lost',
    scenario([[read('a')], [read('a')], [write('a')]], {
      consistency: 'strict',
      warm: true,
      faults: ['loss'],
      excuses: false,
    }),
  ],
])('bound by nothing is a write that is %s', { timeout: 120_000 }, async (what, one) => {
  const found = await explore(one, await loadProtocol(), timers, {
    executions: 10_000,
    random: 20_000,
    seed: SEED,
  })
  console.log(`${what}: after ${found.executions} executions`)
  console.log(printTrace(found.counterexample?.trace ?? []))
  expect(found.counterexample?.violation).toMatch(/ stood when it began$/)
})
