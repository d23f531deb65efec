import type { Value } from '../wire/msgpack.js'
import { Refusal, ResultCode } from '../wire/result-code.js'

/**
 * Adds a delta to a number, or subtracts it. The result has the type of the old number if there is
 * one. The default delta is 1 (as/src/base/cdt.c: cdt_calc_delta_*).
 *
 * @throws {Refusal} 4 if the old value or the delta is not a number.
 */
export function add(old: Value | undefined, delta: Value | undefined, sign: 1 | -1): Value {
  const step = delta === undefined || delta.kind === 'nil' ? DEFAULT_DELTA : delta
  if (step.kind !== 'int' && step.kind !== 'double') {
    throw new Refusal(ResultCode.parameter, `a delta of type ${step.kind}`)
  }
  if (old === undefined) {
    return step.kind === 'int'
      ? { kind: 'int', value: BigInt(sign) * step.value }
      : { kind: 'double', value: sign * step.value }
  }
  if (old.kind === 'int') {
    const whole = step.kind === 'int' ? step.value : BigInt(Math.trunc(step.value))
    return { kind: 'int', value: BigInt.asIntN(64, old.value + BigInt(sign) * whole) }
  }
  if (old.kind === 'double') {
    return { kind: 'double', value: old.value + sign * Number(step.value) }
  }
  throw new Refusal(ResultCode.parameter, `increment of a ${old.kind}`)
}

const DEFAULT_DELTA: Value = { kind: 'int', value: 1n }
