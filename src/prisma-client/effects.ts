import { objectOf } from '../plan/query.js'

/** The outcome of a write. */
export type Outcome = 'written' | 'unwritten' | 'unknown'

export interface EffectsOptions {
  readonly ready: () => Promise<void>
  /** Called when a transaction with statements of this write has ended, before its caller hears of it. */
  readonly onDecided?: (outcome: Outcome) => Promise<void>
}

/**
 * Follows the statements of one write, as the sentinel sees them. A write may send statements outside a
 * transaction, and in one or more transactions.
 */
export class Effects {
  readonly #options: EffectsOptions
  #isSeen = false
  #isWritten = false
  #isUnknown = false
  /** Statements and transactions whose fate is not decided yet. */
  #undecided = 0

  constructor(options: EffectsOptions) {
    this.#options = options
  }

  /** Resolves when what the write sends may be committed. Where it rejects, it must not be. */
  ready(): Promise<void> {
    return this.#options.ready()
  }

  /** Whether the sentinel has seen any statement of this write. */
  get isSeen(): boolean {
    return this.#isSeen
  }

  /** Whether a statement or a transaction of it is under way. */
  get isOpen(): boolean {
    return this.#undecided > 0
  }

  get outcome(): Outcome {
    if (this.#isUnknown || this.#undecided > 0) return 'unknown'
    return this.#isWritten ? 'written' : 'unwritten'
  }

  see(): void {
    this.#isSeen = true
  }

  /** A statement outside a transaction is sent, or a transaction has its first statement of this write. */
  begin(): void {
    this.#undecided += 1
  }

  /** A statement or a transaction that was begun is decided. */
  async end(outcome: Outcome): Promise<void> {
    this.#undecided -= 1
    if (outcome === 'written') this.#isWritten = true
    if (outcome === 'unknown') this.#isUnknown = true
    await this.#options.onDecided?.(outcome)
  }
}

/**
 * Whether the error of a statement says that the database refused it, so that it changed nothing. An error
 * that does not say so proves nothing: the statement may still run, as after a time-out of the driver.
 */
export function isRefusal(error: unknown): boolean {
  const { cause } = objectOf(error)
  const { kind, originalCode, code, extendedCode } = objectOf(cause)
  if (typeof kind !== 'string') return false
  if (refusals.has(kind)) return true
  const state = originalCode ?? code
  if (kind === 'postgres') return typeof state === 'string' && !lostStates.test(state)
  if (kind === 'mysql') return !lostInMysql.has(Number(state))
  if (kind === 'sqlite') return !lostInSqlite.has(Number(extendedCode) % 256)
  return false
}

/** The kinds of Prisma's DriverAdapterError by which a database refuses a statement. */
const refusals: ReadonlySet<string> = new Set([
  'UniqueConstraintViolation',
  'ForeignKeyConstraintViolation',
  'NullConstraintViolation',
  'RestrictViolation',
  'LengthMismatch',
  'ValueOutOfRange',
  'InvalidInputValue',
  'TransactionWriteConflict',
  'TableDoesNotExist',
  'ColumnNotFound',
  'MissingFullTextSearchIndex',
])

/**
 * SQLSTATEs after which the outcome of the statement is not known: connection (08), completion unknown
 * (40003), shutdown (57P), errors of the system and of the server itself (58, XX).
 */
const lostStates = /^(08|40003|57P|58|XX)/

/** https://dev.mysql.com/doc/mysql-errors/8.0/en/: shutdown, killed, and the client's own errors. */
const lostInMysql: ReadonlySet<number> = new Set([1053, 1077, 1079, 1080, 1317, 1927, 2006, 2013])

/** https://www.sqlite.org/rescode.html: interrupted, I/O error, corrupt, and not a code at all. */
const lostInSqlite: ReadonlySet<number> = new Set([9, 10, 11, Number.NaN])
