import type { Value } from '../wire/msgpack.js'
import { Refusal, ResultCode } from '../wire/result-code.js'

/** The arguments of a list or map operation. Each method reads one argument as a certain type. */
export class Parameters {
  readonly #values: readonly Value[]

  constructor(values: readonly Value[]) {
    this.#values = values
  }

  has(index: number): boolean {
    return index < this.#values.length
  }

  value(index: number): Value {
    const value = this.#values[index]
    if (value === undefined) throw new Refusal(ResultCode.parameter, `argument ${index} is missing`)
    return value
  }

  optional(index: number): Value | undefined {
    return this.#values[index]
  }

  /** Returns a signed number, for an index or a rank. */
  integer(index: number): number {
    const value = this.value(index)
    if (value.kind !== 'int') throw new Refusal(ResultCode.parameter, `argument ${index}`)
    return Number(value.value)
  }

  /** Returns a number that must not be negative, for flags or a count. */
  natural(index: number, fallback?: number): number {
    if (fallback !== undefined && !this.has(index)) return fallback
    const value = this.integer(index)
    if (value < 0) throw new Refusal(ResultCode.parameter, `argument ${index} is negative`)
    return value
  }

  items(index: number): readonly Value[] {
    const value = this.value(index)
    if (value.kind !== 'list') throw new Refusal(ResultCode.parameter, `argument ${index}`)
    return value.items
  }
}

/** The count of a range that goes to the end. */
export const TO_THE_END = 0xffff_ffff

export function notApplicable(why: string): Refusal {
  return new Refusal(ResultCode.notApplicable, why)
}
