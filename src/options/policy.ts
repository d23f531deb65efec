/** How long an answer may be served, and in what circumstances longer. All in milliseconds. */
export interface Policy {
  readonly ttl: number
  /** Instead of `ttl`, if it is shorter, for an answer that says that there is nothing. */
  readonly negativeTtl: number
  /** For so long after its `ttl` an entry that stands is served while it is read anew. */
  readonly swr: number
  /** For so long after its `ttl` an entry that stands is served where the database is away. */
  readonly staleIfError: number
}

/** What a model or a query says of it; where it says nothing, what it is part of does. */
export type PartialPolicy = { readonly [K in keyof Policy]: Policy[K] | undefined }

/** The most specific first. Says all if the last one does. */
export function policyOf<P extends PartialPolicy>(...said: readonly [...PartialPolicy[], P]): P {
  const policy = { ...UNSAID } as { -readonly [K in keyof Policy]: Policy[K] | undefined }
  for (const each of said) {
    policy.ttl ??= each.ttl
    policy.negativeTtl ??= each.negativeTtl
    policy.swr ??= each.swr
    policy.staleIfError ??= each.staleIfError
  }
  return policy as PartialPolicy as P
}

export const UNSAID: PartialPolicy = {
  ttl: undefined,
  negativeTtl: undefined,
  swr: undefined,
  staleIfError: undefined,
}

/** Until when an answer is fresh: its time to live, shortened by chance by at most a share of it. */
export function freshUntil(
  value: unknown,
  startedAt: number,
  { ttl, negativeTtl }: Policy,
  jitter: number,
): number {
  const isNothing = value === null || value === undefined
  const life = isNothing ? Math.min(ttl, negativeTtl) : ttl
  // Whole: Aerospike's client takes no other numbers.
  return Math.floor(startedAt + life * (1 - jitter * Math.random()))
}
