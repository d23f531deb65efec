import { inflateSync } from 'node:zlib'
import { type BatchRow, executeBatch, parseBatch } from './batch.js'
import type { FaultPlan } from './faults.js'
import { answerInfo, type InfoSubject } from './info.js'
import type { Namespace } from './namespace.js'
import { scan } from './scan.js'
import { execute } from './single-record.js'
import type { CommandKind, RecordEvent, TrafficRecorder } from './traffic.js'
import { type Answer, encodeAnswer, encodeStream, withoutBins } from './wire/answer.js'
import {
  BrokenStream,
  FRAME_HEADER_BYTES,
  type Frame,
  FrameType,
  frame,
  MAX_BODY_BYTES,
} from './wire/frame.js'
import {
  DIGEST_BYTES,
  Field,
  Info1,
  Info2,
  type Message,
  Op,
  parseMessage,
} from './wire/message.js'
import { Refusal, ResultCode } from './wire/result-code.js'

/** The state that the commands of a connection read and change. */
export interface Backend {
  readonly namespaces: ReadonlyMap<string, Namespace>
  readonly faults: FaultPlan
  readonly traffic: TrafficRecorder
  now(): number
  infoSubject(): InfoSubject
}

/** The bytes to send, and whether the connection ends before, in the middle of, or after them. */
export interface Reply {
  readonly bytes: readonly Buffer[]
  readonly cut: 'none' | 'before' | 'midway' | 'after'
}

/**
 * Executes the command of one frame.
 *
 * @throws {BrokenStream} if a compressed frame cannot be decompressed. No other bytes make it
 *   throw.
 */
export function dispatch(backend: Backend, request: Frame): Reply {
  switch (request.type) {
    case FrameType.info:
      return info(backend, request.body)
    case FrameType.security:
      return security(backend)
    case FrameType.compressed:
      return message(backend, inflate(request.body))
    default:
      return message(backend, request.body)
  }
}

function info(backend: Backend, body: Buffer): Reply {
  return withPlannedFault(backend, 'info', () => {
    const text = answerInfo(body.toString('latin1'), backend.infoSubject())
    backend.traffic.record({ kind: 'info', code: ResultCode.ok, records: [] }, 0)
    return [frame(FrameType.info, Buffer.from(text, 'latin1'))]
  })
}

/** Answers that there is no access control, as the Community Edition does: in the second byte. */
function security(backend: Backend): Reply {
  backend.traffic.record(
    { kind: 'security', code: ResultCode.securityNotSupported, records: [] },
    0,
  )
  const body = Buffer.alloc(16)
  body[1] = ResultCode.securityNotSupported
  return { bytes: [frame(FrameType.security, body)], cut: 'none' }
}

/**
 * Decompresses a body, which consists of the original length and the deflated bytes of a whole
 * frame.
 */
function inflate(body: Buffer): Buffer {
  try {
    return inflateSync(body.subarray(8), { maxOutputLength: MAX_BODY_BYTES }).subarray(
      FRAME_HEADER_BYTES,
    )
  } catch {
    throw new BrokenStream('a compressed frame that cannot be decompressed')
  }
}

function message(backend: Backend, body: Buffer): Reply {
  let parsed: Message
  try {
    parsed = parseMessage(body)
  } catch (error) {
    // The server also answers, because the client may wait for that, and then closes the
    // connection.
    return { bytes: [encodeAnswer(withoutBins(codeOf(error)))], cut: 'after' }
  }
  const kind = kindOf(parsed)
  return withPlannedFault(backend, kind, (planned) => run(backend, kind, parsed, planned))
}

/**
 * Takes the fault that is planned for this command, if there is one, and applies it to the answer.
 */
function withPlannedFault(
  backend: Backend,
  kind: CommandKind,
  answer: (plannedCode: number | undefined) => readonly Buffer[],
): Reply {
  const fault = backend.faults.take(kind)
  if (fault?.kind === 'dropRequest') return { bytes: [], cut: 'before' }
  const bytes = answer(fault?.kind === 'fail' ? fault.code : undefined)
  return { bytes, cut: fault?.kind === 'dropMidAnswer' ? 'midway' : 'none' }
}

