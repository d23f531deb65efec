import { inspect } from 'node:util'
import { closest } from 'fastest-levenshtein'
import ms from 'ms'
import { ConfigurationError } from './errors.js'

/*
 * The checks of options and arguments. Each throws a ConfigurationError that names the option, what was
 * expected and what was given.
 */

export interface DurationLimits {
  /** Whether the option gives zero a meaning. Default false. */
  readonly allowsZero?: boolean
  /** The largest number that counts as seconds. A larger one may be meant in milliseconds. Default an hour. */
  readonly maxPlainSeconds?: number
}

/** The limits of durations that are rarely longer than some seconds. */
export const SHORT: DurationLimits = { maxPlainSeconds: 60 }

const HOUR = 3_600

/** A duration in milliseconds. */
export function durationOf(
  path: string,
  given: unknown,
  { allowsZero = false, maxPlainSeconds = HOUR }: DurationLimits = {},
): number | undefined {
  if (given === undefined) return undefined
  const parsed = typeof given === 'number' ? given * 1000 : millisecondsOf(given)
  const isZero = parsed === 0 && allowsZero
  if (parsed === undefined || !(parsed > 0 || isZero) || parsed > LATEST_DATE) {
    const seconds = allowsZero ? 'seconds, 0' : 'seconds above zero'
    throw wrong(path, `${seconds} or a string such as '5m'`, given)
  }
  if (typeof given === 'number' && given > maxPlainSeconds) {
    throw wrong(
      path,
      `a string with a unit where it is more than ${maxPlainSeconds} seconds, such as '${given}ms' or '${given}s'`,
      given,
    )
  }
  return parsed
}

/**
 * A duration that must be a string with a unit, in milliseconds. This is for options that other
 * programs take in milliseconds: a number could be meant so, whereas it means seconds in this
 * package.
 */
export function durationWithUnitOf(path: string, given: unknown): number | undefined {
  if (given === undefined) return undefined
  const parsed = millisecondsOf(given)
  if (parsed !== undefined && parsed > 0 && parsed <= LATEST_DATE) return parsed
  const isNumber = typeof given === 'number' && given > 0 && given <= LATEST_DATE
  if (!isNumber) throw wrong(path, "a string with a unit such as '200ms'", given)
  throw new ConfigurationError(
    `${path}: expected a string with a unit, got ${given}: write '${given}ms'`,
  )
}

/** The latest time that a Date can hold, in milliseconds since the epoch. */
const LATEST_DATE = 8.64e15

/** Refuses text without a unit, which the package `ms` would read as milliseconds, and users as seconds. */
function millisecondsOf(given: unknown): number | undefined {
  if (typeof given !== 'string' || !/[a-z]\s*$/i.test(given) || given.length > 100) return undefined
  return ms(given as ms.StringValue)
}

/** A number from 0 to 1. */
export function shareOf(path: string, given: unknown): number | undefined {
  if (given === undefined) return undefined
  if (typeof given === 'number' && given >= 0 && given <= 1) return given
  throw wrong(path, 'a number from 0 to 1', given)
}

/** A whole number above zero. */
export function wholeOf(path: string, given: unknown): number | undefined {
  if (given === undefined) return undefined
  if (Number.isSafeInteger(given) && Number(given) > 0) return Number(given)
  throw wrong(path, 'a whole number above zero', given)
}

/** A list of names that an application chooses, such as tags. */
export function namesOf(path: string, given: unknown): readonly string[] {
  for (const name of checkList(path, given)) {
    if (typeof name !== 'string' || name === '') throw wrong(path, 'names', given)
  }
  return (given ?? []) as readonly string[]
}

export function checkKeys(
  path: string,
  given: unknown,
  known: readonly string[],
  noun = 'option',
): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw wrong(path || 'cacheAside()', 'an object', given)
  }
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) throw unknownName(path, key, known, noun)
  }
}

export function checkList(path: string, given: unknown): readonly unknown[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) throw wrong(path, 'a list', given)
  return given
}

export function checkName(
  path: string,
  given: unknown,
  known: readonly string[],
  noun?: string,
): void {
  if (typeof given !== 'string') throw wrong(path, `one of ${known.join(', ')}`, given)
  if (!known.includes(given)) throw unknownName(path, given, known, noun ?? 'value')
}

export function checkOneOf(path: string, given: unknown, known: readonly string[]): void {
  if (given !== undefined) checkName(path, given, known)
}

export function checkString(path: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'string') throw wrong(path, 'a string', given)
}

export function checkBoolean(path: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'boolean') throw wrong(path, 'true or false', given)
}

export function checkFunction(path: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'function') throw wrong(path, 'a function', given)
}

/** A string for native code, which cuts a string at the first NUL. */
export function textOf(path: string, given: unknown): string | undefined {
  if (given === undefined) return undefined
  if (typeof given === 'string' && given !== '' && !given.includes('\0')) return given
  throw wrong(path, 'a string that is not empty and contains no NUL', given)
}

/** A string whose value no message may show, such as a password. */
export function secretOf(path: string, given: unknown): string | undefined {
  if (given === undefined || typeof given === 'string') return given
  throw new ConfigurationError(`${path}: expected a string, got a value of type ${typeof given}`)
}

export function wrong(path: string, expected: string, given: unknown): ConfigurationError {
  return new ConfigurationError(
    `${path}: expected ${expected}, got ${inspect(given, { depth: 0 })}`,
  )
}

function unknownName(
  path: string,
  given: string,
  known: readonly string[],
  noun: string,
): ConfigurationError {
  const where = path === '' ? '' : ` in ${path}`
  const nearest = known.length > 0 ? `; did you mean '${closest(given, known)}'?` : ''
  return new ConfigurationError(`unknown ${noun} '${given}'${where}${nearest}`)
}
