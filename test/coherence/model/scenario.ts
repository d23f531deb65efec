/** Whatever the database has one value of: the number of the last committed write to it, at first 0. */
export type Row = 'a' | 'b'

/** How a write ends, as far as its client can tell. */
export type End =
  /** Committed, and said so. */
  | 'commit'
  /** Undone, and said so: by the application in a transaction, else by a constraint. */
  | 'rollback'
  /** The connection is lost: the statement may have been committed or not. */
  | 'unknown'

export type Operation =
  /** One query over its rows. */
  | { readonly kind: 'read'; readonly rows: readonly Row[] }
  /** One statement that writes its rows; every end is explored. */
  | { readonly kind: 'write'; readonly rows: readonly Row[]; readonly ends: readonly End[] }
  /** A transaction that writes its rows one after the other; every end is explored. */
  | { readonly kind: 'transaction'; readonly rows: readonly Row[]; readonly ends: readonly End[] }

/** What may go wrong, once in an execution each, at any step. */
export type Fault =
  /** A process is killed. */
  | 'crash'
  /** The store loses a tag. */
  | 'loss'
  /** Time passes every deadline. */
  | 'delay'
  /** A query fails. */
  | 'query'
  /** A call fails at the store, done or not. */
  | 'store'

/** A small program, of which every interleaving is explored. */
export interface Scenario {
  readonly name: string
  readonly consistency: 'acknowledged' | 'strict'
  /** Whether the rows that are read have been read before, so that the cache has them. */
  readonly warm: boolean
  /** Of each process, what it does, all at once: what runs at once may also run one after the other. */
  readonly processes: readonly (readonly Operation[])[]
  readonly faults: readonly Fault[]
  /** `records`: a call over several records is a step for each, in any order, as in a real batch. */
  readonly granularity: 'calls' | 'records'
  /** Whether the promise says nothing of writes that no mark can tell of, see `Ledger`. */
  readonly excuses: boolean
}

export const read = (...rows: Row[]): Operation => ({ kind: 'read', rows })

export const write = (...rows: Row[]): Operation => ({ kind: 'write', rows, ends: ['commit'] })

export const transaction = (...rows: Row[]): Operation => ({
  kind: 'transaction',
  rows,
  ends: ['commit', 'rollback'],
})

/** Builds a scenario; its name says all of it. */
export function scenario(
  processes: readonly (readonly Operation[])[],
  {
    consistency = 'acknowledged',
    warm = false,
    faults = [],
    granularity = 'calls',
    excuses = true,
  }: Partial<Omit<Scenario, 'name' | 'processes'>> = {},
): Scenario {
  const programs = processes.map((operations) => operations.map(nameOf).join(' & '))
  const traits = [
    ...(consistency === 'strict' ? ['strict'] : []),
    warm ? 'warm' : 'cold',
    ...(granularity === 'records' ? ['records'] : []),
    ...faults,
    ...(excuses ? [] : ['no excuses']),
  ]
  const name = `${programs.join(' | ')} (${traits.join(', ')})`
  return { name, consistency, warm, processes, faults, granularity, excuses }
}

export function nameOf(operation: Operation): string {
  const rows = operation.rows.join('+')
  if (operation.kind === 'read') return `read ${rows}`
  const ends = operation.ends.length === 1 && operation.ends[0] === 'commit' ? '' : '?'
  return `${operation.kind === 'write' ? 'write' : 'tx'}${ends} ${rows}`
}

const programs: readonly (readonly (readonly Operation[])[])[] = [
  [[read('a')], [write('a')]],
  [[read('a'), write('a')], [read('a')]],
  [[read('a'), read('a')], [write('a')]],
  [[read('a')], [read('a')], [write('a')]],
  [[read('a')], [write('a')], [write('a')]],
  [[read('a')], [transaction('a'), write('a')]],
  [[read('a')], [read('a')], [transaction('a')]],
  [[read('a')], [read('b')], [write('a', 'b')]],
  [[read('a', 'b')], [transaction('a', 'b')]],
  [[read('a', 'b')], [write('a')], [write('b')]],
  [[read('a', 'b')], [read('a')], [transaction('a', 'b')]],
  [[read('a'), read('a')], [write('a')], [write('a')]],
  [[read('a')], [read('a')], [write('a'), write('a')]],
  [
    [read('a'), write('a')],
    [read('a'), write('a')],
  ],
  [[read('a')], [read('b')], [transaction('a', 'b'), write('a')]],
  [[read('a', 'b')], [read('b')], [transaction('a', 'b'), write('b')]],
]

const faults: readonly (readonly Fault[])[] = [
  [],
  ['crash', 'delay'],
  ['loss'],
  ['crash', 'delay', 'loss'],
  ['query'],
]

/** Every combination of the programs, the modes and what may go wrong. */
export const allScenarios: readonly Scenario[] = programs.flatMap((program) =>
  (['acknowledged', 'strict'] as const).flatMap((consistency) =>
    [false, true].flatMap((warm) =>
      faults.map((these) => scenario(program, { consistency, warm, faults: these })),
    ),
  ),
)

/** Outcomes that nobody knows, a store that refuses a call, and batches record by record. */
export const otherScenarios: readonly Scenario[] = [
  ...[false, true].flatMap((warm) => [
    scenario(
      [[read('a')], [read('a')], [{ ...write('a'), ends: ['rollback', 'unknown'] } as Operation]],
      { warm },
    ),
    scenario(
      [[read('a')], [{ ...transaction('a', 'b'), ends: ['rollback', 'unknown'] } as Operation]],
      { warm },
    ),
    scenario([[read('a'), write('a')], [read('a')]], { warm, faults: ['store'] }),
    scenario([[read('a')], [write('a')]], { warm, faults: ['store'] }),
    scenario([[read('a')], [write('a')]], {
      warm,
      granularity: 'records',
      faults: ['crash', 'delay', 'loss'],
    }),
    scenario([[read('a')], [read('a')], [write('a')]], { warm, granularity: 'records' }),
    scenario([[read('a', 'b')], [write('a', 'b')]], {
      warm,
      granularity: 'records',
      faults: ['crash', 'delay'],
    }),
    scenario([[read('a')], [read('a')], [write('a')]], {
      warm,
      granularity: 'records',
      consistency: 'strict',
    }),
  ]),
]
