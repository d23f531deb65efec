import type { Value } from '../wire/msgpack.js'
import { notApplicable } from './parameters.js'
import type { Elements, Ranges, ResultRequest, Run, Selection } from './selection.js'

// These are the types of results of an operation (as/include/base/proto.h: RESULT_TYPE_*).
const Returns = {
  none: 0,
  index: 1,
  reverseIndex: 2,
  rank: 3,
  reverseRank: 4,
  count: 5,
  key: 6,
  value: 7,
  keyValue: 8,
  indexRange: 9,
  reverseIndexRange: 10,
  rankRange: 11,
  reverseRankRange: 12,
  exists: 13,
  unorderedMap: 16,
  orderedMap: 17,
} as const
const PRESERVE_ORDER = 8

export interface Outcome {
  readonly result: Value | undefined
  /** The selected places after inversion, which a remove operation removes. */
  readonly places: ReadonlySet<number>
}

/** Returns the answer of an operation to a selection, and the places that a remove would remove. */
export function answerSelection(
  elements: Elements,
  selection: Selection,
  request: ResultRequest,
): Outcome {
  const reduced = request.inverted ? reduce(elements, selection) : undefined
  if (reduced !== undefined) {
    return answerSelection(elements, reduced, { ...request, inverted: false })
  }
  const selected = new Set(selection.places)
  const complement = request.inverted
    ? storageOrder(elements).filter((place) => !selected.has(place))
    : undefined
  const places = complement === undefined ? selected : new Set(complement)
  return { places, result: result(elements, selection, request, complement) }
}

/**
 * Inverts a selection into a range, if possible: if the selection is a range at one end, the rest
 * is a range too, and if the selection is empty, the rest is everything.
 */
function reduce(elements: Elements, { places, ranges }: Selection): Selection | undefined {
  const run = ranges?.runs[0]
  if (ranges?.reducible !== true || run === undefined) return undefined
  const { size } = elements
  const returnable = ranges.returnableReduced === false ? 'none' : (ranges.returnable ?? 'own')
  if (places.length === 0) {
    const runs = [{ start: 0, count: size }]
    const isAll = ranges.isAll === undefined
    const all = isAll ? storageOrder(elements) : axisOrder(elements, ranges.axis)
    return { places: all, ranges: { ...ranges, runs, returnable, isAll } }
  }
  if (run.start > 0 && run.start + run.count < size) return undefined
  const rest = axisOrder(elements, ranges.axis).filter((place) => !places.includes(place))
  const runs = [{ start: run.start === 0 ? run.count : 0, count: rest.length }]
  return { places: rest, ranges: { ...ranges, runs, returnable } }
}

function axisOrder({ byIndex, byRank }: Elements, axis: Ranges['axis']): readonly number[] {
  return axis === 'rank' ? byRank : byIndex
}

function result(
  elements: Elements,
  selection: Selection,
  request: ResultRequest,
  complement: readonly number[] | undefined,
): Value | undefined {
  const { type } = request
  const storage = selection.inStorageOrder ?? {}
  const listed = (inStorageOrder = false) =>
    complement ?? (inStorageOrder ? ascending(selection.places) : selection.places)
  switch (type) {
    case Returns.none:
      return undefined
    case Returns.count:
      return integer(new Set(listed()).size)
    case Returns.exists:
      return { kind: 'bool', value: exists(selection, listed(), request) }
    case Returns.index:
    case Returns.reverseIndex: {
      const isReversed = type === Returns.reverseIndex
      const numbers =
        runNumbers('index', isReversed, elements, selection, request) ??
        numbersOf(elements.byIndex, listed(storage.index), isReversed)
      return integers(numbers, request)
    }
    case Returns.rank:
    case Returns.reverseRank: {
      const isReversed = type === Returns.reverseRank
      const numbers =
        runNumbers('rank', isReversed, elements, selection, request) ??
        ranksOf(elements, listed(), isReversed)
      return integers(numbers, request)
    }
    case Returns.indexRange:
    case Returns.reverseIndexRange:
      return rangeOf('index', type === Returns.reverseIndexRange, elements, selection, request)
    case Returns.rankRange:
    case Returns.reverseRankRange:
      return rangeOf('rank', type === Returns.reverseRankRange, elements, selection, request)
    default:
      return elementsOf(
        elements,
        selection.repeats && complement === undefined
          ? selection.places
          : unique(listed(storage.elements)),
        request,
      )
  }
}

/**
 * For an inverted range by rank, the server returns whether the range before inversion is empty.
 */
function exists(
  { places, ranges }: Selection,
  listed: readonly number[],
  { inverted }: ResultRequest,
): boolean {
  if (inverted && ranges?.axis === 'rank' && ranges.returnable !== 'none')
    return places.length === 0
  return listed.length > 0
}

