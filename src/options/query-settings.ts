import { checkBoolean, checkKeys, checkString, namesOf } from '../checks.js'
import { ConfigurationError } from '../errors.js'
import { objectOf } from '../plan/query.js'
import type { QueryOptions, WriteOptions } from './options.js'
import { type PartialPolicy, UNSAID } from './policy.js'
import { partialPolicyOf, queryOptionNames, writeOptionNames } from './settings.js'

/** What one read says of itself. */
export interface ReadSettings extends PartialPolicy {
  /** Whether it is to be cached; undefined where it does not say. */
  readonly enabled: boolean | undefined
  readonly refresh: boolean
  /** Sorted, each once. */
  readonly tags: readonly string[]
  readonly scope: string | undefined
}

const SAYING_NOTHING: ReadSettings = {
  ...UNSAID,
  enabled: undefined,
  refresh: false,
  tags: [],
  scope: undefined,
}

/**
 * What a read says with its `cache` argument.
 *
 * @throws ConfigurationError as `settingsOf` does.
 */
export function readSettingsOf(cache: unknown): ReadSettings {
  if (cache === undefined) return SAYING_NOTHING
  if (typeof cache !== 'boolean' && typeof cache !== 'object') {
    throw new ConfigurationError(`cache: expected true, false or an object, got ${typeof cache}`)
  }
  if (typeof cache === 'object') checkKeys('cache', cache, queryOptionNames)
  const given: QueryOptions = objectOf(cache)
  checkString('cache.scope', given.scope)
  checkBoolean('cache.refresh', given.refresh)
  return {
    ...partialPolicyOf('cache.', given),
    enabled: typeof cache === 'object' ? true : cache,
    refresh: given.refresh ?? false,
    tags: [...new Set(namesOf('cache.tags', given.tags))].sort(),
    scope: given.scope,
  }
}

/**
 * The tags that a write invalidates with its `cache` argument.
 *
 * @throws ConfigurationError as `settingsOf` does.
 */
export function invalidatedBy(cache: unknown): readonly string[] {
  if (cache === undefined) return []
  checkKeys('cache', cache, writeOptionNames)
  return namesOf('cache.invalidate', (cache as WriteOptions).invalidate)
}
