import type { ListValue, MapValue, Value } from '../wire/msgpack.js'
import { Refusal, ResultCode } from '../wire/result-code.js'
import { assertKey, normalise } from './normalise.js'
import { byKey, byValue, compare } from './order.js'
import { notApplicable } from './parameters.js'
import type { Slot } from './slot.js'

// These are masks and values of the type of a step (as/include/base/proto.h: AS_CDT_CTX_*).
const BY_MASK = 0x0f
const CONTAINER_MASK = 0x30
const LIST_CONTAINER = 0x10
const CREATE_MASK = 0x1c0
const CREATE_UNORDERED = 0x40
const By = { index: 0, rank: 1, key: 2, value: 3 } as const

/**
 * Finds the slot at the end of a path of contexts. A path consists of pairs: the type of a step and
 * its argument. Missing containers on the way are attached only when a value is put into the slot.
 *
 * @throws {Refusal} 26 if the path leads to nothing, 4 if it is not a valid path.
 */
export function dig(root: Slot, path: Value, mayCreate: boolean): Slot {
  if (path.kind !== 'list' || path.items.length === 0 || path.items.length % 2 !== 0) {
    throw new Refusal(ResultCode.parameter, 'a context that is not a list of pairs')
  }
  let slot = root
  let isCreating = false
  for (let i = 0; i < path.items.length; i += 2) {
    const type = path.items[i] as Value
    if (type.kind !== 'int') throw new Refusal(ResultCode.parameter, 'a context type')
    const create = mayCreate ? Number(type.value) & CREATE_MASK : 0
    // Inside a container that will be created, all further containers are created too, even if
    // their steps do not have the flag for it.
    if (isCreating && mayCreate) {
      slot = step(slot, Number(type.value), path.items[i + 1] as Value, create || CREATE_UNORDERED)
    } else {
      slot = step(slot, Number(type.value), path.items[i + 1] as Value, create)
    }
    isCreating = slot.value === undefined
  }
  return slot
}

function step(slot: Slot, type: number, argument: Value, create: number): Slot {
  const isList = (type & CONTAINER_MASK) === LIST_CONTAINER
  if (slot.value === undefined && create === 0) throw notApplicable('a context in nothing')
  const container = slot.value ?? emptyContainer(isList, create)
  if (container.kind !== (isList ? 'list' : 'map')) throw notApplicable('a context in another type')
  const next =
    container.kind === 'list'
      ? stepIntoList(container, type & BY_MASK, argument, create)
      : stepIntoMap(container as MapValue, type & BY_MASK, argument, create)
  return slot.value === undefined ? attaching(next, () => slot.put(container)) : next
}

function attaching(slot: Slot, attach: () => void): Slot {
  return {
    get value() {
      return slot.value
    },
    put: (value) => {
      slot.put(value)
      attach()
    },
  }
}

/** Sorts ordered lists again, at every depth, after an element inside one of them has changed. */
export function reorder(value: Value): void {
  if (value.kind === 'map') for (const entry of value.entries) reorder(entry.value)
  if (value.kind !== 'list') return
  for (const item of value.items) reorder(item)
  if (value.flags & 1) value.items.sort(compare)
}

function emptyContainer(isList: boolean, create: number): ListValue | MapValue {
  // For both types 0x40 means unordered and 0xc0 fully ordered. 0x80 means an unbounded list, or a
  // map that is ordered by key.
  if (isList) return { kind: 'list', flags: (create & 0xc0) === 0xc0 ? 1 : 0, items: [] }
  const flags = (create & 0xc0) === 0xc0 ? 3 : (create & 0xc0) === 0x80 ? 1 : 0
  return { kind: 'map', flags, entries: [] }
}

function stepIntoList(list: ListValue, by: number, argument: Value, create: number): Slot {
  if (by === By.value) {
    return itemSlot(list, found(list.items.findIndex((item) => compare(item, argument) === 0)))
  }
  if (by === By.key) throw notApplicable('a key in a list')
  if (argument.kind !== 'int') throw new Refusal(ResultCode.parameter, 'an index')
  const size = list.items.length
  const at = Number(argument.value)
  const index = at < 0 ? at + size : at
  if (by === By.rank) {
    const places = list.items.map((_, place) => place)
    places.sort((a, b) => compare(list.items[a] as Value, list.items[b] as Value) || a - b)
    return itemSlot(list, found(places[index] ?? -1))
  }
  if (index >= 0 && index < size) return itemSlot(list, index)
  if (create === 0) throw notApplicable('an index beyond the list')
  if (index < 0 && !(size === 0 && at === -1)) throw notApplicable('an index before the beginning')
  const isUnbounded = (create & 0xc0) === 0x80
  if (at > size && !isUnbounded && (list.flags & 1) === 0)
    throw notApplicable('an index after the end of a bounded list')
  return newItemSlot(list, Math.max(index, 0))
}

function itemSlot(list: ListValue, index: number): Slot {
  return {
    get value() {
      return list.items[index]
    },
    put: (value) => {
      list.items[index] = value
    },
  }
}

/** A slot for a new item. The item is added to the list only when a value is put into the slot. */
function newItemSlot(list: ListValue, index: number): Slot {
  let value: Value | undefined
  return {
    get value() {
      return value
    },
    put: (created) => {
      value = created
      if (list.flags & 1) list.items.push(created)
      else {
        while (list.items.length < index) list.items.push({ kind: 'nil' })
        list.items[index] = created
      }
    },
  }
}

function stepIntoMap(map: MapValue, by: number, argument: Value, create: number): Slot {
  if (by === By.key) {
    const place = map.entries.findIndex((entry) => compare(entry.key, argument) === 0)
    if (place >= 0) return entrySlot(map, place)
    if (create === 0) throw notApplicable('no such key')
    return newEntrySlot(map, argument)
  }
  if (by === By.value) {
    const places = map.entries.map((_, place) => place)
    const match = places.find(
      (place) => compare(map.entries[place]?.value as Value, argument) === 0,
    )
    return entrySlot(map, found(match ?? -1))
  }
  if (argument.kind !== 'int') throw new Refusal(ResultCode.parameter, 'an index')
  const at = Number(argument.value)
  const inOrder = map.entries.toSorted(by === By.index ? byKey : byValue)
  const entry = inOrder.at(at)
  if (entry === undefined) throw notApplicable('an index beyond the map')
  return entrySlot(map, map.entries.indexOf(entry))
}

function entrySlot(map: MapValue, place: number): Slot {
  const entry = map.entries[place]
  return {
    get value() {
      return entry?.value
    },
    put: (value) => {
      if (entry !== undefined) entry.value = value
    },
  }
}

function newEntrySlot(map: MapValue, key: Value): Slot {
  assertKey(key)
  let value: Value | undefined
  return {
    get value() {
      return value
    },
    put: (created) => {
      value = created
      map.entries.push({ key: normalise(key), value: created })
      map.entries.sort(byKey)
    },
  }
}

function found(place: number): number {
  if (place < 0) throw notApplicable('no such element')
  return place
}
