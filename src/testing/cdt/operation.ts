import { decode, type ListValue, type MapValue, type Value } from '../wire/msgpack.js'
import { collectionParticle, type Particle, ParticleType, toParticle } from '../wire/particle.js'
import { Refusal, ResultCode } from '../wire/result-code.js'
import { dig, reorder } from './context.js'
import { modifyList, readList } from './list.js'
import { modifyMap, readMap } from './map.js'
import { Parameters } from './parameters.js'
import type { Slot } from './slot.js'

/** Codes from 64 are map operations; smaller ones are list operations (proto.h: IS_CDT_LIST_OP). */
const FIRST_MAP_OP = 64
const CONTEXT_EVAL = 255

interface Operation {
  readonly op: number
  readonly context: Value | undefined
  readonly args: Parameters
}

/**

 * Executes a list or map operation that only reads.

 *

 * @throws {Refusal} if it cannot be executed.

 */
export function cdtRead(particle: Particle, payload: Buffer): Particle | undefined {
  const { op, context, args } = parseOperation(payload)
  const root: Slot = { value: decodeBin(particle, op, context), put: () => undefined }
  const value = context === undefined ? root.value : dig(root, context, false).value
  const result =
    op < FIRST_MAP_OP
      ? readList(op, container(value, 'list'), args)
      : readMap(op, container(value, 'map'), args)
  return result && toParticle(result)
}

export interface Modification {
  /** The new value of the bin; undefined if the bin did not exist and was not created. */
  readonly particle: Particle | undefined
  /** The answer of the operation. */
  readonly result: Particle | undefined
}

/**
 * Executes a list or map operation that may change a bin.
 *
 * @throws {Refusal} if that is impossible.
 */
export function cdtModify(particle: Particle | undefined, payload: Buffer): Modification {
  const { op, context, args } = parseOperation(payload)
  const root = new BinSlot(particle && decodeBin(particle, op, context))
  const slot = context === undefined ? root : dig(root, context, true)
  const isList = op < FIRST_MAP_OP
  if (slot.value !== undefined) container(slot.value, isList ? 'list' : 'map')
  const result = isList ? modifyList(op, slot, args) : modifyMap(op, slot, args)
  if (context !== undefined && root.value !== undefined) reorder(root.value)
  return {
    particle: root.value && collectionParticle(root.value as ListValue | MapValue),
    result: result && toParticle(result),
  }
}

class BinSlot implements Slot {
  value: Value | undefined

  constructor(value: Value | undefined) {
    this.value = value
  }

  put(value: Value): void {
    this.value = value
  }
}

function decodeBin(particle: Particle, op: number, context: Value | undefined): Value {
  const isList = particle.type === ParticleType.list
  if (!isList && particle.type !== ParticleType.map) {
    // If there is a context, the server answers with a bad parameter (as/src/base/cdt.c:
    // cdt_context_dig).
    throw new Refusal(
      context === undefined ? ResultCode.incompatibleType : ResultCode.parameter,
      'the bin is neither a list nor a map',
    )
  }
  if (context === undefined && isList !== op < FIRST_MAP_OP) {
    throw new Refusal(
      ResultCode.incompatibleType,
      'a list operation on a map, or a map operation on a list',
    )
  }
  return decode(particle.value)
}

function container<Kind extends 'list' | 'map'>(
  value: Value | undefined,
  kind: Kind,
): Extract<Value, { kind: Kind }> {
  if (value?.kind !== kind) throw new Refusal(ResultCode.incompatibleType, `not a ${kind}`)
  return value as Extract<Value, { kind: Kind }>
}

/** Parses `[code, ...args]`, or `[255, [context...], [code, ...args]]`. */
function parseOperation(payload: Buffer): Operation {
  const [code, ...rest] = listOf(decode(payload))
  if (opCode(code) !== CONTEXT_EVAL) {
    return { op: opCode(code), context: undefined, args: new Parameters(rest) }
  }
  const [context, inner] = rest
  if (rest.length !== 2 || inner === undefined) {
    throw new Refusal(ResultCode.parameter, 'a context without an operation')
  }
  const [innerCode, ...args] = listOf(inner)
  return { op: opCode(innerCode), context, args: new Parameters(args) }
}

function listOf(value: Value): readonly Value[] {
  if (value.kind !== 'list')
    throw new Refusal(ResultCode.parameter, 'an operation that is not a list')
  return value.items
}

function opCode(code: Value | undefined): number {
  if (code?.kind !== 'int') throw new Refusal(ResultCode.parameter, 'an operation without a code')
  return Number(code.value)
}