/** Returns the numbers in ranges. Each range is ascending, even if it is counted from the end. */
function runNumbers(
  axis: 'index' | 'rank',
  isReversed: boolean,
  { size }: Elements,
  { ranges }: Selection,
  { inverted }: ResultRequest,
): number[] | undefined {
  if (ranges === undefined) return undefined
  const isWhole = ranges.axis === 'index' && ranges.runs[0]?.count === size
  const isAll = !inverted && (isWhole || ranges.isAll === true)
  if (ranges.axis !== axis && ranges.axis !== 'both' && !isAll) return undefined
  const runs = inverted ? gaps(ranges.runs, size) : ranges.runs
  return runs.flatMap(({ start, count }) => {
    const first = isReversed ? size - start - count : start
    return Array.from({ length: count }, (_, i) => first + i)
  })
}

/** Returns the runs between the given runs. */
function gaps(runs: readonly Run[], size: number): Run[] {
  const left: Run[] = []
  let at = 0
  for (const { start, count } of runs.toSorted((a, b) => a.start - b.start)) {
    if (start > at) left.push({ start: at, count: start - at })
    at = Math.max(at, start + count)
  }
  if (at < size) left.push({ start: at, count: size - at })
  return left
}

function elementsOf(
  { keyAt, valueAt }: Elements,
  places: readonly number[],
  { type, multiple }: ResultRequest,
): Value | undefined {
  if (type === Returns.value) return oneOrAll(places.map(valueAt), multiple)
  if (keyAt === undefined) throw notApplicable('a list has no keys')
  switch (type) {
    case Returns.key:
      return oneOrAll(places.map(keyAt), multiple)
    case Returns.keyValue:
    case Returns.unorderedMap:
    case Returns.orderedMap: {
      const inOrder = type === Returns.orderedMap ? ascending(places) : places
      const entries = inOrder.map((place) => ({ key: keyAt(place), value: valueAt(place) }))
      const flags = type === Returns.keyValue ? PRESERVE_ORDER : type === Returns.orderedMap ? 1 : 0
      return { kind: 'map', flags, entries }
    }
    default:
      throw notApplicable(`return type ${type}`)
  }
}

function rangeOf(
  axis: 'index' | 'rank',
  reversed: boolean,
  elements: Elements,
  { ranges }: Selection,
  { inverted }: ResultRequest,
): Value {
  const run = ranges?.runs[0]
  const left = inverted ? elements.size - (run?.count ?? 0) : (run?.count ?? 0)
  if (run === undefined || !canReturn(ranges, axis, left) || (inverted && left > 0)) {
    throw notApplicable(`no range of ${axis}`)
  }
  const count = inverted ? 0 : run.count
  const isReversed = reversed && (count > 0 || (ranges?.reversesEmpty ?? false))
  const first = isReversed ? elements.size - run.start - count : run.start
  return { kind: 'list', flags: 0, items: [integer(first), integer(count)] }
}

function canReturn(ranges: Ranges | undefined, axis: 'index' | 'rank', count: number): boolean {
  if (ranges === undefined || ranges.returnable === 'none') return false
  if (ranges.returnable === 'any' && count === 0) return true
  return ranges.axis === axis || ranges.axis === 'both'
}

function integers(numbers: readonly number[], { multiple }: ResultRequest): Value {
  if (!multiple) return integer(numbers[0] ?? -1)
  return { kind: 'list', flags: 0, items: numbers.map(integer) }
}

function oneOrAll(values: Value[], multiple: boolean): Value | undefined {
  return multiple ? { kind: 'list', flags: 0, items: values } : values[0]
}

function numbersOf(
  order: readonly number[],
  places: readonly number[],
  reversed: boolean,
): number[] {
  const numberOf = new Map(order.map((place, number) => [place, number]))
  return places.map((place) => {
    const number = numberOf.get(place) as number
    return reversed ? order.length - number - 1 : number
  })
}

function ranksOf(elements: Elements, places: readonly number[], reversed: boolean): number[] {
  const { rankOf, byRank, size } = elements
  if (rankOf === undefined) return numbersOf(byRank, places, reversed)
  return places.map((place) => (reversed ? size - rankOf(place) - 1 : rankOf(place)))
}

function integer(value: number): Value {
  return { kind: 'int', value: BigInt(value) }
}

function storageOrder(elements: Elements): number[] {
  return Array.from({ length: elements.size }, (_, place) => place)
}

function ascending(places: readonly number[]): number[] {
  return [...places].sort((a, b) => a - b)
}

function unique(places: readonly number[]): number[] {
  return [...new Set(places)]
}
