/**
 * What a command is: `get` reads bins, `exists` only metadata, `put` writes bins, `operate` is any
 * mix with another kind of op, `batch` any number of these in one round trip, `scan` a scan or query, `info`
 * what an operator asks or orders, such as to truncate; what a client asks by itself to connect and
 * to keep up with the cluster is not counted.
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

/** One record that a command was about. */
export interface RecordEvent {
  readonly kind: Exclude<CommandKind, 'info' | 'security' | 'batch' | 'scan'>
  readonly namespace: string
  readonly set: string
  /** In hexadecimal, as the client's `key.digest.toString('hex')`. */
  readonly digest: string
  /** The result code. */
  readonly code: number
}

/** A command, when it has been done and before its answer is on its way. */
export interface CommandEvent {
  readonly kind: CommandKind
  /** The result code; that of the whole for a batch. */
  readonly code: number
  /** The rows of a batch, or the one record of a single-record command. */
  readonly records: readonly RecordEvent[]
}

export type CommandListener = (event: CommandEvent) => void

/** What has been asked of the emulator. Each command is one round trip, a batch too. */
export interface Traffic {
  /** How many commands of a kind have come since the last `reset`. */
  count(kind: CommandKind): number
  /** Commands of all kinds. */
  readonly roundTrips: number
  /** Rows of batches. */
  readonly batchRows: number
  /** Begins to count anew. */
  reset(): void
  /**
   * Calls back for every command, when it has been done and before its answer is sent.
   * @returns a function that ends it.
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

  /** Whether somebody listens: only then are records worth describing. */
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
        // The listener's own failure must neither cut the client off nor be lost.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
