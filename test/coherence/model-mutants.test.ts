import { afterEach, expect, it, vi } from 'vitest'
import type { EntryKey } from '../../src/plan/key.js'
import type { Store, TagState, Version } from '../../src/store/store.js'
import { type Counterexample, explore, type Timers } from './model/explorer.js'
import { loadProtocol, type Protocol } from './model/protocol.js'
import { read, type Scenario, scenario, transaction, write } from './model/scenario.js'
import { printTrace } from './model/trace.js'

const timers = vi.hoisted(() => ({ pause: () => Promise.resolve() }) as Timers)
vi.mock('node:timers/promises', () => ({ setTimeout: (ms: number) => timers.pause(ms) }))
vi.mock('../../src/next-turn.js', () => ({ nextTurn: () => timers.pause(0) }))

type Module = Record<string, unknown>
type ReaderModule = typeof import('../../src/coherence/reader.js')
type WriterModule = typeof import('../../src/coherence/writer.js')
type ValidityModule = typeof import('../../src/coherence/validity.js')
type StoreModule = typeof import('../../src/store/memory.js')

const READER = '../../src/coherence/reader.js'
const WRITER = '../../src/coherence/writer.js'
const VALIDITY = '../../src/coherence/validity.js'
const STORE = '../../src/store/memory.js'

interface Mutant {
  readonly path: string
  readonly spoil: (actual: never) => Module
  readonly scenario: Scenario
}

