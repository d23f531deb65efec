import type { EntryKey } from '../../src/plan/key.js'
import type { IntentId, MemberId, TagState, Version } from '../../src/store/store.js'
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
  type AnnouncementModule,
  type IntentsModule,
  type MemberModule,
  type Module,
  type NarrowingModule,
  type ReaderModule,
  spoilBoard,
  spoilMember,
  spoilStore,
  spoilWrite,
  type ValidityModule,
  type WriterModule,
  withCopies,
} from './spoil.js'

/** A protocol with a module that is spoilt, and where it can be seen. */
export interface Mutant {
  readonly module:
    | 'reader'
    | 'narrowing'
    | 'writer'
    | 'validity'
    | 'store'
    | 'member'
    | 'intents'
    | 'announcement'
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

const crashing = scenario([[read('a')], [write('a')]], { warm: true, faults: ['crash', 'delay'] })

/** A process stands still, counts as gone, goes on, and is killed then. */
const frozen = scenario([[read('a')], [write('a')]], { faults: ['delay', 'crash'] })

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
        async create(proposed) {
          const created = await store.create(proposed)
          return { ...created, states: created.states.map((state) => count(state)) as never }
        },
      }
    }),
    scenario: scenario([[read('a')], [read('a')], [write('a')]], { warm: true, faults: ['loss'] }),
  },
  'puts no intent': {
    module: 'intents',
    spoil: (actual: IntentsModule) => ({
      ...actual,
      Intents: class extends actual.Intents {
        override open() {
          return { add: async () => undefined, end: () => undefined }
        }
      },
    }),
    scenario: crashing,
  },
  'does not wait for its intent': {
    module: 'announcement',
    spoil: ({ Announcement }: AnnouncementModule) => ({
      Announcement: class extends Announcement {
        override async ready() {}
      },
    }),
    scenario: crashing,
  },
  'serves without a look at the roster': {
    module: 'member',
    spoil: ({ Member }: MemberModule) => ({
      Member: class extends Member {
        override get isCurrent() {
          return true
        }
      },
    }),
    scenario: crashing,
  },
  'lets a write pass though its process may count as gone': {
    module: 'member',
    spoil: ({ Member }: MemberModule) => ({
      Member: class extends Member {
        override get isAlive() {
          return true
        }
      },
    }),
    scenario: scenario([[read('a')], [write('a')]], { faults: ['delay'] }),
    violation: /^W1 goes on, though its process counts as gone$/,
  },
  'touches nothing in the place of a member that is gone': {
    module: 'member',
    spoil: spoilMember(() => ({ touch: async () => undefined })),
    scenario: crashing,
  },
  'strikes a member off before it touches what that intended': {
    module: 'member',
    spoil: spoilMember(({ board, touch }) => {
      const owed: Parameters<typeof touch>[0][] = []
      return {
        touch: async (tags) => {
          owed.push(tags)
        },
        board: {
          ...board,
          async strike(...call) {
            const isOff = await board.strike(...call)
            for (const tags of owed.splice(0)) await touch(tags)
            return isOff
          },
        },
      }
    }),
    scenario: scenario([[read('a')], [read('a')], [write('a')]], {
      warm: true,
      faults: ['crash', 'delay'],
    }),
  },
  'touches nothing when it joins': {
    module: 'member',
    spoil: spoilMember(() => ({ touch: async () => undefined })),
    scenario: scenario([[read('a')], [write('a')]], {
      warm: true,
      newcomers: true,
      faults: ['crash', 'delay'],
    }),
  },
  'does not write its intents again when it joins anew': {
    module: 'intents',
    spoil: (actual: IntentsModule) => ({
      ...actual,
      Intents: class extends actual.Intents {
        override async rewrite() {}
      },
    }),
    scenario: frozen,
  },
  'joins anew under its old name': {
    module: 'member',
    spoil: spoilBoard((board) => {
      let name: MemberId | undefined
      const renamed = (text: string, from: string, to: string) => text.replace(from, to)
      return {
        async beat(roster, member, line, how) {
          name ??= member
          const old = name
          const found = await board.beat(roster, old, renamed(line, member, old), how)
          const own = ([id, text]: readonly [MemberId, string]) =>
            [id === old ? member : id, id === old ? renamed(text, old, member) : text] as const
          return found && { ...found, lines: new Map([...found.lines].map(own)) }
        },
        intend: (intent, text) =>
          board.intend(intent.replace(/^.*(?=-\d+$)/, name ?? '') as IntentId, text),
      }
    }),
    scenario: frozen,
  },
  'strikes off a member that has come back': {
    module: 'member',
    spoil: spoilBoard((board) => ({
      async strike(roster, line) {
        const [member] = line.split(' ')
        const found = await board.beat(roster, 'x' as MemberId, 'x 0 0 10000 -', 'join')
        const present = found?.lines.get(member as MemberId)
        return present !== undefined && board.strike(roster, present)
      },
    })),
    scenario: frozen,
  },
  'trusts a roster that begins anew': {
    module: 'member',
    spoil: spoilBoard((board) => ({
      async beat(...call) {
        const found = await board.beat(...call)
        return found && { ...found, catalogs: { has: () => true } as never }
      },
    })),
    scenario: scenario([[read('a')], [write('a')]], {
      warm: true,
      faults: ['crash', 'delay', 'roster'],
    }),
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
      touch: async (touched) => {
        if (touched.tags[0] !== 'b') await store.touch(touched)
      },
    })),
    scenario: scenario([[read('a', 'b')], [transaction('a', 'b')], [write('b')]], { warm: true }),
  },
  'holds nothing that may still commit': {
    module: 'writer',
    spoil: ({ Write }: WriterModule) => ({
      Write: class extends Write {
        constructor(options: ConstructorParameters<typeof Write>[0]) {
          super({ ...options, writeDeadline: -1 })
        }
      },
    }),
    scenario: givenUp,
  },
  'keeps no hold': {
    module: 'writer',
    spoil: ({ Write }: WriterModule) => ({
      Write: class extends Write {
        constructor(options: ConstructorParameters<typeof Write>[0]) {
          super({ ...options, holdUntil: () => undefined })
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
  'does not hold what another client may commit at any time': {
    module: 'writer',
    spoil: ({ Write }: WriterModule) => ({
      Write: class extends Write {
        override end(outcome: Parameters<typeof Write.prototype.end>[0]) {
          return super.end(outcome, -1)
        }
      },
    }),
    scenario: scenario([[read('a')], [unseen('a')]], { warm: true }),
  },
  'narrows to rows of which it has no version from before the query': {
    module: 'narrowing',
    spoil: (actual: NarrowingModule) => ({
      ...actual,
      dependenciesOf: ((read, narrowed, snapshot) =>
        actual.dependenciesOf(
          read,
          { ...narrowed, rows: narrowed.rows.filter((tag) => snapshot.has(tag)) },
          snapshot,
          true,
        )) as NarrowingModule['dependenciesOf'],
    }),
    scenario: scenario([[late(read('a'))], [write('a')]]),
  },
  'marks nothing for strict members': {
    module: 'announcement',
    spoil: ({ Announcement }: AnnouncementModule) => ({
      Announcement: class extends Announcement {
        override async mark() {}
      },
    }),
    scenario: scenario([[read('a')], [read('a')], [write('a')]], {
      warm: true,
      consistency: 'strict',
    }),
  },
  'goes on with a write that it could not announce': {
    module: 'writer',
    spoil: ({ Write }: WriterModule) => ({
      Write: class extends Write {
        override ready() {
          return super.ready().catch(() => undefined)
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
