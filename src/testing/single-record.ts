import { type Namespace, recordAnswer, TTL_DEFAULT, TTL_KEEP } from './namespace.js'
import { assertBinName, isReadAll, operate, readBins } from './operate.js'
import { nextGeneration, type StoredRecord, storedBytes } from './record.js'
import { type Answer, withoutBins } from './wire/answer.js'
import { Field, Info1, Info2, Info3, type Message, Op } from './wire/message.js'
import type { Particle } from './wire/particle.js'
import { Refusal, ResultCode } from './wire/result-code.js'

/** Fields that request something that the emulator does not support, but the server does. */
const UNSUPPORTED_FIELDS = [Field.filter, Field.udfPackage, Field.transactionId]

/** Ops that change the value that is already there, or that remove it. */
const OPS_ON_OLD_BINS: ReadonlySet<number> = new Set([
  Op.touch,
  Op.increment,
  Op.append,
  Op.prepend,
  Op.deleteAll,
  Op.cdtModify,
])

/** Executes one single-record command, or one row of a batch, at the time `now` in milliseconds. */
export function execute(ns: Namespace, digest: string, message: Message, now: number): Answer {
  const old = ns.find(digest, now)
  try {
    if (UNSUPPORTED_FIELDS.some((field) => message.fields.has(field))) {
      throw new Refusal(ResultCode.unsupported, 'a filter, a UDF or a transaction')
    }
    if ((message.info2 & Info2.write) === 0) return read(old, message, now)
    if (message.info2 & Info2.delete) return remove(ns, digest, old, message)
    return write(ns, digest, old, message, now)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    // The answer with an error also contains the metadata of the record, if the record exists.
    return old === undefined ? withoutBins(error.code) : recordAnswer(error.code, old, [], now)
  }
}

function read(old: StoredRecord | undefined, message: Message, now: number): Answer {
  if ((message.info1 & Info1.read) === 0) {
    throw new Refusal(ResultCode.parameter, 'neither read nor write')
  }
  if (old === undefined) return withoutBins(ResultCode.notFound)
  assertSameRecord(old, message)
  if (message.info1 & Info1.noBins) return recordAnswer(ResultCode.ok, old, [], now)
  if ((message.info1 & Info1.getAll) === 0 && message.ops.length === 0) {
    throw new Refusal(ResultCode.parameter, 'a read of no bin')
  }
  return recordAnswer(ResultCode.ok, old, readBins(message, old.bins), now)
}

function remove(
  ns: Namespace,
  digest: string,
  old: StoredRecord | undefined,
  message: Message,
): Answer {
  if (message.info2 & Info2.durableDelete) return withoutBins(ResultCode.enterpriseOnly)
  if (old === undefined) return withoutBins(ResultCode.notFound)
  // The answer to a delete has no metadata, even if it is an error (as/src/transaction/delete.c).
  if (!isExpectedGeneration(old, message)) return withoutBins(ResultCode.generation)
  if (!hasSameKey(old, message)) return withoutBins(ResultCode.keyMismatch)
  ns.delete(digest)
  return withoutBins(ResultCode.ok)
}

