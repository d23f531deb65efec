import { setTimeout as pause } from 'node:timers/promises'
import type { Client, policy } from 'aerospike'
import { Breaker } from './breaker.js'
import { Connection } from './connection.js'
import type { AerospikeSettings } from './options.js'
import type { Bins } from './records.js'

export type Aerospike = typeof import('aerospike')

/** The server's result codes that mean something here: `as_status.h` of the C client. */
export const status = {
  ok: 0,
  notFound: 2,
  generation: 3,
  exists: 5,
  /** Stop-writes: the namespace is full. */
  full: 8,
  tooBig: 13,
  keyBusy: 14,
  /** A TTL where the namespace has no `nsup-period`. */
  forbidden: 22,
} as const

export interface Row {
  readonly status: number
  readonly bins: Bins
  readonly generation: number
}

/** One row of a batch: operations on one record. */
export interface RowWrite {
  readonly set: string
  readonly key: string
  readonly operations: (aerospike: Aerospike) => readonly object[]
  /** Whether a record that is not there is left so. */
  readonly updateOnly?: boolean
}

/** Keys in one batch at most; a server refuses more than its `batch-max-requests`. */
const BATCH = 2_000
/** How often a row is tried that the server was too busy for. */
const TRIES = 6

/** A command whose failure is one record's, with the server's result code. */
export class AerospikeStatusError extends Error {
  override readonly name = 'AerospikeStatusError'
  readonly code: number

  constructor(code: number) {
    super(`the Aerospike server answered ${code} for a record`)
    this.code = code
  }
}

/** What the store asks of the server, with time-outs, the breaker, and the retries that are safe. */
export class Commands {
  readonly breaker = new Breaker()
  readonly #settings: AerospikeSettings
  readonly #connection: Connection
  readonly #onTtlForbidden: () => void
  #batch: policy.BatchPolicy | undefined
  #isTtlForbidden = false

  constructor(settings: AerospikeSettings, onTtlForbidden: () => void) {
    this.#settings = settings
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

  /** @param ttl of the records, in seconds. */
  async write(writes: readonly RowWrite[], ttl: number): Promise<Row[]> {
    const rows: Row[] = []
    let left = writes.map((write, index) => ({ write, index }))
    for (let tries = 0; left.length > 0; tries += 1) {
      const answers = await this.#writeOnce(
        left.map(({ write }) => write),
        ttl,
      )
      left = left.filter(({ index }, position) => {
        const row = answers[position] as Row
        rows[index] = row
        return tries < TRIES && this.#isWorthRetrying(row.status)
      })
      if (left.length > 0) await pause(jitter(tries))
    }
    return rows
  }

  async #writeOnce(writes: readonly RowWrite[], ttl: number): Promise<Row[]> {
    const rows = await this.#batches(writes, (part, client, aerospike) =>
      client.batchWrite(
        part.map(({ set, key, operations, updateOnly }) => ({
          key: this.#key(aerospike, set, key),
          type: aerospike.batchType.BATCH_WRITE,
          ops: operations(aerospike).map(convertible) as never,
          policy: new aerospike.BatchWritePolicy({
            ttl: this.#ttl(aerospike, ttl),
            ...(updateOnly && { exists: aerospike.policy.exists.UPDATE }),
          }),
        })) as never,
        this.#batchPolicy(aerospike),
      ),
    )
    return rows.map(rowOf)
  }

  /**
   * Puts a record if it is as it was: absent for generation 0.
   *
   * @param ttl in seconds.
   * @returns the server's result code.
   */
  async put(
    set: string,
    key: string,
    bins: Record<string, string | number | Buffer>,
    ttl: number,
    generation: number,
  ): Promise<number> {
    for (let tries = 0; ; tries += 1) {
      const code = await this.#run(async (client, aerospike) => {
        const { exists, gen } = aerospike.policy
        const policy = new aerospike.WritePolicy({
          ...this.#times(),
          ...(generation === 0 ? { exists: exists.CREATE } : { gen: gen.EQ }),
        })
        const meta = { ttl: this.#ttl(aerospike, ttl), gen: generation }
        return codeOf(client.put(this.#key(aerospike, set, key), bins, meta, policy))
      })
      if (tries >= TRIES || !this.#isWorthRetrying(code)) return code
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
    // Without a set's name this could take down the server.
    await this.#run((client) => client.truncate(this.#settings.namespace, set, 0))
  }

  /** Asks any node of the cluster by the info protocol. */
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
    if (items.length <= BATCH) return run(items)
    const count = Math.ceil(items.length / BATCH)
    const parts = Array.from({ length: count }, (_, n) => items.slice(n * BATCH, (n + 1) * BATCH))
    return (await Promise.all(parts.map(run))).flat()
  }

  #run<T>(command: (client: Client, aerospike: Aerospike) => Promise<T>): Promise<T> {
    return this.breaker.run(() => this.#connection.run(command))
  }

  /** Busy, or a TTL was refused, which is not given again. */
  #isWorthRetrying(code: number): boolean {
    if (code === status.keyBusy) return true
    if (code !== status.forbidden || this.#isTtlForbidden) return false
    this.#isTtlForbidden = true
    this.#onTtlForbidden()
    return true
  }

  /** Whole seconds and never zero, which would mean the namespace's default. */
  #ttl(aerospike: Aerospike, seconds: number): number {
    if (this.#isTtlForbidden) return aerospike.ttl.NEVER_EXPIRE
    return Math.min(Math.max(1, Math.ceil(seconds)), LONGEST_TTL)
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
 * The operation, if the native client can convert what it carries: on some values it aborts the process.
 *
 * @throws TypeError otherwise.
 */
function convertible(operation: object): object {
  for (const field of ['key', 'keys', 'value', 'begin', 'end']) {
    if (!(field in operation)) continue
    for (const value of [(operation as Record<string, unknown>)[field]].flat()) {
      const isConvertible =
        typeof value === 'string' || Number.isSafeInteger(value) || Buffer.isBuffer(value)
      if (isConvertible) continue
      throw new TypeError(
        `expected a text, a safe integer or a Buffer as the ${field} of an operation, got a ${typeof value}`,
      )
    }
  }
  return operation
}

/** Ten years, in seconds: the server refuses more. */
const LONGEST_TTL = 315_360_000

function rowOf({ status: code, record }: { status: unknown; record?: unknown }): Row {
  const { bins, gen } = (record ?? {}) as { bins?: Bins | null; gen?: number }
  return { status: Number(code), bins: bins ?? {}, generation: gen ?? 0 }
}

/** A failure of the record is an answer; one of the cluster or the way to it is not. */
async function codeOf(command: Promise<unknown>): Promise<number> {
  try {
    await command
    return status.ok
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (typeof code === 'number' && answers.has(code)) return code
    throw error
  }
}

const answers: ReadonlySet<number> = new Set(Object.values(status))

/** Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
function jitter(tries: number): number {
  return Math.random() * 2 ** tries
}
