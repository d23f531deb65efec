import { cdtModify, cdtRead } from './cdt/operation.js'
import type { Bins } from './record.js'
import type { AnswerBin } from './wire/answer.js'
import { type BinOp, Info1, Info2, type Message, Op } from './wire/message.js'
import {
  assertParticleType,
  floatParticle,
  integerParticle,
  type Particle,
  ParticleType,
  readInteger,
  storeParticle,
} from './wire/particle.js'
import { Refusal, ResultCode } from './wire/result-code.js'

/**
 * The maximum length of a bin name (as/include/base/datamodel.h: AS_BIN_NAME_MAX_SZ minus the NUL).
 */
const MAX_BIN_NAME_LENGTH = 15

/**
 * Expressions, bits and HyperLogLog (as/include/base/proto.h), which the emulator does not support.
 */
const UNSUPPORTED_OPS: ReadonlySet<number> = new Set([7, 8, 12, 13, 15, 16])

/**
 * Applies the ops of a command to the bins of a record, in order.
 *
 * @returns the answers of the ops.
 */
export function operate(message: Message, bins: Map<string, Particle>): AnswerBin[] {
  const answers: AnswerBin[] = []
  const answersAll = (message.info2 & Info2.respondAllOps) !== 0
  for (const op of message.ops) {
    if (op.op === Op.touch) continue
    if (isReadAll(op, message)) {
      for (const [name, particle] of bins) answers.push({ name, particle })
      continue
    }
    const result = applyOp(op, bins)
    if (result !== undefined || answersAll)
      answers.push({ op: op.op, name: op.name, particle: result })
  }
  return answers
}

/** Returns the answers of a command that only reads. */
export function readBins(message: Message, bins: Bins): AnswerBin[] {
  if (message.info1 & Info1.getAll) {
    return Array.from(bins, ([name, particle]) => ({ name, particle }))
  }
  const answersAll = (message.info2 & Info2.respondAllOps) !== 0
  const answers: AnswerBin[] = []
  for (const op of message.ops) {
    assertBinName(op.name)
    const result = applyRead(op, bins.get(op.name))
    if (result !== undefined || answersAll)
      answers.push({ op: op.op, name: op.name, particle: result })
  }
  return answers
}

/**
 * Returns whether an op reads all bins: it has no bin name, and the command has the flag for that.
 */
export function isReadAll(op: BinOp, message: Message): boolean {
  return op.op === Op.read && op.name === '' && (message.info1 & Info1.getAll) !== 0
}

export function assertBinName(name: string): void {
  if (name.length > MAX_BIN_NAME_LENGTH) {
    throw new Refusal(ResultCode.binName, `bin name of ${name.length} characters`)
  }
}

function applyRead(op: BinOp, particle: Particle | undefined): Particle | undefined {
  if (op.op === Op.read) return particle
  if (op.op === Op.cdtRead) {
    return particle === undefined ? undefined : cdtRead(particle, op.value)
  }
  const code = UNSUPPORTED_OPS.has(op.op) ? ResultCode.unsupported : ResultCode.parameter
  throw new Refusal(code, `op ${op.op}`)
}

function applyOp(op: BinOp, bins: Map<string, Particle>): Particle | undefined {
  const old = bins.get(op.name)
  switch (op.op) {
    case Op.write:
      if (op.particleType === ParticleType.null) bins.delete(op.name)
      else bins.set(op.name, storeParticle(op.particleType, op.value))
      return undefined
    case Op.increment:
      bins.set(op.name, old === undefined ? stored(op) : increment(old, op))
      return undefined
    case Op.append:
      bins.set(op.name, old === undefined ? stored(op) : concat(old, op, [old.value, op.value]))
      return undefined
    case Op.prepend:
      bins.set(op.name, old === undefined ? stored(op) : concat(old, op, [op.value, old.value]))
      return undefined
    case Op.deleteAll:
      bins.clear()
      return undefined
    case Op.cdtModify: {
      const { particle, result } = cdtModify(old, op.value)
      if (particle !== undefined) bins.set(op.name, particle)
      return result
    }
    default:
      return applyRead(op, old)
  }
}

function stored(op: BinOp): Particle {
  return storeParticle(op.particleType, op.value)
}

function increment(old: Particle, op: BinOp): Particle {
  assertParticleType(op.particleType)
  if (old.type !== op.particleType) {
    throw new Refusal(ResultCode.incompatibleType, 'increment by another type')
  }
  if (old.type === ParticleType.integer) {
    return integerParticle(readInteger(old.value) + readInteger(op.value))
  }
  if (old.type === ParticleType.float && op.value.length === 8) {
    return floatParticle(old.value.readDoubleBE() + op.value.readDoubleBE())
  }
  throw new Refusal(ResultCode.incompatibleType, 'increment of a bin that is not a number')
}

function concat(old: Particle, op: BinOp, parts: readonly Buffer[]): Particle {
  assertParticleType(op.particleType)
  if (old.type !== op.particleType || !isText(old.type)) {
    throw new Refusal(ResultCode.incompatibleType, 'concatenation with another type')
  }
  return { type: old.type, value: Buffer.concat(parts) }
}

function isText(type: number): boolean {
  return type === ParticleType.string || type === ParticleType.blob
}