// The checks have the order of as/src/transaction/write.c, so that the same check fails first.
function write(
  ns: Namespace,
  digest: string,
  old: StoredRecord | undefined,
  message: Message,
  now: number,
): Answer {
  if (ns.stopWrites) return withoutBins(ResultCode.outOfSpace)
  const { mustExist, replaces } = policies(message)
  if (mustExist && old === undefined) return withoutBins(ResultCode.notFound)
  if (message.info2 & Info2.createOnly && old !== undefined) {
    throw new Refusal(ResultCode.recordExists, 'the record exists')
  }
  if (!isExpectedGeneration(old, message)) {
    throw new Refusal(ResultCode.generation, 'the record has another generation')
  }
  if (old !== undefined) assertSameRecord(old, message)
  const ttl = message.ttl === TTL_KEEP && old === undefined ? TTL_DEFAULT : message.ttl
  if (!ns.isTtl(ttl)) throw new Refusal(ResultCode.parameter, `a TTL of ${ttl} s`)
  if (ns.forbidsTtl(ttl))
    throw new Refusal(ResultCode.forbidden, 'a TTL, but nothing would expire the record')

  const bins = new Map<string, Particle>(replaces ? [] : old?.bins)
  const answers = operate(message, bins)
  if (bins.size === 0) {
    // A record that is replaced counts as if it had not existed.
    if (old === undefined || replaces)
      throw new Refusal(ResultCode.notFound, 'a record without bins')
    return removeByWrite(ns, digest, message, answers)
  }
  const key = message.fields.get(Field.key)
  const record: StoredRecord = {
    set: old?.set ?? message.set,
    key: old?.key ?? (key && Buffer.from(key)),
    bins,
    generation: nextGeneration(old?.generation ?? 0),
    voidTime: ns.voidTimeFor(ttl, old, now),
    lastUpdate: Math.max(now, old?.lastUpdate ?? 0),
  }
  if (storedBytes(record) > ns.config.maxRecordSize) {
    throw new Refusal(ResultCode.recordTooBig, 'over max-record-size')
  }
  ns.store(digest, record, now)
  return recordAnswer(ResultCode.ok, record, answers, now)
}

/** Removes the record, because a write that removes the last bin also removes the record. */
function removeByWrite(
  ns: Namespace,
  digest: string,
  message: Message,
  bins: Answer['bins'],
): Answer {
  if (message.info2 & Info2.durableDelete) {
    throw new Refusal(ResultCode.enterpriseOnly, 'durable delete')
  }
  ns.delete(digest)
  return { code: ResultCode.ok, generation: 0, voidTime: 0, bins }
}

function policies(message: Message): { mustExist: boolean; replaces: boolean } {
  const { info1, info2, info3, ops } = message
  if (ops.length === 0) throw new Refusal(ResultCode.parameter, 'a write without ops')
  const replaces = (info3 & (Info3.createOrReplace | Info3.replaceOnly)) !== 0
  let mustExist = (info3 & (Info3.updateOnly | Info3.replaceOnly)) !== 0
  let readsAll = 0
  let reads = 0
  let answers = 0
  for (const op of ops) {
    if (op.op === Op.touch) {
      mustExist = true
    } else if (isReadAll(op, message)) {
      readsAll++
      continue
    } else {
      assertBinName(op.name)
    }
    if (op.op === Op.read || op.op === Op.cdtRead) reads++
    if (op.op === Op.read || op.op === Op.cdtRead || op.op === Op.cdtModify) answers++
    if (replaces && needsOldBins(op.op, op.particleType)) {
      throw new Refusal(ResultCode.parameter, 'an op that cannot be part of a replace')
    }
  }
  if (reads + readsAll > 0 && (info1 & Info1.read) === 0) {
    throw new Refusal(ResultCode.parameter, 'a read without the read flag')
  }
  if (readsAll > 1 || (readsAll === 1 && (info2 & Info2.respondAllOps || answers > 0))) {
    throw new Refusal(ResultCode.parameter, 'more than one answer of all bins')
  }
  if (info1 & Info1.getAll && readsAll === 0) {
    throw new Refusal(ResultCode.parameter, 'the flag to read all bins without an op for it')
  }
  return { mustExist, replaces }
}

/** Returns whether an op makes no sense together with the flag to replace the whole record. */
function needsOldBins(op: number, particleType: number): boolean {
  return OPS_ON_OLD_BINS.has(op) || (op === Op.write && particleType === 0)
}

function isExpectedGeneration(old: StoredRecord | undefined, message: Message): boolean {
  const generation = old?.generation ?? 0
  if (message.info2 & Info2.generationEqual) return message.generation === generation
  if (message.info2 & Info2.generationGreater) return message.generation > generation
  return true
}

function assertSameRecord(old: StoredRecord, message: Message): void {
  if (message.set !== '' && message.set !== old.set) {
    throw new Refusal(ResultCode.parameter, `the record is in set ${old.set}`)
  }
  if (!hasSameKey(old, message))
    throw new Refusal(ResultCode.keyMismatch, 'the record has another key')
}

function hasSameKey(old: StoredRecord, message: Message): boolean {
  const key = message.fields.get(Field.key)
  return key === undefined || old.key === undefined || old.key.equals(key)
}
