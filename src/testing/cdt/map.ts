import type { MapEntry, MapValue, Value } from '../wire/msgpack.js'
import { Refusal, ResultCode } from '../wire/result-code.js'
import { selectFromMap } from './map-select.js'
import { assertKey, normalise } from './normalise.js'
import { add } from './number.js'
import { byKey, compare } from './order.js'
import { notApplicable, type Parameters } from './parameters.js'
import { answerSelection } from './selection-answer.js'
import type { Slot } from './slot.js'

// These are the codes of as/include/base/proto.h: AS_CDT_OP_MAP_*.
const MapOp = {
  setType: 64,
  add: 65,
  addItems: 66,
  put: 67,
  putItems: 68,
  replace: 69,
  replaceItems: 70,
  increment: 73,
  decrement: 74,
  clear: 75,
  size: 96,
} as const

/** The write flags AS_CDT_MAP_*. */
const Write = { noOverwrite: 1, noCreate: 2, noFail: 4, partial: 8 } as const
const KEY_ORDERED = 1
const VALUE_ORDERED = 2
const PERSISTED_INDEX = 0x10

/** Maps the code of each remove operation to the code of its get operation. */
const REMOVE_TO_GET: ReadonlyMap<number, number> = new Map([
  [76, 97],
  [77, 98],
  [78, 99],
  [79, 100],
  [81, 107],
  [82, 102],
  [83, 108],
  [84, 103],
  [85, 104],
  [86, 105],
  [87, 106],
  [88, 109],
  [89, 110],
])

export function readMap(op: number, map: MapValue, args: Parameters): Value | undefined {
  if (op === MapOp.size) return sizeOf(map)
  const selected = selectFromMap(op, map, args)
  return answerSelection(selected.elements, selected.selection, selected.request).result
}

/** Executes an operation that may change the map, or create it if there is none. */
export function modifyMap(op: number, slot: Slot, args: Parameters): Value | undefined {
  switch (op) {
    case MapOp.setType:
      return setType(mapAt(slot, 0), args.natural(0))
    case MapOp.add:
      return put(mapAt(slot, args.natural(2, 0)), args, Write.noOverwrite)
    case MapOp.put:
      return put(mapAt(slot, args.natural(2, 0)), args, args.natural(3, 0))
    case MapOp.replace:
      return put(mapAt(slot, 0), args, Write.noCreate)
    case MapOp.addItems:
      return putItems(mapAt(slot, args.natural(1, 0)), args.value(0), Write.noOverwrite)
    case MapOp.putItems:
      return putItems(mapAt(slot, args.natural(1, 0)), args.value(0), args.natural(2, 0))
    case MapOp.replaceItems:
      if (slot.value === undefined) throw new Refusal(ResultCode.elementNotFound, 'no map')
      return putItems(mapAt(slot, 0), args.value(0), Write.noCreate)
    case MapOp.increment:
    case MapOp.decrement:
      return increment(mapAt(slot, args.natural(2, 0)), args, op === MapOp.increment ? 1 : -1)
  }
  // The other operations do nothing if there is no map, and do not create one.
  if (slot.value === undefined) return undefined
  const map = mapAt(slot, 0)
  if (op === MapOp.clear) {
    map.entries = []
    return undefined
  }
  return remove(op, map, args)
}

function mapAt(slot: Slot, createFlags: number): MapValue {
  if (slot.value?.kind === 'map') return slot.value
  const map: MapValue = {
    kind: 'map',
    flags: createFlags & (KEY_ORDERED | VALUE_ORDERED),
    entries: [],
  }
  slot.put(map)
  return map
}

function setType(map: MapValue, flags: number): undefined {
  if ((flags & ~(KEY_ORDERED | VALUE_ORDERED | PERSISTED_INDEX)) !== 0) {
    throw notApplicable(`map order ${flags}`)
  }
  map.flags = flags & (KEY_ORDERED | VALUE_ORDERED)
}

function put(map: MapValue, args: Parameters, flags: number): Value {
  const key = args.value(0)
  assertKey(key)
  if (mayWrite(map, key, flags)) {
    write(map, { key: normalise(key), value: normalise(args.value(1)) })
  }
  return sizeOf(map)
}

function putItems(map: MapValue, items: Value, flags: number): Value {
  if (items.kind !== 'map') throw new Refusal(ResultCode.parameter, 'items that are not a map')
  const incoming = normalise(items) as MapValue
  if (map.entries.length === 0 && flags & Write.noCreate) {
    if (incoming.entries.length > 0 && !(flags & Write.noFail)) {
      throw new Refusal(ResultCode.elementNotFound, 'nothing to update')
    }
    // With `partial`, server 8.1.0.3 creates the entries in spite of `noCreate` (particle_map.c).
    if (flags & Write.partial) map.entries = incoming.entries
    return sizeOf(map)
  }
  const written = incoming.entries.filter((entry) => mayWrite(map, entry.key, flags))
  const isPartial = written.length < incoming.entries.length
  if (isPartial && !(flags & Write.partial)) return sizeOf(map)
  for (const entry of written) write(map, entry)
  return sizeOf(map)
}

/**
 * Returns whether the flags allow writing this key.
 *
 * @throws {Refusal} if they do not, unless the flag `noFail` is set.
 */
function mayWrite(map: MapValue, key: Value, flags: number): boolean {
  const exists = map.entries.some((entry) => compare(entry.key, key) === 0)
  if ((flags & (exists ? Write.noOverwrite : Write.noCreate)) === 0) return true
  if (flags & Write.noFail) return false
  throw exists
    ? new Refusal(ResultCode.elementExists, 'the key is in the map')
    : new Refusal(ResultCode.elementNotFound, 'the key is not in the map')
}

function increment(map: MapValue, args: Parameters, sign: 1 | -1): Value {
  const key = args.value(0)
  const old = map.entries.find((entry) => compare(entry.key, key) === 0)
  const sum = add(old?.value, args.optional(1), sign)
  assertKey(key)
  write(map, { key: normalise(key), value: sum })
  return sum
}

/**
 * Writes an entry at its place, because the server keeps the entries of every map ordered by key.
 */
function write(map: MapValue, entry: MapEntry): void {
  const { entries } = map
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (byKey(entries[middle] as MapEntry, entry) < 0) low = middle + 1
    else high = middle
  }
  const replaced = entries[low] !== undefined && byKey(entries[low] as MapEntry, entry) === 0
  entries.splice(low, replaced ? 1 : 0, entry)
}

function remove(op: number, map: MapValue, args: Parameters): Value | undefined {
  const get = REMOVE_TO_GET.get(op)
  if (get === undefined) throw new Refusal(ResultCode.parameter, `map operation ${op}`)
  const { elements, selection, request } = selectFromMap(get, map, args)
  const { places, result } = answerSelection(elements, selection, request)
  map.entries = map.entries.filter((_, place) => !places.has(place))
  return result
}

function sizeOf(map: MapValue): Value {
  return { kind: 'int', value: BigInt(map.entries.length) }
}
