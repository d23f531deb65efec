import { durationOf } from '../checks.js'

/** How long an answer may be served, and in which circumstances longer. All in milliseconds. */
export interface Policy {
  readonly ttl: number
  /** Replaces `ttl` if it is shorter, for an answer that says that there is nothing. */
  readonly negativeTtl: number
  /** How long after its `ttl` a valid entry is served while the database is asked again. */
  readonly staleWhileRevalidate: number
  /** How long after its `ttl` a valid entry is served if the database cannot be reached. */
  readonly staleIfError: number
}

/** The part of a policy that a model or a query sets. The rest comes from what it is part of. */
export type PartialPolicy = { readonly [K in keyof Policy]: Policy[K] | undefined }

export const EMPTY_POLICY: PartialPolicy = {
  ttl: undefined,
  negativeTtl: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
}

/** Merges policies, the most specific first. The result is complete if the last one is. */
export function mergePolicies<P extends PartialPolicy>(
  ...policies: readonly [...PartialPolicy[], P]
): Pick<P, keyof Policy> {
  const merged = { ...EMPTY_POLICY } as { -readonly [K in keyof Policy]: Policy[K] | undefined }
  for (const each of policies) {
    merged.ttl ??= each.ttl
    merged.negativeTtl ??= each.negativeTtl
    merged.staleWhileRevalidate ??= each.staleWhileRevalidate
    merged.staleIfError ??= each.staleIfError
  }
  return merged as PartialPolicy as P
}

/**
 * Checks the options that make up a policy.
 *
 * @param prefix goes before each option's name in errors: empty, or a path that ends in a dot.
 * @throws ConfigurationError if one is wrong.
 */
export function partialPolicyOf(
  prefix: string,
  given: { readonly [K in keyof Policy]?: unknown },
): PartialPolicy {
  const orZero = { allowsZero: true }
  return {
    ttl: durationOf(`${prefix}ttl`, given.ttl),
    negativeTtl: durationOf(`${prefix}negativeTtl`, given.negativeTtl),
    staleWhileRevalidate: durationOf(
      `${prefix}staleWhileRevalidate`,
      given.staleWhileRevalidate,
      orZero,
    ),
    staleIfError: durationOf(`${prefix}staleIfError`, given.staleIfError, orZero),
  }
}
