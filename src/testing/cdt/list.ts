import type { ListValue, Value } from '../wire/msgpack.js'
import { Refusal, ResultCode } from '../wire/result-code.js'
import { selectFromList } from './list-select.js'
import { normalise } from './normalise.js'
import { add } from './number.js'
import { compare } from './order.js'
import { notApplicable, type Parameters } from './parameters.js'
import { answerSelection } from './selection-answer.js'
import type { Slot } from './slot.js'

// These are the codes of as/include/base/proto.h: AS_CDT_OP_LIST_*.
const ListOp = {
  setType: 0,
  append: 1,
  appendItems: 2,
  insert: 3,
  insertItems: 4,
  pop: 5,
  popRange: 6,
  remove: 7,
  removeRange: 8,
  set: 9,
  trim: 10,
  clear: 11,
  increment: 12,
  sort: 13,
  size: 16,
  get: 17,
  getRange: 18,
} as const

/** The write flags AS_CDT_LIST_*. */
const Write = { unique: 1, bounded: 2, noFail: 4, partial: 8 } as const
const ORDERED = 1
const PERSISTED_INDEX = 0x10
/** Maps the code of each remove operation to the code of its get operation: 32 to 19, and so on. */
const REMOVE_TO_GET = new Map(Array.from({ length: 9 }, (_, i) => [32 + i, 19 + i]))
/** The largest index that a server accepts. */
const MAX_INDEX = 0x7fff_ffff

export function readList(op: number, list: ListValue, args: Parameters): Value | undefined {
  if (op === ListOp.size) return sizeOf(list)
  const { elements, selection, request } = selectFromList(op, list, args)
  return answerSelection(elements, selection, request).result
}

/** Executes an operation that may change the list, or create it if there is none. */
export function modifyList(op: number, slot: Slot, args: Parameters): Value | undefined {
  switch (op) {
    case ListOp.setType:
      return setType(listAt(slot, 0), args.natural(0))
    case ListOp.append:
      return append(listAt(slot, args.natural(1, 0)), [args.value(0)], args.natural(2, 0))
    case ListOp.appendItems:
      return append(listAt(slot, args.natural(1, 0)), args.items(0), args.natural(2, 0))
    case ListOp.insert:
      return insert(listAt(slot, 0), args.integer(0), [args.value(1)], args.natural(2, 0))
    case ListOp.insertItems:
      return insert(listAt(slot, 0), args.integer(0), args.items(1), args.natural(2, 0))
    case ListOp.set:
      return set(listAt(slot, 0), args.integer(0), normalise(args.value(1)), args.natural(2, 0))
    case ListOp.increment:
      return increment(listAt(slot, args.natural(2, 0)), args)
    case ListOp.sort:
      if (slot.value === undefined) throw new Refusal(ResultCode.incompatibleType, 'no list')
      return sort(listAt(slot, 0), args.natural(0, 0))
  }
  // The other operations do nothing if there is no list, and do not create one.
  if (slot.value === undefined) return undefined
  const list = listAt(slot, 0)
  if (op === ListOp.clear) {
    list.items = []
    return undefined
  }
  return remove(op, list, args)
}

function listAt(slot: Slot, createFlags: number): ListValue {
  if (slot.value?.kind === 'list') return slot.value
  const list: ListValue = { kind: 'list', flags: createFlags & ORDERED, items: [] }
  slot.put(list)
  return list
}

function setType(list: ListValue, flags: number): undefined {
  if ((flags & ~(ORDERED | PERSISTED_INDEX)) !== 0) throw notApplicable(`list order ${flags}`)
  list.flags = flags & ORDERED
  if (isOrdered(list)) list.items.sort(compare)
}

function append(list: ListValue, values: readonly Value[], flags: number): Value {
  if (!isOrdered(list)) return insert(list, list.items.length, values, flags)
  list.items.push(...admitted(list, values, flags))
  list.items.sort(compare)
  return sizeOf(list)
}

