import { checkBoolean, checkKeys, checkString, durationOf, namesOf, wrong } from '../checks.js'
import { EMPTY_POLICY, type PartialPolicy, partialPolicyOf } from './policy.js'
import {
  type QueryOptions,
  queryOptionNames,
  type WriteOptions,
  writeOptionNames,
} from './query-options.js'

/** The settings that one read makes for itself. */
export interface ReadSettings extends PartialPolicy {
  /** Whether the read asks to be cached; undefined where it does not say. */
  readonly enabled: boolean | undefined
  readonly refresh: boolean
  /** Sorted, each once. */
  readonly tags: readonly string[]
  readonly scope: string | undefined
}

const EMPTY_SETTINGS: ReadSettings = {
  ...EMPTY_POLICY,
  enabled: undefined,
  refresh: false,
  tags: [],
  scope: undefined,
}

/**
 * Reads the settings in the `cache` argument of a read.
 *
 * @throws ConfigurationError naming the option, what was expected and what was given.
 */
export function readSettingsOf(cache: unknown): ReadSettings {
  if (cache === undefined) return EMPTY_SETTINGS
  if (typeof cache === 'boolean') return { ...EMPTY_SETTINGS, enabled: cache }
  if (typeof cache !== 'object') throw wrong('cache', 'true, false or an object', cache)
  checkKeys('cache', cache, queryOptionNames)
  return { ...queryOptionsOf('cache', cache), enabled: true }
}

/**
 * Checks the options of one read or of one call of `getOrLoad`, whose names are checked already.
 *
 * @param path the path of the options in errors.
 * @throws ConfigurationError naming the option, what was expected and what was given.
 */
export function queryOptionsOf(path: string, given: QueryOptions): Omit<ReadSettings, 'enabled'> {
  const { scope, refresh, tags, swr, staleWhileRevalidate } = given
  checkString(`${path}.scope`, scope)
  checkBoolean(`${path}.refresh`, refresh)
  if (swr !== undefined && staleWhileRevalidate !== undefined) {
    throw wrong(`${path}.swr`, 'no value beside staleWhileRevalidate, which means the same', swr)
  }
  const policy = partialPolicyOf(`${path}.`, given)
  return {
    ...policy,
    staleWhileRevalidate:
      policy.staleWhileRevalidate ?? durationOf(`${path}.swr`, swr, { allowsZero: true }),
    refresh: refresh ?? false,
    tags: [...new Set(namesOf(`${path}.tags`, tags))].sort(),
    scope,
  }
}

/**
 * The tags that a write invalidates with its `cache` argument.
 *
 * @throws ConfigurationError naming the option, what was expected and what was given.
 */
export function invalidatedBy(cache: unknown): readonly string[] {
  if (cache === undefined) return []
  checkKeys('cache', cache, writeOptionNames)
  return namesOf('cache.invalidate', (cache as WriteOptions).invalidate)
}
