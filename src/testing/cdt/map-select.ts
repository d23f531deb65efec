import type { MapEntry, MapValue, Value } from '../wire/msgpack.js'
import { Refusal, ResultCode } from '../wire/result-code.js'
import { byKey, byValue, compare } from './order.js'
import { notApplicable, type Parameters, TO_THE_END } from './parameters.js'
import { rangeAround, rangeIn } from './range.js'
import {
  type Elements,
  type ResultRequest,
  type Run,
  resultRequest,
  type Selection,
} from './selection.js'

// These are the codes of as/include/base/proto.h: AS_CDT_OP_MAP_GET_*.
const Get = {
  byKey: 97,
  byIndex: 98,
  byValue: 99,
  byRank: 100,
  allByValue: 102,
  byKeyInterval: 103,
  byIndexRange: 104,
  byValueInterval: 105,
  byRankRange: 106,
  byKeyList: 107,
  byValueList: 108,
  byKeyRelativeIndexRange: 109,
  byValueRelativeRankRange: 110,
} as const
const KEY_ORDERED = 1
/** The operations that select at most one entry. */
const SINGLE_ENTRY_GETS: ReadonlySet<number> = new Set([
  Get.byKey,
  Get.byIndex,
  Get.byValue,
  Get.byRank,
])

export interface MapSelection {
  readonly elements: Elements
  readonly selection: Selection
  readonly request: ResultRequest
}

/** Selects the entries of a map for a get or remove operation. */
export function selectFromMap(op: number, map: MapValue, args: Parameters): MapSelection {
  const request = resultRequest(args.natural(0), !SINGLE_ENTRY_GETS.has(op))
  const elements = elementsOf(map)
  return { elements, request, selection: select(op, map, elements, args) }
}

function elementsOf({ entries }: MapValue): Elements {
  let byRank: number[] | undefined
  return {
    size: entries.length,
    byIndex: sorted(entries, byKey),
    // The entries are sorted by value only for operations that need it.
    get byRank() {
      byRank ??= sorted(entries, byValue)
      return byRank
    },
    keyAt: (place) => (entries[place] as MapEntry).key,
    valueAt: (place) => (entries[place] as MapEntry).value,
  }
}

function sorted(entries: readonly MapEntry[], order: typeof byKey): number[] {
  return entries
    .map((_, place) => place)
    .sort((a, b) => order(entries[a] as MapEntry, entries[b] as MapEntry))
}

function select(op: number, map: MapValue, elements: Elements, args: Parameters): Selection {
  switch (op) {
    case Get.byKey:
      return singleKey(map, elements, args.value(1))
    case Get.byKeyInterval:
      return keyInterval(map, elements, args.value(1), args.optional(2))
    case Get.byIndex:
      return rangeIn('index', elements, args.integer(1), 1, false)
    case Get.byIndexRange:
      return rangeIn('index', elements, args.integer(1), args.natural(2, TO_THE_END), true)
    case Get.byRank:
      return rangeIn('rank', elements, args.integer(1), 1, false)
    case Get.byRankRange:
      return rangeIn('rank', elements, args.integer(1), args.natural(2, TO_THE_END), true)
    case Get.byValue:
      return firstOf(valueInterval(map, elements, args.value(1), EXACTLY))
    case Get.allByValue:
      return valueInterval(map, elements, args.value(1), EXACTLY)
    case Get.byValueInterval:
      return valueInterval(map, elements, args.value(1), args.optional(2))
    case Get.byKeyList:
      if (isRank(args.natural(0))) throw notApplicable('ranks of a list of keys')
      return keyList(map, elements, args.items(1))
    case Get.byValueList:
      return valueList(map, elements, args.items(1))
    case Get.byKeyRelativeIndexRange: {
      const anchor = map.entries.filter(({ key }) => compare(key, args.value(1)) < 0).length
      return rangeAround('index', elements, anchor, args.integer(2), args.natural(3, TO_THE_END))
    }
    case Get.byValueRelativeRankRange: {
      const anchor = map.entries.filter(({ value }) => compare(value, args.value(1)) < 0).length
      return rangeAround('rank', elements, anchor, args.integer(2), args.natural(3, TO_THE_END))
    }
    default:
      throw new Refusal(ResultCode.parameter, `map operation ${op}`)
  }
}

