import fc from 'fast-check'
import type { CacheAsideOptions, QueryOptions } from '../../src/index.js'
import { type Program, programs } from './program.js'

/** How a client caches, and what each of its reads says of itself, none of which may show in an answer. */
export interface Policies {
  readonly options: readonly [CacheAsideOptions, CacheAsideOptions]
  /** Taken in turn, by the number of the read. */
  readonly caches: readonly QueryOptions[]
}

const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(undefined, ...values)

const options: fc.Arbitrary<CacheAsideOptions> = fc.record({
  ttl: oneOf('1ms', '20ms', '1m'),
  negativeTtl: oneOf('1ms', '1m'),
  jitter: oneOf(0, 0.5, 1),
  staleWhileRevalidate: oneOf('20ms', '1m'),
  staleIfError: oneOf('1m'),
  leaseWait: oneOf('1ms', '2s'),
  consistency: oneOf('acknowledged' as const, 'strict' as const),
  near: oneOf({}, { maxEntries: 2 }, { maxBytes: 300 }),
})

const cache: fc.Arbitrary<QueryOptions> = fc.record({
  ttl: oneOf<string>('1ms', '1m'),
  swr: oneOf<number | string>(0, '1m'),
  refresh: oneOf(false, true),
  tags: oneOf<readonly string[]>([], ['a'], ['b', 'a']),
  scope: oneOf('x', 'y'),
})

export const programsWithPolicies: fc.Arbitrary<Program> = fc
  .tuple(
    programs,
    fc.record({
      options: fc.tuple(options, options),
      caches: fc.array(cache, { minLength: 1, maxLength: 5 }),
    }),
  )
  .map(([program, policies]) => ({ ...program, policies }))
