import { notApplicable } from './parameters.js'
import type { Elements, Selection } from './selection.js'

/**
 * Selects a range by index or by rank. A negative start counts from the end.
 *
 * @throws {Refusal} 26 if a single element is requested and the start is outside of the container.
 */
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
  // The part of the range before the beginning is cut off, which makes the range shorter.
  const end = Math.min(first + count, size)
  return { places: order.slice(start, Math.max(end, start)), start }
}

/**
 * Selects a range that starts at an offset from `anchor`. The part before the beginning is cut off,
 * which makes the range shorter.
 */
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
