import { FRAME_HEADER_BYTES, FrameType, writeFrameHeader } from './frame.js'
import { Field, Info3, MESSAGE_HEADER_BYTES, Op } from './message.js'
import type { Particle } from './particle.js'

/** A bin in an answer. */
export interface AnswerBin {
  /** The code of the op that is answered. @default a read */
  readonly op?: number
  readonly name: string
  /** The value; undefined for an op that has no result. */
  readonly particle: Particle | undefined
}

/** The answer to one command. */
export interface Answer {
  readonly code: number
  readonly generation: number
  /** Seconds since 2010; 0 for a record that never expires. */
  readonly voidTime: number
  readonly bins: readonly AnswerBin[]
}

/** One of many answers in a stream: for a row of a batch, or a record of a scan. */
export interface StreamedAnswer extends Answer {
  readonly batchIndex?: number
  readonly fields?: readonly { readonly type: number; readonly value: Uint8Array }[]
}

const NO_BINS: readonly AnswerBin[] = []

export function withoutBins(code: number, generation = 0, voidTime = 0): Answer {
  return { code, generation, voidTime, bins: NO_BINS }
}

/** Encodes the answer to a single-record command, with its frame header. */
export function encodeAnswer(answer: Answer): Buffer {
  const size = answerBytes(answer)
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + size)
  writeFrameHeader(bytes, FrameType.message, size)
  writeAnswer(bytes, FRAME_HEADER_BYTES, answer, 0)
  return bytes
}

/** Encodes a stream: all rows, then a last message with the result code of the whole command. */
export function encodeStream(rows: readonly StreamedAnswer[], code: number): Buffer[] {
  const end = Buffer.alloc(FRAME_HEADER_BYTES + MESSAGE_HEADER_BYTES)
  writeFrameHeader(end, FrameType.message, MESSAGE_HEADER_BYTES)
  writeAnswer(end, FRAME_HEADER_BYTES, withoutBins(code), Info3.last)
  if (rows.length === 0) return [end]
  const size = rows.reduce((sum, row) => sum + answerBytes(row), 0)
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + size)
  writeFrameHeader(bytes, FrameType.message, size)
  let at = FRAME_HEADER_BYTES
  for (const row of rows) at = writeAnswer(bytes, at, row, 0)
  return [bytes, end]
}

function answerBytes(answer: StreamedAnswer): number {
  let size = MESSAGE_HEADER_BYTES
  for (const field of answer.fields ?? []) size += 5 + field.value.length
  for (const bin of answer.bins) size += 8 + bin.name.length + (bin.particle?.value.length ?? 0)
  return size
}

function writeAnswer(bytes: Buffer, start: number, answer: StreamedAnswer, info3: number): number {
  bytes[start] = MESSAGE_HEADER_BYTES
  bytes[start + 1] = 0
  bytes[start + 2] = 0
  bytes[start + 3] = info3
  bytes[start + 4] = 0
  bytes[start + 5] = answer.code
  bytes.writeUInt32BE(answer.generation, start + 6)
  bytes.writeUInt32BE(answer.voidTime, start + 10)
  // In the answer to a batch, the field for the time-out contains the row's index
  // (as/src/base/batch.c).
  bytes.writeUInt32BE(answer.batchIndex ?? 0, start + 14)
  bytes.writeUInt16BE(answer.fields?.length ?? 0, start + 18)
  bytes.writeUInt16BE(answer.bins.length, start + 20)
  let at = start + MESSAGE_HEADER_BYTES
  for (const field of answer.fields ?? []) {
    bytes.writeUInt32BE(field.value.length + 1, at)
    bytes[at + 4] = field.type
    bytes.set(field.value, at + 5)
    at += 5 + field.value.length
  }
  for (const bin of answer.bins) at = writeBin(bytes, at, bin)
  return at
}

function writeBin(bytes: Buffer, at: number, { op = Op.read, name, particle }: AnswerBin): number {
  const valueBytes = particle?.value.length ?? 0
  bytes.writeUInt32BE(4 + name.length + valueBytes, at)
  bytes[at + 4] = op
  bytes[at + 5] = particle?.type ?? 0
  bytes[at + 6] = 0
  bytes[at + 7] = name.length
  bytes.write(name, at + 8, 'latin1')
  const valueAt = at + 8 + name.length
  if (particle !== undefined) bytes.set(particle.value, valueAt)
  return valueAt + valueBytes
}

export function namespaceField(namespace: string): { type: number; value: Uint8Array } {
  return { type: Field.namespace, value: Buffer.from(namespace) }
}
