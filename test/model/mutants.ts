import type { EntryKey } from '../../src/plan/key.js'
import type { TagState, Version } from '../../src/store/store.js'
import {
  ending,
  late,
  read,
  type Scenario,
  scenario,
  transaction,
  unseen,
  write,
} from './scenario.js'
import {
  type Module,
  type ReaderModule,
  spoilNarrowing,
  spoilStore,
  spoilWrite,
  type ValidityModule,
  type WriterModule,
  withCopies,
} from './spoil.js'

/** A protocol with a module that is spoilt, and where it can be seen. */
export interface Mutant {
  readonly module: 'reader' | 'narrowing' | 'writer' | 'validity' | 'store'
  readonly spoil: (actual: never) => Module
  readonly scenario: Scenario
  /** What is found, other than a read that answers with what is too old. */
  readonly violation?: RegExp
}

const lagging = scenario([[read('a')], [write('a')]], {
  warm: true,
  replicaLag: 1_000,
  faults: ['catch-up'],
})

const givenUp = scenario([[read('a')], [ending(write('a'), 'unknown')]], {
  warm: true,
  faults: ['late'],
})

/** Each leaves one step of the protocol out. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'takes the snapshot after the query': {
    module: 'reader',
    spoil: ({ Reader }: ReaderModule) => ({
      Reader: class extends Reader {
        override read<T>(read: Parameters<typeof Reader.prototype.read<T>>[0]) {
          const answer = read.load()
          return super.read({ ...read, load: () => answer })
        }
      },
    }),
    scenario: scenario([[read('a')], [write('a')]]),
  },
  'joins any flight of the key': {
    module: 'reader',
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
    module: 'validity',
    spoil: (actual: ValidityModule) => ({
      ...actual,
      judge: ((found, tags, _, strict) => actual.judge(found, tags, 0, strict)) as Judge,
      doubtsOf: ((states) => actual.doubtsOf(states, 0)) as Doubts,
    }),
    scenario: scenario([[read('a')], [write('a')]], { warm: true, faults: ['crash', 'delay'] }),
  },
  'repairs a mark past its deadline without a new version': {
    module: 'store',
    spoil: spoilStore((store) => ({
      async repair(doubts) {
        await store.unmark(new Map(doubts.map(({ tag, overdue }) => [tag, overdue])))
        return store.repair(doubts)
      },
    })),
    scenario: scenario([[read('a')], [read('a')], [write('a')]], {
      warm: true,
      faults: ['crash', 'delay'],
    }),
  },
  'counts versions instead of drawing them': {
    module: 'store',
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
    module: 'store',
    spoil: spoilStore(() => ({ announce: async () => undefined })),
    scenario: scenario([[read('a')], [write('a')]], { warm: true, faults: ['crash', 'delay'] }),
  },
  'touches before the commit': {
    module: 'writer',
    spoil: spoilWrite(async (settle, outcome) => {
      await settle()
      return outcome
    }),
    scenario: scenario([[read('a')], [write('a')]]),
  },
  'settles after the acknowledgement': {
    module: 'writer',
    spoil: spoilWrite(async (settle, outcome) => {
      void outcome.then(settle)
      return outcome
    }),
    scenario: scenario([[read('a')], [write('a')]], { warm: true }),
  },
  'never settles': {
    module: 'writer',
    spoil: spoilWrite((_, outcome) => outcome),
    scenario: scenario([[read('a')], [write('a')]], { warm: true }),
  },
  'withdraws what may have been written': {
    module: 'writer',
    spoil: ({ Write }: WriterModule) => ({
      Write: class extends Write {
        override endWith<T>(outcome: Promise<T>) {
          return super.endWith(outcome, () => 'unwritten' as const)
        }
      },
    }),
    scenario: scenario([[read('a')], [ending(write('a'), 'unknown')]], { warm: true }),
  },
  'trusts an entry whatever the versions are': {
    module: 'validity',
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
    module: 'validity',
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
    module: 'store',
    spoil: spoilStore((store) => ({
      settle: (writeId, settled) =>
        settled.touched[0] === 'b'
          ? store.unmark(new Map(settled.touched.map((tag) => [tag, [writeId]])))
          : store.settle(writeId, settled),
    })),
    scenario: scenario([[read('a', 'b')], [transaction('a', 'b')], [write('b')]], { warm: true }),
  },
  'holds nothing that may still commit': {
    module: 'writer',
    spoil: ({ Write }: WriterModule) => ({
      Write: class extends Write {
        constructor(...[options, terms]: ConstructorParameters<typeof Write>) {
          super({ ...options, writeDeadline: -1 }, terms)
        }
      },
    }),
    scenario: givenUp,
  },
  'keeps no hold': {
    module: 'writer',
    spoil: ({ Write }: WriterModule) => ({
      Write: class extends Write {
        constructor(...[options, terms]: ConstructorParameters<typeof Write>) {
          super({ ...options, holdUntil: () => undefined }, terms)
        }
      },
    }),
    scenario: lagging,
  },
  'stores what it reads while a hold stands': {
    module: 'validity',
    spoil: (actual: ValidityModule) => ({ ...actual, isBlocked: () => false }),
    scenario: lagging,
    violation: /^an entry is stored while a hold stands$/,
  },
  'does not block what another client may commit at any time': {
    module: 'store',
    spoil: spoilStore((store) => ({
      announce: (tags, mark) => store.announce(tags, { ...mark, blocking: false }),
    })),
    scenario: scenario([[read('a')], [unseen('a')]], { warm: true }),
  },
  'serves what is blocked': {
    module: 'validity',
    spoil: (actual: ValidityModule) => ({
      ...actual,
      judge: ((found, ...rest) => {
        const verdict = actual.judge(found, ...rest)
        const { entry } = found
        return verdict.kind === 'blocked' && entry ? { kind: 'valid', entry } : verdict
      }) as Judge,
    }),
    scenario: scenario([[read('a')], [unseen('a')]], { warm: true }),
  },
  'takes the versions of rows that came back as if nothing could be written meanwhile': {
    module: 'narrowing',
    spoil: spoilNarrowing((_, snapshot) => ({
      states: async (tags) => tags.map((tag) => ({ version: snapshot.get(tag), marks: [] })),
    })),
    scenario: scenario([[late(read('a'))], [write('a')]]),
  },
  'looks for such writes before it takes the versions': {
    module: 'narrowing',
    spoil: spoilNarrowing((store, _, wide) => {
      let states: readonly TagState[]
      return {
        async repair(doubts) {
          states = await store.states(wide)
          return store.repair(doubts)
        },
        states: async () => states,
      }
    }),
    scenario: scenario([[late(read('a'))], [write('a')]]),
  },
  'looks for such writes in versions, and not in marks': {
    module: 'narrowing',
    spoil: spoilNarrowing((store) => ({
      states: async (tags) =>
        (await store.states(tags)).map(({ version }) => ({ version, marks: [] })),
    })),
    scenario: scenario([[late(read('a'))], [write('a')]], {
      granularity: 'touches',
    }),
  },
  'goes on with a write that it could not announce': {
    module: 'writer',
    spoil: ({ Write }: WriterModule) => ({
      Write: class extends Write {
        override announce(...announced: Parameters<typeof Write.prototype.announce>) {
          return super.announce(...announced).catch(() => () => undefined)
        }
      },
    }),
    scenario: scenario([[read('a')], [write('a')]], {
      onStoreFailure: 'reject',
      faults: ['store'],
    }),
    violation: /^W1 is committed, but could not be announced$/,
  },
  'answers from a copy of its own where the entry is evicted': {
    module: 'reader',
    spoil: ({ Reader }: ReaderModule) => ({
      Reader: class extends Reader {
        constructor(options: ConstructorParameters<typeof Reader>[0]) {
          super({ ...options, store: withCopies(options.store) })
        }
      },
    }),
    scenario: scenario([[read('a'), read('a')], [write('a')]], {
      warm: true,
      faults: ['eviction'],
    }),
  },
}

type Judge = ValidityModule['judge']
type Doubts = ValidityModule['doubtsOf']
