import { Refusal, ResultCode } from './result-code.js'

// These are the bits and numbers of as/include/base/proto.h.
export const Info1 = { read: 1, getAll: 2, shortQuery: 4, batch: 8, noBins: 32 } as const
export const Info2 = {
  write: 1,
  delete: 2,
  generationEqual: 4,
  generationGreater: 8,
  durableDelete: 16,
  createOnly: 32,
  respondAllOps: 128,
} as const
export const Info3 = {
  last: 1,
  updateOnly: 8,
  createOrReplace: 16,
  replaceOnly: 32,
} as const
export const Op = {
  read: 1,
  write: 2,
  cdtRead: 3,
  cdtModify: 4,
  increment: 5,
  append: 9,
  prepend: 10,
  touch: 11,
  deleteAll: 14,
} as const
export const Field = {
  namespace: 0,
  set: 1,
  key: 2,
  digest: 4,
  transactionId: 5,
  partitions: 11,
  digests: 12,
  maxRecords: 13,
  indexRange: 22,
  udfPackage: 30,
  udfOperation: 33,
  queryBins: 40,
  batch: 41,
  batchWithSet: 42,
  filter: 43,
} as const

export const MESSAGE_HEADER_BYTES = 22
export const DIGEST_BYTES = 20

/** One operation of a command, on one bin. */
export interface BinOp {
  readonly op: number
  readonly particleType: number
  readonly name: string
  readonly value: Buffer
}

/** One single-record command, or one row of a batch. */
export interface Message {
  readonly info1: number
  readonly info2: number
  readonly info3: number
  readonly info4: number
  readonly generation: number
  readonly ttl: number
  readonly namespace: string | undefined
  readonly set: string
  readonly fields: ReadonlyMap<number, Buffer>
  readonly ops: readonly BinOp[]
}

/** @throws {Refusal} 4 if a length in the message does not match the bytes. */
export function parseMessage(body: Buffer): Message {
  if (body.length < MESSAGE_HEADER_BYTES) throw malformed('a message shorter than its header')
  const cursor = { at: body[0] as number }
  if (cursor.at !== MESSAGE_HEADER_BYTES) throw malformed('header size')
  return parseBody(body, cursor, {
    info1: body[1] as number,
    info2: body[2] as number,
    info3: body[3] as number,
    info4: body[4] as number,
    generation: body.readUInt32BE(6),
    ttl: body.readUInt32BE(10),
    fieldCount: body.readUInt16BE(18),
    opCount: body.readUInt16BE(20),
  })
}

export interface MessageHead {
  readonly info1: number
  readonly info2: number
  readonly info3: number
  readonly info4: number
  readonly generation: number
  readonly ttl: number
  readonly fieldCount: number
  readonly opCount: number
}

/** Reads the fields and ops at the cursor, and moves the cursor behind them. */
export function parseBody(body: Buffer, cursor: { at: number }, head: MessageHead): Message {
  const fields = new Map<number, Buffer>()
  for (let i = 0; i < head.fieldCount; i++) {
    if (cursor.at + 5 > body.length) throw malformed('a field that ends after the message')
    const end = cursor.at + 4 + body.readUInt32BE(cursor.at)
    if (end < cursor.at + 5 || end > body.length) throw malformed('field size')
    fields.set(body[cursor.at + 4] as number, body.subarray(cursor.at + 5, end))
    cursor.at = end
  }
  const ops: BinOp[] = []
  for (let i = 0; i < head.opCount; i++) ops.push(parseOp(body, cursor))
  return {
    info1: head.info1,
    info2: head.info2,
    info3: head.info3,
    info4: head.info4,
    generation: head.generation,
    ttl: head.ttl,
    namespace: fields.get(Field.namespace)?.toString(),
    set: fields.get(Field.set)?.toString() ?? '',
    fields,
    ops,
  }
}

function parseOp(body: Buffer, cursor: { at: number }): BinOp {
  const start = cursor.at
  if (start + 8 > body.length) throw malformed('an op that ends after the message')
  const end = start + 4 + body.readUInt32BE(start)
  const nameEnd = start + 8 + (body[start + 7] as number)
  // Bit 0 of the seventh byte says that a last-update-time of eight bytes comes before the value.
  const valueStart = nameEnd + ((body[start + 6] as number) & 1 ? 8 : 0)
  if (end > body.length || valueStart > end) throw malformed('op size')
  cursor.at = end
  return {
    op: body[start + 4] as number,
    particleType: body[start + 5] as number,
    name: body.toString('latin1', start + 8, nameEnd),
    value: body.subarray(valueStart, end),
  }
}

export function malformed(what: string): Refusal {
  return new Refusal(ResultCode.parameter, `malformed message: ${what}`)
}
