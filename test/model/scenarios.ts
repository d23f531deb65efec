import {
  ending,
  type Fault,
  late,
  type Operation,
  read,
  type Scenario,
  scenario,
  transaction,
  unseen,
  write,
} from './scenario.js'

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

const modes = (['acknowledged', 'strict'] as const).flatMap((consistency) =>
  [false, true].map((warm) => ({ consistency, warm })),
)

/** Every combination of the programs, the modes and what may go wrong. */
export const allScenarios: readonly Scenario[] = programs.flatMap((program) =>
  modes.flatMap((mode) => faults.map((these) => scenario(program, { ...mode, faults: these }))),
)

/** Outcomes that nobody knows, a store that refuses a call, and batches record by record. */
export const otherScenarios: readonly Scenario[] = [false, true].flatMap((warm) => [
  scenario([[read('a')], [read('a')], [ending(write('a'), 'rollback', 'unknown')]], { warm }),
  scenario([[read('a')], [ending(transaction('a', 'b'), 'rollback', 'unknown')]], { warm }),
  scenario([[read('a')], [ending(write('a'), 'unknown')]], { warm, faults: ['late', 'delay'] }),
  scenario([[read('a')], [read('a')], [ending(write('a'), 'unknown')]], { warm, faults: ['late'] }),
  scenario([[read('a')], [ending(transaction('a', 'b'), 'unknown')]], { warm, faults: ['late'] }),
  scenario([[read('a')], [write('a')], [ending(write('a'), 'unknown')]], {
    warm,
    faults: ['late'],
  }),
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
])

/** Short against every deadline. */
const LAG = 1_000

/** Replicas that answer queries, and may be behind. */
export const laggingScenarios: readonly Scenario[] = modes.flatMap((mode) => {
  const lagging = { ...mode, replicaLag: LAG }
  const faults: readonly Fault[] = ['catch-up']
  return [
    scenario([[read('a'), read('a')], [write('a')]], { ...lagging, faults }),
    scenario([[read('a')], [read('a')], [write('a')]], { ...lagging, faults }),
    scenario([[read('a')], [read('a')], [ending(write('a'), 'rollback', 'unknown')]], {
      ...lagging,
      faults,
    }),
    scenario([[read('a', 'b')], [read('a')], [transaction('a', 'b')]], { ...lagging, faults }),
    scenario([[read('a')], [write('a')], [write('a')]], { ...lagging, faults }),
    scenario([[read('a')], [read('a')], [write('a'), write('a')]], { ...lagging, faults }),
    scenario([[read('a'), write('a')], [read('a')]], { ...lagging, faults: ['catch-up', 'store'] }),
    scenario([[read('a')], [read('a')], [write('a')]], {
      ...lagging,
      faults: ['catch-up', 'query'],
    }),
    scenario([[read('a')], [read('a')], [unseen('a')]], {
      ...lagging,
      faults: ['catch-up', 'delay'],
    }),
  ]
})

/** Writes of which the protocol hears how they begin, and never how they end. */
export const unseenScenarios: readonly Scenario[] = modes.flatMap((mode) =>
  (
    [
      [[[read('a')], [unseen('a')]], []],
      [
        [[read('a')], [unseen('a')]],
        ['crash', 'delay', 'loss'],
      ],
      [[[read('a')], [unseen('a')]], ['store']],
      [[[read('a'), read('a')], [unseen('a')]], ['delay']],
      [[[read('a')], [read('a')], [unseen('a')]], []],
      [
        [[read('a')], [read('a')], [unseen('a')]],
        ['crash', 'delay'],
      ],
      [[[read('a', 'b')], [read('b')], [unseen('a', 'b')]], ['delay']],
      [[[read('a')], [write('a')], [unseen('a')]], ['delay']],
      [
        [[read('a'), write('a')], [unseen('a')]],
        ['crash', 'delay'],
      ],
    ] as const
  ).map(([program, faults]) => scenario(program, { ...mode, faults })),
)

