/** Whatever the database has one value of: the number of the last committed write to it, at first 0. */
export type Row = 'a' | 'b'

/** How a write ends, as far as its client can tell. */
export type End =
  /** Committed, and said so. */
  | 'commit'
  /** Undone, and said so: by the application in a transaction, else by a constraint. */
  | 'rollback'
  /** The connection is lost: the statement may have been committed or not. */
  | 'unknown'

export type Operation = Reading | Writing

/** One query over its rows. */
export interface Reading {
  readonly kind: 'read'
  readonly rows: readonly Row[]
  /** Whether only its answer tells which rows these are. */
  readonly isLate: boolean
}

export interface Writing {
  /**
   * One statement; a transaction that writes its rows one after the other; or one statement in a
   * transaction of another client: how that ends is not seen.
   */
  readonly kind: 'write' | 'transaction' | 'unseen'
  readonly rows: readonly Row[]
  /** Every one is explored. */
  readonly ends: readonly End[]
  /** Whether only its answer tells which rows these are. */
  readonly isLate: boolean
}

/** What may go wrong, once in an execution each, at any step. */
export type Fault =
  /** A process is killed. */
  | 'crash'
  /** The store loses a tag. */
  | 'loss'
  /** The store evicts an entry. */
  | 'eviction'
  /** The store loses the roster. */
  | 'roster'
  /** Time passes every deadline. */
  | 'delay'
  /** Time passes until every replica has what was committed. */
  | 'catch-up'
  /** A statement is given up, and commits at any time before the deadline. */
  | 'late'
  /** A query fails. */
  | 'query'
  /** A call fails at the store, done or not. */
  | 'store'

/** A small program, of which every interleaving is explored. */
export interface Scenario {
  readonly name: string
  readonly consistency: 'acknowledged' | 'strict'
  /** In milliseconds, how far replicas that answer queries may be behind. Zero: there are none. */
  readonly replicaLag: number
  readonly onStoreFailure: 'bypass' | 'reject'
  /** Whether the rows that are read have been read before, so that the cache has them. */
  readonly warm: boolean
  /** Whether processes that only read join the roster not before their first read. */
  readonly newcomers: boolean
  /** Of each process, what it does, all at once: what runs at once may also run one after the other. */
  readonly processes: readonly (readonly Operation[])[]
  readonly faults: readonly Fault[]
  /**
   * `records`: a call over several records is a step for each, in any order, as in a real batch;
   * `touches`: only such as end a write.
   */
  readonly granularity: 'calls' | 'touches' | 'records'
  /** Whether the promise says nothing of writes that no mark can tell of, see `Ledger`. */
  readonly excuses: boolean
}

export const read = (...rows: Row[]): Reading => ({ kind: 'read', rows, isLate: false })

export const write = (...rows: Row[]): Writing => writing('write', rows, ['commit'])

export const transaction = (...rows: Row[]): Writing =>
  writing('transaction', rows, ['commit', 'rollback'])

export const unseen = (...rows: Row[]): Writing => writing('unseen', rows, ['commit', 'rollback'])

const writing = (kind: Writing['kind'], rows: readonly Row[], ends: readonly End[]): Writing => ({
  kind,
  rows,
  ends,
  isLate: false,
})

/** The same, but which rows these are is known only from its answer. */
export function late<O extends Operation>(operation: O): O {
  return { ...operation, isLate: true }
}

/** The same, but with these ends instead. */
export function ending(operation: Writing, ...ends: readonly End[]): Writing {
  return { ...operation, ends }
}

/** Builds a scenario; its name says all of it. */
export function scenario(
  processes: readonly (readonly Operation[])[],
  {
    consistency = 'acknowledged',
    replicaLag = 0,
    onStoreFailure = 'bypass',
    warm = false,
    newcomers = false,
    faults = [],
    granularity = 'calls',
    excuses = true,
  }: Partial<Omit<Scenario, 'name' | 'processes'>> = {},
): Scenario {
  const programs = processes.map((operations) => operations.map(nameOf).join(' & '))
  const traits = [
    ...(consistency === 'strict' ? ['strict'] : []),
    ...(replicaLag > 0 ? [`lag ${replicaLag}`] : []),
    ...(onStoreFailure === 'reject' ? ['reject'] : []),
    warm ? 'warm' : 'cold',
    ...(newcomers ? ['newcomers'] : []),
    ...(granularity === 'calls' ? [] : [granularity]),
    ...faults,
    ...(excuses ? [] : ['no excuses']),
  ]
  const name = `${programs.join(' | ')} (${traits.join(', ')})`
  return {
    name,
    consistency,
    replicaLag,
    onStoreFailure,
    warm,
    newcomers,
    processes,
    faults,
    granularity,
    excuses,
  }
}

export function nameOf(operation: Operation): string {
  const rows = `${operation.isLate ? 'late ' : ''}${operation.rows.join('+')}`
  if (operation.kind === 'read') return `read ${rows}`
  const ends = operation.ends.length === 1 && operation.ends[0] === 'commit' ? '' : '?'
  return `${operation.kind === 'transaction' ? 'tx' : operation.kind}${ends} ${rows}`
}
