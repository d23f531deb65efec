import type { ListValue, Value } from '../wire/msgpack.js'
import { Refusal, ResultCode } from '../wire/result-code.js'
import { EXACTLY, isWithin, single } from './map-select.js'
import { compare } from './order.js'
import { type Parameters, TO_THE_END } from './parameters.js'
import { rangeAround, rangeIn } from './range.js'
import {
  type Elements,
  type Ranges,
  type ResultRequest,
  resultRequest,
  type Selection,
} from './selection.js'

// These are the codes of as/include/base/proto.h: AS_CDT_OP_LIST_*. The operations up to `getRange`
// are older than return types, so each of them has a fixed one.
const Get = {
  pop: 5,
  popRange: 6,
  remove: 7,
  removeRange: 8,
  trim: 10,
  get: 17,
  getRange: 18,
  byIndex: 19,
  byValue: 20,
  byRank: 21,
  allByValue: 22,
  byValueList: 23,
  byIndexRange: 24,
  byValueInterval: 25,
  byRankRange: 26,
  byValueRelativeRankRange: 27,
} as const
const RETURN_COUNT = 5
const RETURN_VALUE = 7
const INVERTED = 0x10000
/** The operations that select at most one element. */
const SINGLE_ELEMENT_GETS: ReadonlySet<number> = new Set([Get.byIndex, Get.byValue, Get.byRank])

export interface ListSelection {
  readonly elements: Elements
  readonly selection: Selection
  readonly request: ResultRequest
}

/** Selects the elements of a list for a get or remove operation. */
export function selectFromList(op: number, list: ListValue, args: Parameters): ListSelection {
  const elements = elementsOf(list)
  const old = oldOperation(op)
  if (old !== undefined) {
    const count = old.multiple ? args.natural(1, TO_THE_END) : 1
    const selection = indexRange(list, elements, args.integer(0), count, old.multiple)
    return { elements, request: resultRequest(old.returns, old.multiple), selection }
  }
  const request = resultRequest(args.natural(0), !SINGLE_ELEMENT_GETS.has(op))
  return { elements, request, selection: select(op, list, elements, args) }
}

function oldOperation(op: number): { returns: number; multiple: boolean } | undefined {
  switch (op) {
    case Get.get:
    case Get.pop:
      return { returns: RETURN_VALUE, multiple: false }
    case Get.getRange:
    case Get.popRange:
      return { returns: RETURN_VALUE, multiple: true }
    case Get.remove:
      return { returns: RETURN_COUNT, multiple: false }
    case Get.removeRange:
      return { returns: RETURN_COUNT, multiple: true }
    case Get.trim:
      return { returns: RETURN_COUNT | INVERTED, multiple: true }
    default:
      return undefined
  }
}

function elementsOf({ items }: ListValue): Elements {
  const places = items.map((_, place) => place)
  let byRank: number[] | undefined
  return {
    size: items.length,
    byIndex: places,
    get byRank() {
      byRank ??= places.toSorted((a, b) => compare(items[a] as Value, items[b] as Value) || a - b)
      return byRank
    },
    rankOf: (place) => {
      const item = items[place] as Value
      return items.filter((other) => compare(other, item) < 0).length
    },
    keyAt: undefined,
    valueAt: (place) => items[place] as Value,
  }
}