function insert(list: ListValue, at: number, values: readonly Value[], flags: number): Value {
  if (isOrdered(list)) throw notApplicable('insert into an ordered list')
  if (values.length === 0) return sizeOf(list)
  const size = list.items.length
  const index = at < 0 ? at + size : at
  if (index < 0 || at > MAX_INDEX) throw notApplicable(`index ${at} of ${size}`)
  if (flags & Write.bounded && index > size) {
    if (flags & Write.noFail) return sizeOf(list)
    throw notApplicable(`index ${at} of ${size}`)
  }
  const added = admitted(list, values, flags)
  if (added.length === 0) return sizeOf(list)
  padTo(list, index)
  list.items.splice(index, 0, ...added)
  return sizeOf(list)
}

/** Returns the values that the flags allow: with `unique`, those that are not in the list yet. */
function admitted(list: ListValue, values: readonly Value[], flags: number): Value[] {
  const stored = values.map(normalise)
  if (!(flags & Write.unique)) return stored
  const admitted: Value[] = []
  for (const value of stored) {
    const has = [...list.items, ...admitted].some((item) => compare(item, value) === 0)
    if (!has) admitted.push(value)
    else if (!(flags & Write.noFail)) {
      throw new Refusal(ResultCode.elementExists, 'the list has the value')
    } else if (!(flags & Write.partial)) return []
  }
  return admitted
}

function set(list: ListValue, at: number, value: Value, flags: number): undefined {
  if (isOrdered(list)) throw notApplicable('set in an ordered list')
  const size = list.items.length
  if (at >= size) {
    insert(list, at, [value], flags)
    return undefined
  }
  const index = at < 0 ? at + size : at
  if (index < 0) throw notApplicable(`index ${at} of ${size}`)
  const isDuplicate =
    flags & Write.unique &&
    list.items.some((item, other) => other !== index && compare(item, value) === 0)
  if (isDuplicate) {
    if (flags & Write.noFail) return undefined
    throw new Refusal(ResultCode.elementExists, 'the list has the value')
  }
  list.items[index] = value
}

function increment(list: ListValue, args: Parameters): Value {
  const at = args.integer(0)
  const size = list.items.length
  const index = at < 0 ? at + size : at
  if (index < 0 || at > MAX_INDEX) throw notApplicable(`index ${at} of ${size}`)
  const sum = add(list.items[index], args.optional(1), 1)
  if (!isOrdered(list)) {
    set(list, index, sum, args.natural(3, 0))
    return sum
  }
  if (index > size) throw notApplicable(`index ${at} of ${size}`)
  list.items.splice(index, 1)
  list.items.push(...admitted(list, [sum], args.natural(3, 0)))
  list.items.sort(compare)
  return sum
}

function sort(list: ListValue, flags: number): undefined {
  const isDescending = (flags & 1) !== 0
  const dropsDuplicates = (flags & 2) !== 0
  if (isDescending && dropsDuplicates && !isOrdered(list) && list.items.length > 1) {
    throw new Refusal(ResultCode.parameter, 'descending and without duplicates at once')
  }
  if (!isOrdered(list)) list.items.sort((a, b) => (isDescending ? compare(b, a) : compare(a, b)))
  if (!dropsDuplicates) return
  list.items = list.items.filter(
    (item, i) => i === 0 || compare(item, list.items[i - 1] as Value) !== 0,
  )
}

function remove(op: number, list: ListValue, args: Parameters): Value | undefined {
  const get = REMOVE_TO_GET.get(op) ?? op
  const { elements, selection, request } = selectFromList(get, list, args)
  const { places, result } = answerSelection(elements, selection, request)
  list.items = list.items.filter((_, place) => !places.has(place))
  return result
}

function padTo(list: ListValue, index: number): void {
  // A list with more than a mebibyte of nils would be too large to store anyway.
  if (index > 1024 * 1024) throw new Refusal(ResultCode.recordTooBig, `index ${index}`)
  while (list.items.length < index) list.items.push({ kind: 'nil' })
}

function isOrdered(list: ListValue): boolean {
  return (list.flags & ORDERED) !== 0
}

function sizeOf(list: ListValue): Value {
  return { kind: 'int', value: BigInt(list.items.length) }
}