/** Writes that fail where the store cannot be told of them. */
export const rejectingScenarios: readonly Scenario[] = modes.flatMap((mode) =>
  [
    [[read('a')], [write('a')]],
    [[read('a')], [transaction('a', 'b')]],
    [[read('a')], [unseen('a')]],
    [[read('a'), write('a')], [read('a')]],
    [[read('a')], [read('a')], [write('a')]],
    [[read('a')], [write('a')], [write('a')]],
  ].map((program) => scenario(program, { ...mode, onStoreFailure: 'reject', faults: ['store'] })),
)

/** A store that is short of room. */
export const evictingScenarios: readonly Scenario[] = modes.flatMap((mode) =>
  (
    [
      [[[read('a')], [read('a')]], ['eviction']],
      [
        [[read('a')], [write('a')]],
        ['eviction', 'loss'],
      ],
      [[[read('a'), read('a')], [write('a')]], ['eviction']],
      [
        [[read('a'), read('a')], [write('a')]],
        ['eviction', 'query'],
      ],
      [
        [[read('a')], [read('a')], [write('a')]],
        ['eviction', 'loss'],
      ],
      [
        [[read('a')], [read('a')], [write('a')]],
        ['eviction', 'crash', 'delay'],
      ],
      [[[read('a')], [read('a')], [read('a')], [write('a')]], ['eviction']],
      [[[read('a', 'b')], [read('a', 'b')], [transaction('a', 'b')]], ['eviction']],
    ] as const
  ).map(([program, faults]) => scenario(program, { ...mode, faults })),
)

const lateFaults: readonly (readonly Fault[])[] = [
  [],
  ['crash', 'delay'],
  ['loss', 'query'],
  ['store'],
  ['eviction'],
]

/** Reads and writes of which only the answer tells what they are of. */
export const lateScenarios: readonly Scenario[] = modes.flatMap((mode) => {
  const programs: readonly (readonly (readonly Operation[])[])[] = [
    [[late(read('a'))], [write('a')]],
    [[read('a')], [late(write('a'))]],
    [[late(read('a'))], [late(write('a'))]],
    [[late(read('a')), late(read('a'))], [write('a')]],
    [[late(read('a'))], [read('a')], [late(write('a'))]],
    [[late(read('a', 'b'))], [late(write('a'))], [write('b')]],
    [[late(read('a'))], [late(read('a'))], [late(transaction('a', 'b'))]],
    [[late(read('a')), read('a')], [late(unseen('a'))]],
  ]
  return [
    ...programs.flatMap((program) =>
      lateFaults.map((these) => scenario(program, { ...mode, faults: these })),
    ),
    scenario([[late(read('a')), late(read('a'))], [write('a')]], {
      ...mode,
      granularity: 'touches',
      faults: ['crash', 'delay'],
    }),
    scenario([[late(read('a'))], [late(read('a'))], [write('a')]], {
      ...mode,
      granularity: 'records',
    }),
  ]
})

/** Members that join late, a roster that is lost, and others who find out at once that a member is gone. */
export const memberScenarios: readonly Scenario[] = [false, true].flatMap((warm) =>
  (
    [
      [[[read('a')], [write('a')]], { newcomers: true, faults: ['crash', 'delay'] }],
      [[[read('a')], [write('a')]], { faults: ['crash', 'delay', 'roster'] }],
      [[[read('a')], [transaction('a', 'b')]], { faults: ['crash', 'delay', 'roster'] }],
      [[[read('a')], [read('a')], [write('a')]], { newcomers: true, faults: ['crash', 'delay'] }],
      [[[read('a'), write('a')], [read('a')]], { faults: ['delay', 'roster'] }],
      [[[read('a'), write('a')], [write('a')]], { faults: ['crash', 'delay', 'late'] }],
      [[[read('a')], [write('a')]], { consistency: 'strict', faults: ['delay', 'roster'] }],
    ] as const
  ).map(([program, terms]) => scenario(program, { warm, ...terms })),
)
