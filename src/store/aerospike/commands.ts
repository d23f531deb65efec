import { setTimeout as pause } from 'node:timers/promises'
import type { Client, policy } from 'aerospike'
import { Breaker } from './breaker.js'
import { Connection } from './connection.js'
import { Diagnosis } from './diagnosis.js'
import type { AerospikeSettings } from './options.js'
import type { Bins } from './records.js'

export type Aerospike = typeof import('aerospike')

/** The server's result codes that this package distinguishes (`as_status.h` of the C client). */
export const status = {
  ok: 0,
  notFound: 2,
  generation: 3,
  exists: 5,
  /** The namespace is full, so it is in stop-writes. */
  full: 8,
  tooBig: 13,
  keyBusy: 14,
  /** The record has a TTL, but the `nsup-period` of the namespace is 0. */
  forbidden: 22,
  /** The map has no such key. */
  elementNotFound: 23,
} as const

/** The server's answer for one record. */
export interface Row {
  readonly status: number
  readonly bins: Bins
  readonly generation: number
}

/** The operations on one record, as one row of a batch. */
export interface RowWrite {
  readonly set: string
  readonly key: string
  readonly operations: (aerospike: Aerospike) => readonly object[]
  /** The TTL of the record in seconds; undefined if it never expires. */
  readonly ttl: number | undefined
  /** Whether the record must exist, or must not. Default: both will do. */
  readonly only?: 'create' | 'update' | undefined
}

/** The maximum number of keys in one batch; a server refuses more than its `batch-max-requests`. */
const MAX_BATCH_ROWS = 2_000
/** How often a row is retried whose record was busy. */
const MAX_RETRIES = 6

/** The server refused a command on one record; `code` is the server's result code. */
export class AerospikeStatusError extends Error {
  override readonly name = 'AerospikeStatusError'
  readonly code: number

  constructor(code: number) {
    super(`the Aerospike server answered with result code ${code} for a record`)
    this.code = code
  }
}

/** @throws AerospikeStatusError if a row has another status than ok, or than the one that is also expected. */
export function expectOk(rows: readonly Row[], also: number = status.ok): void {
  const failed = rows.find((row) => row.status !== status.ok && row.status !== also)
  if (failed !== undefined) throw new AerospikeStatusError(failed.status)
}

/**
 * The commands that the store sends to the server: with time-outs, the breaker and the safe
 * retries.
 */
export class Commands {
  readonly breaker = new Breaker()
  readonly diagnosis: Diagnosis
  readonly #settings: AerospikeSettings
  readonly #connection: Connection
  readonly #onTtlForbidden: () => void
  #batch: policy.BatchPolicy | undefined
  #isTtlForbidden = false

  constructor(settings: AerospikeSettings, onTtlForbidden: () => void) {
    this.#settings = settings
    this.diagnosis = new Diagnosis(settings)
    this.#connection = new Connection(settings)
    this.#onTtlForbidden = onTtlForbidden
  }

