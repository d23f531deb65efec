import type { Namespace } from './namespace.js'
import { recordAnswer } from './namespace.js'
import { readBins } from './operate.js'
import { partitionOf, type StoredRecord } from './record.js'
import { namespaceField, type StreamedAnswer } from './wire/answer.js'
import { DIGEST_BYTES, Field, Info1, Info2, type Message } from './wire/message.js'
import { Refusal, ResultCode } from './wire/result-code.js'

/**
 * The fields of queries that the emulator does not support: with an index, a function or a filter.
 */
const UNSUPPORTED_FIELDS = [
  Field.indexRange,
  Field.udfPackage,
  Field.udfOperation,
  Field.filter,
  Field.transactionId,
]

/**
 * Returns the records of the partitions that a scan requests, in the order of partition and digest.
 */
export function scan(ns: Namespace, message: Message, now: number): StreamedAnswer[] {
  const { fields } = message
  if (UNSUPPORTED_FIELDS.some((field) => fields.has(field)) || message.info2 & Info2.write) {
    throw new Refusal(
      ResultCode.unsupported,
      'a query with an index, a function, a filter or writes',
    )
  }
  const resumeAfter = requestedPartitions(fields)
  const limit = maxRecords(fields.get(Field.maxRecords))
  const found: [partition: number, digest: string, record: StoredRecord][] = []
  for (const [digest, record] of ns.live(now)) {
    if (message.set !== '' && record.set !== message.set) continue
    const partition = partitionOf(digest)
    const after = resumeAfter.get(partition)
    if (after !== undefined && digest > after) found.push([partition, digest, record])
  }
  found.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1))
  return found.slice(0, limit).map(([, digest, record]) => answer(ns, message, digest, record, now))
}

/**
 * Returns, for each requested partition, the digest after which the scan continues. The empty
 * string comes before all digests.
 */
function requestedPartitions(fields: ReadonlyMap<number, Buffer>): Map<number, string> {
  const resumeAfter = new Map<number, string>()
  const ids = fields.get(Field.partitions)
  for (let at = 0; ids !== undefined && at + 2 <= ids.length; at += 2) {
    resumeAfter.set(ids.readUInt16LE(at), '')
  }
  const digests = fields.get(Field.digests)
  for (
    let at = 0;
    digests !== undefined && at + DIGEST_BYTES <= digests.length;
    at += DIGEST_BYTES
  ) {
    const digest = digests.toString('latin1', at, at + DIGEST_BYTES)
    resumeAfter.set(partitionOf(digest), digest)
  }
  return resumeAfter
}

function maxRecords(field: Buffer | undefined): number {
  if (field === undefined || field.length !== 8) return Number.POSITIVE_INFINITY
  return Number(field.readBigUInt64BE()) || Number.POSITIVE_INFINITY
}

function answer(
  ns: Namespace,
  message: Message,
  digest: string,
  record: StoredRecord,
  now: number,
): StreamedAnswer {
  const fields = [
    namespaceField(ns.name),
    { type: Field.digest, value: Buffer.from(digest, 'latin1') },
  ]
  if (record.set !== '') fields.push({ type: Field.set, value: Buffer.from(record.set) })
  if (record.key !== undefined) fields.push({ type: Field.key, value: record.key })
  const wantsAll = message.ops.length === 0
  const selected = wantsAll ? { ...message, info1: message.info1 | Info1.getAll } : message
  const bins = message.info1 & Info1.noBins ? [] : readBins(selected, record.bins)
  return { ...recordAnswer(ResultCode.ok, record, bins, now), fields }
}