/** Each leaves one step of the protocol out. */
const mutants: Record<string, Mutant> = {
  'takes the snapshot after the query': {
    path: READER,
    spoil: ({ Reader }: ReaderModule) => ({
      Reader: class extends Reader {
        override read<T>(read: Parameters<typeof Reader.prototype.read<T>>[0]) {
          const answer = read.load()
          return super.read({ ...read, load: () => answer })
        }
      },
    }),
    scenario: scenario([[read('a')], [read('a')], [write('a')]]),
  },
  'joins any flight of the key': {
    path: READER,
    spoil: ({ Reader }: ReaderModule) => ({
      Reader: class extends Reader {
        readonly #answers = new Map<EntryKey, Promise<unknown>>()

        override read<T>(read: Parameters<typeof Reader.prototype.read<T>>[0]) {
          const under = this.#answers.get(read.key)
          if (under !== undefined) return under as Promise<T>
          const answer = super.read(read).finally(() => this.#answers.delete(read.key))
          this.#answers.set(read.key, answer)
          return answer
        }
      },
    }),
    scenario: scenario([[read('a'), read('a')], [write('a')]]),
  },
  'leaves marks past their deadline alone': {
    path: VALIDITY,
    spoil: (actual: ValidityModule) => ({
      ...actual,
      judge: ((found, tags, _, strict) => actual.judge(found, tags, 0, strict)) as Judge,
      doubtsOf: ((states) => actual.doubtsOf(states, 0)) as Doubts,
    }),
    scenario: scenario([[read('a')], [write('a')]], { warm: true, faults: ['crash', 'delay'] }),
  },
  'repairs a mark past its deadline without a new version': {
    path: STORE,
    spoil: spoilStore((store) => ({
      async repair(doubts) {
        for (const { tag, overdue } of doubts) {
          for (const writeId of overdue)
            await store.settle(writeId, { touched: [], untouched: [tag] })
        }
        return store.repair(doubts)
      },
    })),
    scenario: scenario([[read('a')], [read('a')], [write('a')]], {
      warm: true,
      faults: ['crash', 'delay'],
    }),
  },
  'counts versions instead of drawing them': {
    path: STORE,
    spoil: spoilStore((store) => {
      const counted = new Map<Version | undefined, Version>()
      const count = (state: TagState): TagState => {
        if (state.version === undefined) return state
        const known = counted.get(state.version) ?? (`counted/${counted.size + 1}` as Version)
        counted.set(state.version, known)
        return { ...state, version: known }
      }
      return {
        async lookup(key, tags) {
          const found = await store.lookup(key, tags)
          return { ...found, tags: found.tags.map(count) }
        },
        async repair(doubts) {
          return (await store.repair(doubts)).map((state) => count(state)) as never
        },
      }
    }),
    scenario: scenario([[read('a')], [read('a')], [write('a')]], { warm: true, faults: ['loss'] }),
  },
  'does not announce': {
    path: STORE,
    spoil: spoilStore(() => ({ announce: async () => undefined })),
    scenario: scenario([[read('a')], [write('a')]], { warm: true, faults: ['crash', 'delay'] }),
  },
  'touches before the commit': {
    path: WRITER,
    spoil: spoilWrite(async (settle, outcome) => {
      await settle()
      return outcome
    }),
    scenario: scenario([[read('a')], [read('a')], [write('a')]]),
  },
  'settles after the acknowledgement': {
    path: WRITER,
    spoil: spoilWrite(async (settle, outcome) => {
      void outcome.then(settle)
      return outcome
    }),
    scenario: scenario([[read('a')], [write('a')]], { warm: true }),
  },
  'never settles': {
    path: WRITER,
    spoil: spoilWrite((_, outcome) => outcome),
    scenario: scenario([[read('a')], [write('a')]], { warm: true }),
  },
  'withdraws what may have been written': {
    path: WRITER,
    spoil: ({ Write }: WriterModule) => ({
      Write: class extends Write {
        override endWith<T>(outcome: Promise<T>) {
          return super.endWith(outcome, () => true)
        }
      },
    }),
    scenario: scenario([[read('a')], [{ kind: 'write', rows: ['a'], ends: ['unknown'] }]], {
      warm: true,
    }),
  },
  'trusts an entry whatever the versions are': {
    path: VALIDITY,
    spoil: (actual: ValidityModule) => ({
      ...actual,
      judge: ((found, ...rest) => {
        const verdict = actual.judge(found, ...rest)
        const { entry } = found
        return verdict.kind === 'invalid' && entry ? { kind: 'valid', entry } : verdict
      }) as Judge,
    }),
    scenario: scenario([[read('a')], [write('a')]], { warm: true }),
  },
  'overlooks marks in strict mode': {
    path: VALIDITY,
    spoil: (actual: ValidityModule) => ({
      ...actual,
      judge: ((found, tags, now) => actual.judge(found, tags, now, false)) as Judge,
    }),
    scenario: scenario([[read('a')], [read('a')], [write('a')]], {
      warm: true,
      consistency: 'strict',
    }),
  },
  'touches the first of several rows only': {
    path: STORE,
    spoil: spoilStore((store) => ({
      settle: (writeId, settled) =>
        settled.touched[0] === 'b'
          ? store.settle(writeId, { touched: [], untouched: settled.touched })
          : store.settle(writeId, settled),
    })),
    scenario: scenario([[read('a', 'b')], [transaction('a', 'b')], [write('b')]], { warm: true }),
  },
}

type Judge = ValidityModule['judge']
type Doubts = ValidityModule['doubtsOf']

function spoilStore(change: (store: Store) => Partial<Store>) {
  return ({ memory }: StoreModule) => ({
    memory: (...options: Parameters<typeof memory>) => {
      const store = memory(...options)
      return { ...store, ...change(store) }
    },
  })
}

function spoilWrite(
  end: <T>(settle: () => Promise<void>, outcome: Promise<T>) => Promise<T>,
): (actual: WriterModule) => Module {
  return ({ Write }) => ({
    Write: class extends Write {
      override endWith<T>(outcome: Promise<T>) {
        return end(() => this.settle(), outcome)
      }
    },
  })
}

/** To find a counterexample in. */
const small = { executions: 3_000, random: 10_000, seed: 1 }
/** To cover every interleaving in. */
const large = { executions: 20_000, random: 0, seed: 1 }

afterEach(() => {
  for (const { path } of Object.values(mutants)) vi.doUnmock(path)
  vi.resetModules()
})

async function loadMutant({ path, spoil }: Omit<Mutant, 'scenario'>): Promise<Protocol> {
  vi.resetModules()
  vi.doMock(path, async (importOriginal) => spoil((await importOriginal()) as never))
  return loadProtocol()
}

it.each(Object.entries(mutants))('a protocol that %s is found out', async (name, mutant) => {
  const found = await explore(mutant.scenario, await loadMutant(mutant), timers, small)
  print(
    `a protocol that ${name}, in ${mutant.scenario.name}`,
    found.executions,
    found.counterexample,
  )
  expect(found.counterexample?.violation).toMatch(/ stood when it began$/)
})

it.each(Object.entries(mutants))('unlike one that %s, the protocol is sound', async (_, mutant) => {
  vi.resetModules()
  const found = await explore(mutant.scenario, await loadProtocol(), timers, large)
  expect(found).toMatchObject({ counterexample: undefined, isExhaustive: true })
})

it('without the comparison on fill an entry that stands is overwritten, which breaks no promise', async () => {
  const races = scenario([[read('a')], [read('a')], [write('a')]])
  const spoil = spoilStore((store) => ({
    async fill(key, entry, _, now) {
      return store.fill(key, entry, (await store.lookup(key, [])).generation, now)
    },
  }))
  const spoiled = await explore(races, await loadMutant({ path: STORE, spoil }), timers, large)
  print('a protocol that does not compare on fill', spoiled.executions, spoiled.overwriting)
  expect(spoiled).toMatchObject({ counterexample: undefined, isExhaustive: true })
  expect(spoiled.overwriting).toBeDefined()
  vi.doUnmock(STORE)
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