function run(
  backend: Backend,
  kind: CommandKind,
  request: Message,
  plannedCode: number | undefined,
): readonly Buffer[] {
  if (kind === 'batch') return runBatch(backend, request, plannedCode)
  if (kind === 'scan') return runScan(backend, request, plannedCode)
  const { answer, digest } = runSingle(backend, request, plannedCode)
  const { traffic } = backend
  const records = traffic.isObserved ? [recordEvent(request, digest, answer.code)] : []
  traffic.record({ kind, code: answer.code, records }, 0)
  return [encodeAnswer(answer)]
}

function runSingle(
  backend: Backend,
  request: Message,
  plannedCode: number | undefined,
): { answer: Answer; digest: string } {
  const digest = request.fields.get(Field.digest)?.toString('latin1') ?? ''
  if (plannedCode !== undefined) return { answer: withoutBins(plannedCode), digest }
  const ns = backend.namespaces.get(request.namespace ?? '')
  if (ns === undefined) return { answer: withoutBins(ResultCode.namespace), digest }
  if (digest.length !== DIGEST_BYTES) return { answer: withoutBins(ResultCode.parameter), digest }
  return { answer: executeOn(backend, ns, digest, request), digest }
}

function executeOn(backend: Backend, ns: Namespace, digest: string, request: Message): Answer {
  const planned = backend.faults.takeForRecord(ns.name, digest)
  return planned === undefined ? execute(ns, digest, request, backend.now()) : withoutBins(planned)
}

function runBatch(
  backend: Backend,
  request: Message,
  plannedCode: number | undefined,
): readonly Buffer[] {
  const { traffic } = backend
  const records: RecordEvent[] = []
  const executeRow = (ns: Namespace, row: BatchRow): Answer => {
    const answer = executeOn(backend, ns, row.digest, row.message)
    if (traffic.isObserved) records.push(recordEvent(row.message, row.digest, answer.code))
    return answer
  }
  let rowCount = 0
  let code = plannedCode ?? ResultCode.ok
  let answers: Parameters<typeof encodeStream>[0] = []
  if (plannedCode === undefined) {
    try {
      const field = request.fields.get(Field.batch) ?? request.fields.get(Field.batchWithSet)
      const { rows, reportsAllErrors } = parseBatch(field ?? Buffer.alloc(0))
      rowCount = rows.length
      if (request.fields.has(Field.filter)) throw new Refusal(ResultCode.unsupported, 'a filter')
      const result = executeBatch(rows, reportsAllErrors, backend.namespaces, executeRow)
      answers = result.answers
      code = result.code
    } catch (error) {
      code = codeOf(error)
    }
  }
  traffic.record({ kind: 'batch', code, records }, rowCount)
  return encodeStream(answers, code)
}

function runScan(
  backend: Backend,
  request: Message,
  plannedCode: number | undefined,
): readonly Buffer[] {
  let code = plannedCode ?? ResultCode.ok
  let answers: Parameters<typeof encodeStream>[0] = []
  const ns = backend.namespaces.get(request.namespace ?? '')
  if (ns === undefined) code = ResultCode.namespace
  else if (plannedCode === undefined) {
    try {
      answers = scan(ns, request, backend.now())
    } catch (error) {
      code = codeOf(error)
    }
  }
  backend.traffic.record({ kind: 'scan', code, records: [] }, 0)
  return encodeStream(answers, code)
}

function codeOf(error: unknown): number {
  if (error instanceof Refusal) return error.code
  throw error
}

function kindOf(request: Message): CommandKind {
  const { fields, info1 } = request
  if (fields.has(Field.batch) || fields.has(Field.batchWithSet) || info1 & Info1.batch)
    return 'batch'
  return fields.has(Field.digest) ? recordKindOf(request) : 'scan'
}

function recordKindOf({ info1, info2, ops }: Message): RecordEvent['kind'] {
  if (info2 & Info2.delete) return 'remove'
  if ((info2 & Info2.write) === 0) {
    if (info1 & Info1.noBins) return 'exists'
    return ops.every(({ op }) => op === Op.read) ? 'get' : 'operate'
  }
  if (ops.length === 1 && ops[0]?.op === Op.touch) return 'touch'
  return ops.every(({ op }) => op === Op.write) ? 'put' : 'operate'
}

function recordEvent(request: Message, digest: string, code: number): RecordEvent {
  return {
    kind: recordKindOf(request),
    namespace: request.namespace ?? '',
    set: request.set,
    digest: Buffer.from(digest, 'latin1').toString('hex'),
    code,
  }
}
