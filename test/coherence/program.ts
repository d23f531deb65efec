import fc from 'fast-check'
import { reads } from './reads.js'
import { type Call, writes } from './writes.js'

/** A program for two clients that share a store; every read is compared with the plain client's. */
export interface Program {
  /** The reads that its steps choose from: few, so that they are asked again and again. */
  readonly reads: readonly Call[]
  readonly steps: readonly Step[]
}

export type Step =
  | { readonly do: 'read'; readonly client: 0 | 1; readonly read: number }
  | { readonly do: 'write'; readonly client: 0 | 1; readonly write: Call }
  /** The reads overlap the write and may see either side of it; afterwards they may not. */
  | {
      readonly do: 'race'
      readonly client: 0 | 1
      readonly write: Call
      readonly reads: readonly number[]
    }
  | { readonly do: 'batch'; readonly client: 0 | 1; readonly writes: readonly Call[] }
  | {
      readonly do: 'interactive'
      readonly client: 0 | 1
      readonly writes: readonly Call[]
      /** Run in a transaction inside the transaction, which is rolled back by itself. */
      readonly undone: readonly Call[]
      /** Read through the cache while the transaction is open. */
      readonly beside: readonly number[]
      readonly end: 'commit' | 'throw'
    }

const POOL = 8

const client = fc.constantFrom(0 as const, 1 as const)
const read = fc.nat({ max: POOL - 1 })
const severalReads = fc.array(read, { minLength: 1, maxLength: 4 })
const severalWrites = fc.array(writes, { minLength: 1, maxLength: 3 })

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 30, arbitrary: fc.record({ do: fc.constant('read' as const), client, read }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('write' as const), client, write: writes }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('race' as const),
      client,
      write: writes,
      reads: severalReads,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('batch' as const), client, writes: severalWrites }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('interactive' as const),
      client,
      writes: severalWrites,
      undone: fc.array(writes, { maxLength: 1 }),
      beside: fc.array(read, { maxLength: 2 }),
      end: fc.constantFrom('commit' as const, 'throw' as const),
    }),
  },
)

export const programs: fc.Arbitrary<Program> = fc.record({
  reads: fc.array(reads, { minLength: POOL, maxLength: POOL }),
  steps: fc.array(step, { minLength: 120, maxLength: 160, size: 'max' }),
})