  async read(keys: readonly { readonly set: string; readonly key: string }[]): Promise<Row[]> {
    const rows = await this.#batches(keys, (part, client, aerospike) =>
      client.batchRead(
        part.map(({ set, key }) => ({
          key: this.#key(aerospike, set, key),
          type: aerospike.batchType.BATCH_READ,
          readAllBins: true,
        })),
        this.#batchPolicy(aerospike),
      ),
    )
    return rows.map(rowOf)
  }

  async write(writes: readonly RowWrite[]): Promise<Row[]> {
    const rows: Row[] = []
    let left = writes.map((write, index) => ({ write, index }))
    for (let tries = 0; left.length > 0; tries += 1) {
      const answers = await this.#writeOnce(left.map(({ write }) => write))
      left = left.filter(({ index }, position) => {
        const row = answers[position] as Row
        rows[index] = row
        return tries < MAX_RETRIES && this.#isWorthRetrying(row.status)
      })
      if (left.length > 0) await pause(jitter(tries))
    }
    return rows
  }

  async #writeOnce(writes: readonly RowWrite[]): Promise<Row[]> {
    const rows = await this.#batches(writes, (part, client, aerospike) =>
      client.batchWrite(
        part.map(({ set, key, operations, ttl, only }) => ({
          key: this.#key(aerospike, set, key),
          type: aerospike.batchType.BATCH_WRITE,
          ops: operations(aerospike).map(convertible) as never,
          policy: new aerospike.BatchWritePolicy({
            ttl: this.#ttl(aerospike, ttl),
            ...(only === 'update' && { exists: aerospike.policy.exists.UPDATE }),
            ...(only === 'create' && { exists: aerospike.policy.exists.CREATE }),
          }),
        })) as never,
        this.#batchPolicy(aerospike),
      ),
    )
    return rows.map(rowOf)
  }

  /**
   * Puts bins into a record.
   *
   * @param ttl the TTL of the record, in seconds; undefined if it never expires.
   * @param generation the generation that the record must still have, 0 if it must not exist yet. Default: the
   *   record need not be as it was.
   * @returns the server's result code.
   */
  async put(
    set: string,
    key: string,
    bins: Record<string, string | number | Buffer>,
    ttl: number | undefined,
    generation?: number,
  ): Promise<number> {
    for (let tries = 0; ; tries += 1) {
      const code = await this.#run(async (client, aerospike) => {
        const { exists, gen } = aerospike.policy
        const policy = new aerospike.WritePolicy({
          ...this.#times(),
          ...(generation === 0 && { exists: exists.CREATE }),
          ...(generation && { gen: gen.EQ }),
        })
        const meta = { ttl: this.#ttl(aerospike, ttl), gen: generation ?? 0 }
        return codeOf(client.put(this.#key(aerospike, set, key), bins, meta, policy))
      })
      if (tries >= MAX_RETRIES || !this.#isWorthRetrying(code)) return code
      await pause(jitter(tries))
    }
  }

  async remove(set: string, keys: readonly string[]): Promise<void> {
    const rows = await this.#batches(keys, (part, client, aerospike) =>
      client.batchRemove(
        part.map((key) => this.#key(aerospike, set, key)),
        this.#batchPolicy(aerospike),
      ),
    )
    const failed = rows
      .map(rowOf)
      .find((row) => row.status !== status.ok && row.status !== status.notFound)
    if (failed !== undefined) throw new AerospikeStatusError(failed.status)
  }

  async truncate(set: string): Promise<void> {
    // The set's name must be given: a truncation without it can crash the server.
    await this.#run((client) => client.truncate(this.#settings.namespace, set, 0))
  }

  /** Asks any node of the cluster a question of the info protocol. */
  info(question: string): Promise<string> {
    return this.#run((client) => client.infoAny(question, { timeout: this.#settings.timeout }))
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #batches<T, R>(
    items: readonly T[],
    send: (part: readonly T[], client: Client, aerospike: Aerospike) => Promise<R[]>,
  ): Promise<R[]> {
    const run = (part: readonly T[]) =>
      this.#run((client, aerospike) => send(part, client, aerospike))
    if (items.length === 0) return []
    if (items.length <= MAX_BATCH_ROWS) return run(items)
    const parts = Array.from({ length: Math.ceil(items.length / MAX_BATCH_ROWS) }, (_, n) =>
      items.slice(n * MAX_BATCH_ROWS, (n + 1) * MAX_BATCH_ROWS),
    )
    return (await Promise.all(parts.map(run))).flat()
  }

  #run<T>(command: (client: Client, aerospike: Aerospike) => Promise<T>): Promise<T> {
    const { diagnosis } = this
    const explained = (client: Client, aerospike: Aerospike) =>
      command(client, aerospike).catch((error: unknown) => diagnosis.explain(client, error))
    return this.breaker.run(() => diagnosis.run(() => this.#connection.run(explained)))
  }

  /**
   * A retry helps if the record was busy, or if a TTL was refused, since later commands have none.
   */
  #isWorthRetrying(code: number): boolean {
    if (code === status.keyBusy) return true
    if (code !== status.forbidden || this.#isTtlForbidden) return false
    this.#isTtlForbidden = true
    this.#onTtlForbidden()
    return true
  }

  /** The client takes whole seconds. Zero would mean the namespace's default, so the least is 1. */
  #ttl(aerospike: Aerospike, seconds: number | undefined): number {
    if (seconds === undefined || this.#isTtlForbidden) return aerospike.ttl.NEVER_EXPIRE
    return Math.min(Math.max(1, Math.ceil(seconds)), MAX_TTL_SECONDS)
  }

  #key(aerospike: Aerospike, set: string, key: string) {
    return new aerospike.Key(this.#settings.namespace, set, key) as never
  }

  #times() {
    const { timeout } = this.#settings
    return { totalTimeout: timeout, socketTimeout: timeout, maxRetries: 0 }
  }

  #batchPolicy(aerospike: Aerospike): policy.BatchPolicy {
    this.#batch ??= new aerospike.BatchPolicy({
      ...this.#times(),
      ...(this.#settings.preferredRacks && { replica: aerospike.policy.replica.PREFER_RACK }),
    })
    return this.#batch
  }
}

/**
 * Returns the operation if the native client can convert its values. Some other values make the
 * native client abort the process.
 *
 * @throws TypeError if the client cannot convert a value.
 */
function convertible(operation: object): object {
  for (const field of ['key', 'keys', 'value', 'begin', 'end']) {
    if (!(field in operation)) continue
    for (const value of [(operation as Record<string, unknown>)[field]].flat()) {
      const isConvertible =
        typeof value === 'string' || Number.isSafeInteger(value) || Buffer.isBuffer(value)
      if (isConvertible) continue
      throw new TypeError(
        `expected a string, a safe integer or a Buffer as the ${field} of an operation, got a ${typeof value}`,
      )
    }
  }
  return operation
}

/** The longest TTL that the server accepts: ten years, in seconds. */
const MAX_TTL_SECONDS = 315_360_000

function rowOf({ status: code, record }: { status: unknown; record?: unknown }): Row {
  const { bins, gen } = (record ?? {}) as { bins?: Bins | null; gen?: number }
  return { status: Number(code), bins: bins ?? {}, generation: gen ?? 0 }
}

/**
 * Returns the result code if the failure concerns the record; throws if it concerns the cluster or
 * network.
 */
async function codeOf(command: Promise<unknown>): Promise<number> {
  try {
    await command
    return status.ok
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (typeof code === 'number' && recordCodes.has(code)) return code
    throw error
  }
}

const recordCodes: ReadonlySet<number> = new Set(Object.values(status))

/**
 * A random pause before a retry, in milliseconds, with "full jitter":
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
function jitter(tries: number): number {
  return Math.random() * 2 ** tries
}
