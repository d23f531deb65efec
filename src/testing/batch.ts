import type { Namespace } from './namespace.js'
import type { Answer, StreamedAnswer } from './wire/answer.js'
import { DIGEST_BYTES, type Message, malformed, parseBody } from './wire/message.js'
import { ResultCode } from './wire/result-code.js'

// These are the flags of a batch and of its rows (as/src/base/batch.c).
const REPORT_ALL_ERRORS = 4
const Row = { repeat: 1, extraInfo: 2, generation: 4, ttl: 8, info4: 16 } as const
/** Codes that concern only one record, so that they do not end a batch. */
const ONE_RECORD_CODES: ReadonlySet<number> = new Set([ResultCode.ok, ResultCode.notFound, 27])

export interface BatchRow {
  readonly index: number
  readonly digest: string
  readonly message: Message
}

/**
 * Parses the rows of a batch.
 *
 * @throws {Refusal} 4 if the bytes do not match the number and the lengths of rows that they state.
 */
export function parseBatch(field: Buffer): { rows: BatchRow[]; reportsAllErrors: boolean } {
  if (field.length < 5) throw malformed('a batch without its header')
  const count = field.readUInt32BE(0)
  if (count === 0) throw malformed('an empty batch')
  const cursor = { at: 5 }
  const rows: BatchRow[] = []
  while (rows.length < count) rows.push(parseRow(field, cursor, rows.at(-1)?.message))
  return { rows, reportsAllErrors: ((field[4] as number) & REPORT_ALL_ERRORS) !== 0 }
}

function parseRow(field: Buffer, cursor: { at: number }, previous: Message | undefined): BatchRow {
  const start = cursor.at
  const digestAt = start + 4
  cursor.at = digestAt + DIGEST_BYTES + 1
  if (cursor.at > field.length) throw malformed('a row that ends after the message')
  const index = field.readUInt32BE(start)
  const digest = field.toString('latin1', digestAt, digestAt + DIGEST_BYTES)
  const flags = field[cursor.at - 1] as number
  if ((flags & Row.repeat) === 0)
    return { index, digest, message: parseRowBody(field, cursor, flags) }
  if (previous === undefined) throw malformed('a first row that repeats the row before it')
  return { index, digest, message: previous }
}

function parseRowBody(field: Buffer, cursor: { at: number }, flags: number): Message {
  const next = (width: number): number => {
    if (cursor.at + width > field.length) throw malformed('a row that ends after the message')
    cursor.at += width
    return field.readUIntBE(cursor.at - width, width)
  }
  const has = (flag: number) => (flags & flag) !== 0
  const info1 = next(1)
  const info2 = has(Row.extraInfo) ? next(1) : 0
  const info3 = has(Row.extraInfo) ? next(1) : 0
  const info4 = has(Row.info4) ? next(1) : 0
  const generation = has(Row.generation) ? next(2) : 0
  const ttl = has(Row.ttl) ? next(4) : 0
  const fieldCount = next(2)
  const opCount = next(2)
  return parseBody(field, cursor, {
    info1,
    info2,
    info3,
    info4,
    generation,
    ttl,
    fieldCount,
    opCount,
  })
}

/** Executes one row in the namespace that its message names. */
export type ExecuteRow = (ns: Namespace, row: BatchRow) => Answer

export interface BatchResult {
  readonly answers: readonly StreamedAnswer[]
  readonly code: number
}

/**
 * Executes the rows one after another. A row in an unknown namespace ends the batch, as on the
 * server.
 */
export function executeBatch(
  rows: readonly BatchRow[],
  reportsAllErrors: boolean,
  namespaces: ReadonlyMap<string, Namespace>,
  executeRow: ExecuteRow,
): BatchResult {
  const answers: StreamedAnswer[] = []
  for (const row of rows) {
    const ns = namespaces.get(row.message.namespace ?? '')
    if (ns === undefined) return { answers, code: ResultCode.parameter }
    const answer = executeRow(ns, row)
    answers.push({ ...answer, batchIndex: row.index })
    if (!reportsAllErrors && !ONE_RECORD_CODES.has(answer.code))
      return { answers, code: answer.code }
  }
  return { answers, code: ResultCode.ok }
}
