/**
 * The kind of a command:
 * - `get` reads bins, and `exists` reads only metadata.
 * - `put` writes bins, `touch` renews the TTL, and `remove` removes a record.
 * - `operate` is a command with any other op, or with a mix of ops.
 * - `batch` consists of any number of these in one round trip.
 * - `scan` is a scan or a query.
 * - `info` is a question or an order of an operator, such as to truncate. The questions that a client
 * asks by itself, to connect and to watch the cluster, are not counted.
 * - `security` is an attempt to log in, which is always refused.
 */
export type CommandKind =
  | 'info'
  | 'security'
  | 'get'
  | 'exists'
  | 'put'
  | 'touch'
  | 'operate'
  | 'remove'
  | 'batch'
  | 'scan'

/** One record that a command read or changed. */
export interface RecordEvent {
  readonly kind: Exclude<CommandKind, 'info' | 'security' | 'batch' | 'scan'>
  readonly namespace: string
  readonly set: string
  /** The digest in hexadecimal, equal to `key.digest.toString('hex')` of the client. */
  readonly digest: string
  /** The result code. */
  readonly code: number
}

/** A command that was executed. The event is sent before the answer is. */
export interface CommandEvent {
  readonly kind: CommandKind
  /** The result code; for a batch, the code of the whole batch. */
  readonly code: number
  /** The rows of a batch, or the one record of a single-record command. */
  readonly records: readonly RecordEvent[]
}

export type CommandListener = (event: CommandEvent) => void

/**
 * Counts the commands that the emulator has got. Each command is one round trip, and so is a batch.
 */
export interface Traffic {
  /** Returns how many commands of a kind have arrived since the last `reset`. */
  count(kind: CommandKind): number
  /** How many commands of all kinds have arrived since the last `reset`. */
  readonly roundTrips: number
  /** How many rows all batches had since the last `reset`. */
  readonly batchRows: number
  /** Sets all counts to zero. */
  reset(): void
  /**
   * Calls the listener for every command, after the command was executed and before its answer is
   * sent.
   *
   * @returns a function that removes the listener.
   */
  listen(listener: CommandListener): () => void
}

export class TrafficRecorder implements Traffic {
  readonly #counts = new Map<CommandKind, number>()
  readonly #listeners = new Set<CommandListener>()
  #rows = 0

  count(kind: CommandKind): number {
    return this.#counts.get(kind) ?? 0
  }

  get roundTrips(): number {
    let sum = 0
    for (const count of this.#counts.values()) sum += count
    return sum
  }

  get batchRows(): number {
    return this.#rows
  }

  reset(): void {
    this.#counts.clear()
    this.#rows = 0
  }

  listen(listener: CommandListener): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Whether there are listeners. Only then are the events of single records computed. */
  get isObserved(): boolean {
    return this.#listeners.size > 0
  }

  record(event: CommandEvent, rows: number): void {
    this.#counts.set(event.kind, this.count(event.kind) + 1)
    if (event.kind === 'batch') this.#rows += rows
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        // The error of a listener must not close the client's connection, and it must not be lost.
        // Thrown in a microtask, it becomes an uncaught exception.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
