import fc from 'fast-check'
import { keyReadsOf, keyWritesOf } from './keys.js'
import type { Policies } from './policies.js'
import { readsOf } from './reads.js'
import { modelNames } from './rows.js'
import { type Call, writesOf } from './writes.js'

/** A program for two clients that share a store; every read is compared with the plain client's. */
export interface Program {
  /** The reads that its steps choose from: few, so that they are asked again and again. */
  readonly reads: readonly Call[]
  readonly steps: readonly Step[]
  /** Absent: the clients' defaults. */
  readonly policies?: Policies
}

/**
 * Who sends a write: the extended client; the base client beside it; or an extension that was applied before
 * the cache, and sends the write through the base client in its place.
 */
export type Via = 'extended' | 'base' | 'earlier'

export type Step =
  | { readonly do: 'read'; readonly client: 0 | 1; readonly read: number }
  /** Where it changed anything, every read is asked again. */
  | { readonly do: 'write'; readonly client: 0 | 1; readonly via: Via; readonly write: Call }
  /** The reads overlap the write and may see either side of it; afterwards they may not. */
  | {
      readonly do: 'race'
      readonly client: 0 | 1
      readonly write: Call
      readonly reads: readonly number[]
    }
  | {
      readonly do: 'batch'
      readonly client: 0 | 1
      /** `earlier`: every second write is the base client's, in a batch of the extended one. */
      readonly via: Via
      readonly writes: readonly Call[]
    }
  | {
      readonly do: 'interactive'
      readonly client: 0 | 1
      readonly via: Via
      readonly writes: readonly Call[]
      /** Run in a transaction inside the transaction, which is rolled back by itself. */
      readonly undone: readonly Call[]
      /** Read through the cache while the transaction is open. */
      readonly beside: readonly number[]
      readonly end: 'commit' | 'throw'
    }

const POOL = 8

/** What a program is about: the fewer models, the more often a write changes what a read answers. */
const topics: readonly (readonly string[])[] = [
  modelNames,
  ['User', 'Post'],
  ['User', 'Profile', 'Badge'],
  ['Post', 'Tag'],
  ['Post', 'Comment'],
  ['Membership', 'Org', 'Team'],
  ['Everything'],
  ['Peculiar'],
]

const client = fc.constantFrom(0 as const, 1 as const)
const read = fc.nat({ max: POOL - 1 })
const via = fc.oneof(
  { weight: 7, arbitrary: fc.constant('extended' as const) },
  { weight: 2, arbitrary: fc.constant('base' as const) },
  { weight: 2, arbitrary: fc.constant('earlier' as const) },
)
const severalReads = fc.array(read, { minLength: 1, maxLength: 4 })

export const programs: fc.Arbitrary<Program> = fc
  .constantFrom(...topics)
  .chain((models) => fc.oneof(programsAbout(models), programsAboutKeys(models)))

/** Programs whose calls begin at these models; relations lead to others. */
export function programsAbout(models: readonly string[]): fc.Arbitrary<Program> {
  return programsOf(readsOf(models), writesOf(models))
}

/** Programs that mostly read by keys, and change them. */
export function programsAboutKeys(models: readonly string[]): fc.Arbitrary<Program> {
  return programsOf(keyReadsOf(models), keyWritesOf(models))
}

function programsOf(reads: fc.Arbitrary<Call>, writes: fc.Arbitrary<Call>): fc.Arbitrary<Program> {
  return fc.record({
    reads: fc.array(reads, { minLength: POOL, maxLength: POOL }),
    steps: fc.array(stepOf(writes), { minLength: 50, maxLength: 70, size: 'max' }),
  })
}

function stepOf(write: fc.Arbitrary<Call>): fc.Arbitrary<Step> {
  const writes = fc.array(write, { minLength: 1, maxLength: 3 })
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('read' as const), client, read }) },
    { weight: 20, arbitrary: fc.record({ do: fc.constant('write' as const), client, via, write }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('race' as const),
        client,
        write,
        reads: severalReads,
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('batch' as const), client, via, writes }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('interactive' as const),
        client,
        via,
        writes,
        undone: fc.array(write, { maxLength: 1 }),
        beside: fc.array(read, { maxLength: 2 }),
        end: fc.constantFrom('commit' as const, 'throw' as const),
      }),
    },
  )
}
