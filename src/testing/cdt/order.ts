import type { MapEntry, Value } from '../wire/msgpack.js'

// The order of types, and below the order of values of one type, is that of cf/src/msgpack_in.c.
const TYPE_ORDER: Readonly<Record<Value['kind'], number>> = {
  nil: 1,
  bool: 2,
  int: 3,
  string: 4,
  list: 5,
  map: 6,
  bytes: 7,
  double: 8,
  geojson: 9,
  wildcard: 10,
  infinity: 11,
}

/**
 * Compares two values: the result is below, equal to or above zero, as for `Array.sort`. A wildcard
 * equals every value.
 */
export function compare(a: Value, b: Value): number {
  if (a.kind === 'wildcard' || b.kind === 'wildcard') return 0
  if (a.kind !== b.kind) return TYPE_ORDER[a.kind] - TYPE_ORDER[b.kind]
  switch (a.kind) {
    case 'bool':
      return Number(a.value) - Number((b as typeof a).value)
    case 'int':
    case 'double':
      return order(a.value, (b as typeof a).value)
    case 'string':
    case 'bytes':
    case 'geojson':
      return Buffer.compare(a.value, (b as typeof a).value)
    case 'list':
      return compareItems(a.items, (b as typeof a).items)
    case 'map': {
      const others = (b as typeof a).entries
      // Maps of different sizes are ordered by size alone.
      return a.entries.length - others.length || compareEntries(a.entries, others)
    }
    default:
      return 0
  }
}

function order<T extends bigint | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareItems(a: readonly Value[], b: readonly Value[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const left = a[i] as Value
    const right = b[i] as Value
    // A wildcard ends the comparison: [1, *] matches every list that begins with 1.
    if (left.kind === 'wildcard' || right.kind === 'wildcard') return 0
    const difference = compare(left, right)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function compareEntries(a: readonly MapEntry[], b: readonly MapEntry[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i] as MapEntry
    const difference = compare(left.key, right.key) || compare(left.value, right.value)
    if (difference !== 0) return difference
  }
  return 0
}

export function byKey(a: MapEntry, b: MapEntry): number {
  return compare(a.key, b.key)
}

/** Compares entries by value, and entries with equal values by key. */
export function byValue(a: MapEntry, b: MapEntry): number {
  return compare(a.value, b.value) || compare(a.key, b.key)
}