/** Selects one key. If it is missing, the range begins at -1 (as/src/base/particle_map.c). */
function singleKey(map: MapValue, elements: Elements, key: Value): Selection {
  const selection = keyInterval(map, elements, key, EXACTLY)
  if (selection.places.length > 0) return selection
  return { places: [], ranges: { axis: 'index', runs: [{ start: -1, count: 0 }] } }
}

/** Selects the keys from `start` up to, but not including, `end`. */
function keyInterval(
  { entries, flags }: MapValue,
  elements: Elements,
  start: Value,
  end: Value | undefined | typeof EXACTLY,
): Selection {
  const places = elements.byIndex.filter((place) =>
    isWithin((entries[place] as MapEntry).key, start, end),
  )
  const below = entries.filter(({ key }) => compare(key, start) < 0).length
  const runs = [{ start: below, count: places.length }]
  const isOrdered = (flags & KEY_ORDERED) !== 0
  return {
    places,
    ranges: { axis: 'index', runs, reducible: isOrdered, reversesEmpty: !isOrdered },
  }
}

function valueInterval(
  { entries }: MapValue,
  elements: Elements,
  start: Value,
  end: Value | undefined | typeof EXACTLY,
): Selection {
  const places = elements.byRank.filter((place) =>
    isWithin((entries[place] as MapEntry).value, start, end),
  )
  const below = entries.filter(({ value }) => compare(value, start) < 0).length
  const run = { start: entries.length === 0 ? -1 : below, count: places.length }
  return {
    places,
    ranges: { axis: 'rank', runs: [run], reducible: run.count === 0 && entries.length > 0 },
    inStorageOrder: { index: true, elements: true },
  }
}

function keyList(map: MapValue, elements: Elements, keys: readonly Value[]): Selection {
  const found = keys.map((key) => keyInterval(map, elements, key, EXACTLY))
  const places = found.flatMap((selection) => selection.places)
  const runs = found.flatMap(({ ranges }) => ranges?.runs ?? []).flatMap(single)
  const isOrdered = (map.flags & KEY_ORDERED) !== 0
  return {
    places,
    ...(!isOrdered && { ranges: { axis: 'index', returnable: 'none', runs } }),
    inStorageOrder: { elements: true },
  }
}

function valueList(map: MapValue, elements: Elements, values: readonly Value[]): Selection {
  const found = values.map((value) => valueInterval(map, elements, value, EXACTLY))
  const runs = found.flatMap(({ ranges }) => ranges?.runs ?? []).flatMap(single)
  return {
    places: found.flatMap(({ places }) => places),
    ranges: { axis: 'rank', returnable: 'none', runs },
    inStorageOrder: { index: true, elements: true },
  }
}

/** Returns whether the result type is RESULT_TYPE_RANK or RESULT_TYPE_REVRANK. */
function isRank(flags: number): boolean {
  const type = flags & 0xffff
  return type === 3 || type === 4
}

/** Splits a run into runs of one element each. */
export function single({ start, count }: Run): Run[] {
  return Array.from({ length: count }, (_, i) => ({ start: start + i, count: 1 }))
}

/** Keeps only the first entry: among entries with equal values, the one with the smallest key. */
function firstOf({ places, ranges, ...rest }: Selection): Selection {
  const [run] = ranges?.runs ?? []
  if (run === undefined || places.length === 0)
    return { places, ...(ranges && { ranges }), ...rest }
  const runs = [{ start: run.start, count: 1 }]
  return { places: places.slice(0, 1), ranges: { axis: 'rank', runs }, ...rest }
}

/** Used instead of the end of an interval to select only elements that equal its start. */
export const EXACTLY = Symbol('exactly')

export function isWithin(
  value: Value,
  start: Value,
  end: Value | undefined | typeof EXACTLY,
): boolean {
  if (end === EXACTLY) return compare(value, start) === 0
  return compare(value, start) >= 0 && (end === undefined || compare(value, end) < 0)
}
