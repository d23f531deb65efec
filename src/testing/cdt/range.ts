import { notApplicable } from './parameters.js'
import type { Elements, Selection } from './selection.js'

/** A range of an order, from an index that may count from the end; outside it a single one is refused. */
export function rangeIn(
  axis: 'index' | 'rank',
  { byIndex, byRank }: Elements,
  from: number,
  count: number,
  multiple: boolean,
): Selection {
  const { places, start } = sliceOf(axis === 'index' ? byIndex : byRank, from, count, multiple)
  const runs = [{ start, count: places.length }]
  return { places, ranges: { axis, runs, reducible: true, isAll: false } }
}

function sliceOf(
  order: readonly number[],
  from: number,
  count: number,
  multiple: boolean,
): { places: number[]; start: number } {
  const size = order.length
  if (!multiple && (from >= size || from < -size)) throw notApplicable(`index ${from} of ${size}`)
  const first = from < 0 ? from + size : Math.min(from, size)
  const start = Math.max(first, 0)
  // What of the range lies before the beginning counts, too.
  const end = Math.min(first + count, size)
  return { places: order.slice(start, Math.max(end, start)), start }
}

/** As `rangeIn`, counted from `anchor`; what lies before the beginning is taken off the count. */
export function rangeAround(
  axis: 'index' | 'rank',
  elements: Elements,
  anchor: number,
  offset: number,
  count: number,
): Selection {
  const from = anchor + offset
  return from < 0
    ? rangeIn(axis, elements, 0, Math.max(count + from, 0), true)
    : rangeIn(axis, elements, from, count, true)
}