function select(op: number, list: ListValue, elements: Elements, args: Parameters): Selection {
  switch (op) {
    case Get.byIndex:
      return indexRange(list, elements, args.integer(1), 1, false)
    case Get.byIndexRange:
      return indexRange(list, elements, args.integer(1), args.natural(2, TO_THE_END), true)
    case Get.byRank:
      return rankRange(list, elements, args.integer(1), 1, false)
    case Get.byRankRange:
      return rankRange(list, elements, args.integer(1), args.natural(2, TO_THE_END), true)
    case Get.byValue: {
      const all = valueInterval(list, elements, args.value(1), EXACTLY)
      const start =
        isOrdered(list) && all.places.length === 0 ? 0 : (all.ranges?.runs[0]?.start ?? 0)
      const runs = [{ start, count: Math.min(all.places.length, 1) }]
      return { ...all, places: all.places.slice(0, 1), ranges: { ...rangesOf(list), runs } }
    }
    case Get.allByValue:
      return valueInterval(list, elements, args.value(1), EXACTLY)
    case Get.byValueInterval:
      return valueInterval(list, elements, args.value(1), args.optional(2))
    case Get.byValueList:
      return valueList(list, elements, args.items(1))
    case Get.byValueRelativeRankRange: {
      const anchor = list.items.filter((item) => compare(item, args.value(1)) < 0).length
      const count = args.natural(3, TO_THE_END)
      return ofList(list, rangeAround('rank', elements, anchor, args.integer(2), count))
    }
    default:
      throw new Refusal(ResultCode.parameter, `list operation ${op}`)
  }
}

function indexRange(
  list: ListValue,
  elements: Elements,
  from: number,
  count: number,
  multiple: boolean,
): Selection {
  const selection = rangeIn('index', elements, from, count, multiple)
  return isOrdered(list) ? ofList(list, selection) : withReturnableRanges(selection, 'index')
}

function rankRange(
  list: ListValue,
  elements: Elements,
  from: number,
  count: number,
  multiple: boolean,
): Selection {
  return ofList(list, rangeIn('rank', elements, from, count, multiple))
}

/** Completes a selection by rank. In an ordered list it is a selection by index as well. */
function ofList(list: ListValue, selection: Selection): Selection {
  if (isOrdered(list)) return withReturnableRanges(selection, 'both')
  const runs = selection.ranges?.runs ?? []
  const [{ start, count } = { start: 0, count: 0 }] = runs
  // The server starts at the nearer end, so it returns the lower half in reverse (cdt.c:
  // order_heap).
  const isLower = start <= list.items.length - start - count
  return {
    places: isLower ? selection.places.toReversed() : selection.places,
    ranges: { axis: 'rank', runs, returnable: 'any' },
    inStorageOrder: { index: true },
  }
}

function withReturnableRanges({ places, ranges }: Selection, axis: 'index' | 'both'): Selection {
  const runs = ranges?.runs ?? []
  return {
    places,
    ranges: { axis, runs, returnable: 'any', reducible: true, returnableReduced: false },
  }
}

function valueInterval(
  list: ListValue,
  elements: Elements,
  start: Value,
  end: Value | undefined | typeof EXACTLY,
): Selection {
  const { items } = list
  const places = elements.byRank.filter((place) => isWithin(items[place] as Value, start, end))
  const below = items.filter((item) => compare(item, start) < 0).length
  const runs = [{ start: below, count: places.length }]
  if (isOrdered(list))
    return withReturnableRanges({ places, ranges: { axis: 'both', runs } }, 'both')
  return {
    places,
    ranges: { ...rangesOf(list), runs },
    inStorageOrder: { index: true, elements: true },
  }
}

function valueList(list: ListValue, elements: Elements, values: readonly Value[]): Selection {
  const found = values.map((value) => valueInterval(list, elements, value, EXACTLY))
  const runs = found.flatMap(({ ranges }) => ranges?.runs ?? [])
  return {
    places: found.flatMap(({ places }) => places),
    ranges: { axis: 'rank', returnable: 'none', runs: runs.flatMap(single) },
    inStorageOrder: { index: true, elements: true },
    repeats: isOrdered(list),
  }
}

function rangesOf(list: ListValue): Omit<Ranges, 'runs'> {
  return isOrdered(list)
    ? { axis: 'both', returnable: 'any' }
    : { axis: 'rank', reversesEmpty: true }
}

function isOrdered({ flags }: ListValue): boolean {
  return (flags & 1) !== 0
}
