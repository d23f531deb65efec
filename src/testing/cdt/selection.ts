import type { Value } from '../wire/msgpack.js'
import { notApplicable } from './parameters.js'

/** The flag of a result type that requests the elements which are not selected. */
const INVERTED = 0x10000

/**
 * The elements of a list or map. Each has a place in storage, and two numbers: its index, and its
 * rank in the order of values.
 */
export interface Elements {
  readonly size: number
  /**
   * The places ordered by index, which is the position in a list and the order of keys in a map.
   */
  readonly byIndex: readonly number[]
  /** The places ordered by value. */
  readonly byRank: readonly number[]
  /**
   * The rank of an element of a list: equal elements have the same one, the number of smaller ones.
   */
  readonly rankOf?: (place: number) => number
  readonly keyAt: ((place: number) => Value) | undefined
  readonly valueAt: (place: number) => Value
}

/** The selected elements, before the selection is inverted. */
export interface Selection {
  /** Places in storage. A place occurs twice if the element was requested twice. */
  readonly places: readonly number[]
  /**
   * The ranges that the selection consists of, if it consists of ranges of one of the two orders.
   */
  readonly ranges?: Ranges
  /** The kinds of answers that have the order of storage instead of that of `places`. */
  readonly inStorageOrder?: { readonly index?: boolean; readonly elements?: boolean }
  /** Whether an element that was requested twice is returned twice. @default false */
  readonly repeats?: boolean
}

export interface Ranges {
  /** The order of the ranges; `both` in an ordered list, where index and rank are the same. */
  readonly axis: 'index' | 'rank' | 'both'
  readonly runs: readonly Run[]
  /**
   * The range that the server can return: only that of its own axis; with `any`, also that of the
   * other axis if nothing is selected; or none.
   *
   * @default 'own'
   */
  readonly returnable?: 'own' | 'any' | 'none'
  /** Whether the server can return a range after inversion has reduced it. @default true */
  readonly returnableReduced?: boolean
  /** Whether inversion turns the rest into a range, if it is one. @default false */
  readonly reducible?: boolean
  /**
   * Whether the server treats the selection as all elements, so that it just counts their numbers.
   */
  readonly isAll?: boolean
  /** Whether an empty range is also counted from the end if that was requested. @default false */
  readonly reversesEmpty?: boolean
}

/** Consecutive elements in one of the two orders. */
export interface Run {
  readonly start: number
  readonly count: number
}

/** The form of the answer that an operation requests. */
export interface ResultRequest {
  readonly type: number
  /** Whether to return the elements that are not selected. */
  readonly inverted: boolean
  /** Whether the answer is a list, even of one element. */
  readonly multiple: boolean
}

export function resultRequest(flags: number, multiple: boolean): ResultRequest {
  const inverted = (flags & INVERTED) !== 0
  if (inverted && !multiple) throw notApplicable('an inverted selection of a single element')
  return { type: flags & 0xffff, inverted, multiple }
}
