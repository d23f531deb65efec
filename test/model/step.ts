import type { Answer } from './ledger.js'
import type { Fault, Operation } from './scenario.js'

/** One way in which a step that a process waits for may go. */
export interface Way {
  readonly label: string
  readonly perform: () => unknown
  /** Explored only while this has not gone wrong yet. */
  readonly fault?: Fault
  /** Explored only where this holds. */
  readonly isPossible?: () => boolean
}

/** Of the store. */
export type RecordName = `tag ${string}` | `entry ${string}` | 'roster'

export interface Step {
  readonly id: string
  /** What it reads or changes in the store, as far as that may be lost. */
  readonly records: readonly RecordName[]
  readonly process: Process
  readonly operation: Running
  readonly ways: readonly Way[]
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface Running {
  readonly name: string
  readonly spec: Operation
  readonly process: Process
  /** Of a write: the value that it writes. */
  readonly number: number
  state: 'waiting' | 'running' | 'ended'
  steps: number
}

export interface Process {
  readonly index: number
  /** Lets it beat at once, which is no step. */
  beat: () => Promise<void>
  readonly operations: Running[]
  isAlive: boolean
  /** How far it has come in its pauses: the clocks of processes differ by so much. */
  paused: number
  /**
   * Of each operation, all that it has learned since the process was last at rest; of what was before,
   * the protocol keeps nothing. And of what operations share, in which order they came to it.
   */
  readonly histories: Map<string, string[]>
}

/** The database's own errors, as its client sees them. */
export class DatabaseError extends Error {
  readonly operation: string

  constructor(operation: string, message: string) {
    super(message)
    this.operation = operation
  }
}

/** What a statement that a constraint refused, and a transaction that its callback left, fail with. */
export class RolledBack extends DatabaseError {
  readonly code = 'P2002'
}

/** A result of the store, with what its receiver learns from it. */
export class Shown<T> {
  readonly value: T
  readonly text: (result: T) => string

  constructor(value: T, text: (result: T) => string) {
    this.value = value
    this.text = text
  }
}

export function historyOf({ histories, paused }: Process): string {
  const groups = [...histories].map(([group, history]) => `${group}: ${history.join(';')}`)
  return `${paused} ${groups.sort().join(' | ')}`
}

export function show(answer: Answer): string {
  return Object.entries(answer)
    .map(([row, value]) => `${row}=${value}`)
    .join(', ')
}
