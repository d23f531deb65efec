import { afterEach, expect, it, vi } from 'vitest'
import { type Counterexample, explore, type Timers } from './explorer.js'
import { type Mutant, mutants } from './mutants.js'
import { loadProtocol, type Protocol } from './protocol.js'
import { read, scenario, write } from './scenario.js'
import { spoilStore } from './spoil.js'
import { printTrace } from './trace.js'

const timers = vi.hoisted(() => ({ pause: () => Promise.resolve() }) as Timers)
const fakes = await vi.hoisted(async () => new (await import('../support/fakes.js')).Fakes())
vi.mock('node:timers/promises', () =>
  fakes.use('timers', { setTimeout: (ms: number) => timers.pause(ms) }),
)
vi.mock('../../src/event-loop/next-turn.js', () =>
  fakes.use('next turn', { nextTurn: () => timers.pause(0) }),
)
// A beat could come at any time and again and again. Here, processes beat only where the protocol needs it.
vi.mock('../../src/members/metronome.js', () =>
  fakes.use('metronome', {
    Metronome: class {
      start(): void {}
      stop(): void {}
    },
  }),
)
// The second settlement of a write whose outcome is unknown is for clocks that differ: here they do not.
vi.mock('../../src/write/later.js', () => fakes.use('later', { later: () => undefined }))

/** To find a counterexample in. */
const small = { executions: 3_000, random: 10_000, seed: 1 }
/** To try where several things may go wrong: `npm run model` covers all that follows. */
const wide = { executions: 1_000, random: 500, seed: 1 }
/** To cover every interleaving in. */
const large = { executions: 20_000, random: 0, seed: 1 }

const paths = {
  reader: '../../src/read/reader.js',
  narrowing: '../../src/read/narrowing.js',
  writer: '../../src/write/write.js',
  validity: '../../src/read/validity.js',
  store: '../../src/store/memory.js',
  member: '../../src/members/member.js',
  intents: '../../src/members/intents.js',
  announcement: '../../src/members/announcement.js',
}

afterEach(() => {
  for (const path of Object.values(paths)) vi.doUnmock(path)
  vi.resetModules()
})

async function loadMutant({ module, spoil }: Omit<Mutant, 'scenario'>): Promise<Protocol> {
  vi.resetModules()
  fakes.reset()
  vi.doMock(paths[module], async (importOriginal) =>
    fakes.use(module, spoil((await importOriginal()) as never)),
  )
  const protocol = await loadProtocol()
  fakes.assertUsed(module)
  return protocol
}

it.each(Object.entries(mutants))('a protocol that %s is found out', async (name, mutant) => {
  const found = await explore(mutant.scenario, await loadMutant(mutant), timers, small)
  print(
    `a protocol that ${name}, in ${mutant.scenario.name}`,
    found.executions,
    found.counterexample,
  )
  const violation = mutant.violation ?? / stood when it began$/
  expect(found.counterexample?.violation).toMatch(violation)
})

const scenarios = new Map(Object.values(mutants).map(({ scenario }) => [scenario.name, scenario]))

it.each([...scenarios])('in %s, the protocol itself is sound', async (_, one) => {
  vi.resetModules()
  const found = await explore(
    one,
    await loadProtocol(),
    timers,
    one.faults.length > 1 ? wide : large,
  )
  expect(found.counterexample).toBeUndefined()
  expect(found.isExhaustive || one.faults.length > 1).toBe(true)
})

it('without the comparison on fill an entry that stands is overwritten, which breaks no promise', async () => {
  const races = scenario([[read('a')], [read('a')], [write('a')]])
  const spoil = spoilStore((store) => ({
    async fill(key, entry, _, now) {
      return store.fill(key, entry, (await store.lookup(key, [])).generation, now)
    },
  }))
  const spoiled = await explore(races, await loadMutant({ module: 'store', spoil }), timers, large)
  print('a protocol that does not compare on fill', spoiled.executions, spoiled.overwriting)
  expect(spoiled).toMatchObject({ counterexample: undefined, isExhaustive: true })
  expect(spoiled.overwriting).toBeDefined()
  vi.doUnmock(paths.store)
  vi.resetModules()
  const sound = await explore(races, await loadProtocol(), timers, large)
  expect(sound).toMatchObject({ counterexample: undefined, overwriting: undefined })
})

function print(
  title: string,
  executions: number,
  counterexample: Counterexample | undefined,
): void {
  const trace = counterexample ? printTrace(counterexample.trace) : 'no counterexample'
  console.log(`${title}: found after ${executions} executions\n${trace}\n`)
}
