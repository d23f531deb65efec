import type { MapEntry, Value } from '../wire/msgpack.js'
import { Refusal, ResultCode } from '../wire/result-code.js'
import { byKey, compare } from './order.js'

/**
 * Converts a value from a client to the form in which the server stores it: the entries of maps are
 * ordered by key.
 *
 * @throws {Refusal} 4 if the value cannot be stored: a map key has a wrong type or occurs twice, or
 *   a container with the flag for ordered is not in order.
 */
export function normalise(value: Value): Value {
  switch (value.kind) {
    case 'wildcard':
    case 'infinity':
      throw new Refusal(ResultCode.parameter, `${value.kind} cannot be stored`)
    case 'list': {
      const items = value.items.map(normalise)
      if (value.flags & 1 && !isAscending(items, compare)) {
        throw new Refusal(ResultCode.parameter, 'an ordered list that is not in order')
      }
      return { kind: 'list', flags: value.flags, items }
    }
    case 'map': {
      const entries = value.entries.map((entry) => ({
        key: normalise(entry.key),
        value: normalise(entry.value),
      }))
      for (const { key } of entries) assertKey(key)
      if (value.flags & 1 && !isAscending(entries, byKey)) {
        throw new Refusal(ResultCode.parameter, 'an ordered map that is not in order')
      }
      return { kind: 'map', flags: value.flags, entries: inKeyOrder(entries) }
    }
    default:
      return value
  }
}

/** Only integers, strings and blobs can be map keys (as/src/base/particle_map.c: map_is_key). */
export function assertKey(key: Value): void {
  if (key.kind === 'int' || key.kind === 'string') return
  if (key.kind === 'bytes' && key.value[0] === 4) return
  throw new Refusal(ResultCode.parameter, `a map key of type ${key.kind}`)
}

function isAscending<T>(elements: readonly T[], order: (a: T, b: T) => number): boolean {
  return elements.every((element, i) => i === 0 || order(elements[i - 1] as T, element) <= 0)
}

function inKeyOrder(entries: MapEntry[]): MapEntry[] {
  const sorted = entries.toSorted(byKey)
  for (let i = 1; i < sorted.length; i++) {
    if (byKey(sorted[i - 1] as MapEntry, sorted[i] as MapEntry) === 0) {
      throw new Refusal(ResultCode.parameter, 'a map key that occurs twice')
    }
  }
  return sorted
}
