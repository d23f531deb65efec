import type { Row, Scenario } from './scenario.js'

/** What the database answers: of each row that was asked for, the number of its last committed write. */
export type Answer = Readonly<Partial<Record<Row, number>>>

/** What the ledger knows of a write. */
export interface WriteRecord {
  readonly number: number
  readonly process: number
  readonly rows: readonly Row[]
  state: 'begun' | 'acknowledged' | 'crashed'
  /** Where its values stand in the order of commits, once it is committed. */
  readonly positions: Map<Row, number>
  /** Of its last mark. */
  deadline: number
  /** Whether it was committed later than that. */
  isOverrun: boolean
  /** Whether a mark of it was lost with its tag, or never reached the store, so that nobody could know of it. */
  isUnmarked: boolean
  /** Whether the store did not take its touches, so that its own process still owes them. */
  isOwed: boolean
}

export interface ReadRecord {
  readonly process: number
  readonly rows: readonly Row[]
  /** The least that it may answer with, as positions in the order of commits of each row. */
  readonly floor: ReadonlyMap<Row, number>
}

/**
 * The database's commits, and the promise table of design.md as what a read may answer with.
 *
 * 1. In every mode, a read answers with nothing older than any write that *counts* when it begins.
 *    A write counts once it is committed and
 *    - acknowledged: its client has been told its outcome, be it "unknown". If the store refused its
 *      touches, it counts for reads of other processes only once they have arrived; or
 *    - its process was killed, its deadline has passed, and it had been committed by its deadline.
 * 2. In strict mode, a read also answers with nothing older than
 *    - what was committed when it began, unless that write is *excused*; and
 *    - what any read that ended before it began has answered with, under the same condition.
 * 3. Whatever a read answers with was committed.
 * 4. Every read and write ends; only what the database did to it makes one fail.
 *
 * Excused is a write that is not acknowledged and of which no mark can tell: it was committed later
 * than its deadline, or the store lost its mark, or never got it. The explorer finds what the excuse
 * hides where a scenario has `excuses: false`.
 */
export class Ledger {
  readonly #isStrict: boolean
  readonly #excuses: boolean
  readonly #commits: Record<Row, number[]> = { a: [0], b: [0] }
  readonly #writes = new Map<string, WriteRecord>()
  readonly #reads = new Map<string, ReadRecord>()
  /** In strict mode, the latest that ended reads have answered with. */
  readonly #answered = new Map<Row, number>()

  constructor({ consistency, excuses }: Scenario) {
    this.#isStrict = consistency === 'strict'
    this.#excuses = excuses
  }

  /** What the database answers a query with. */
  query(rows: readonly Row[]): Answer {
    return Object.fromEntries(rows.map((row) => [row, this.#commits[row].at(-1)]))
  }

  beginWrite(name: string, number: number, process: number, rows: readonly Row[]): WriteRecord {
    const record: WriteRecord = {
      number,
      process,
      rows,
      state: 'begun',
      positions: new Map(),
      deadline: Number.POSITIVE_INFINITY,
      isOverrun: false,
      isUnmarked: false,
      isOwed: false,
    }
    this.#writes.set(name, record)
    return record
  }

  write(name: string): WriteRecord | undefined {
    return this.#writes.get(name)
  }

  commit(name: string, now: number): void {
    const write = this.#writes.get(name)
    if (write === undefined) return
    for (const row of write.rows) {
      write.positions.set(row, this.#commits[row].push(write.number) - 1)
    }
    write.isOverrun = now > write.deadline
  }

  /** The touches that this process owes for the row have arrived. */
  delivered(process: number, row: string): void {
    for (const write of this.#writes.values()) {
      if (write.process === process && write.rows.some((one) => one === row)) write.isOwed = false
    }
  }

  /** What the process was writing has no client any more. */
  crash(process: number): void {
    for (const write of this.#writes.values()) {
      if (write.process === process && write.state === 'begun') write.state = 'crashed'
    }
  }

  beginRead(name: string, process: number, rows: readonly Row[], now: number): void {
    const floor = new Map<Row, number>()
    for (const row of rows) {
      let least = this.#answered.get(row) ?? 0
      for (const write of this.#writes.values()) {
        const position = write.positions.get(row)
        if (position !== undefined && this.#binds(write, process, now)) {
          least = Math.max(least, position)
        }
      }
      floor.set(row, least)
    }
    this.#reads.set(name, { process, rows, floor })
  }

  /** Says what is wrong with the answer, if anything is. */
  endRead(name: string, answer: Answer): string | undefined {
    const read = this.#reads.get(name)
    if (read === undefined) return `${name} ends without having begun`
    for (const row of read.rows) {
      const value = answer[row]
      const position = this.#commits[row].indexOf(value as number)
      if (position < 0) return `${name} returns ${row}=${value}, which was never committed`
      const least = read.floor.get(row) ?? 0
      if (position < least) {
        const due = this.#commits[row][least]
        return `${name} returns ${row}=${value}, but ${row}=${due} stood when it began`
      }
      if (this.#isStrict && !this.#isExcused(this.#writerOf(value))) {
        this.#answered.set(row, Math.max(position, this.#answered.get(row) ?? 0))
      }
    }
    return undefined
  }

  /** All that decides what is said of the reads to come. */
  fingerprint(): string {
    const writes = [...this.#writes].sort(([one], [other]) => (one < other ? -1 : 1))
    const reads = [...this.#reads].sort(([one], [other]) => (one < other ? -1 : 1))
    return JSON.stringify([
      this.#commits,
      writes.map(([name, write]) => [name, { ...write, positions: [...write.positions] }]),
      reads.map(([name, { floor }]) => [name, [...floor]]),
      [...this.#answered].sort(),
    ])
  }

  #binds(write: WriteRecord, process: number, now: number): boolean {
    if (write.state === 'acknowledged') return !write.isOwed || write.process === process
    if (this.#isStrict) return !this.#isExcused(write)
    return write.state === 'crashed' && now > write.deadline && !this.#isExcused(write)
  }

  #isExcused(write: WriteRecord | undefined): boolean {
    if (!this.#excuses || write === undefined || write.state === 'acknowledged') return false
    return write.isOverrun || write.isUnmarked
  }

  #writerOf(value: number | undefined): WriteRecord | undefined {
    return [...this.#writes.values()].find(({ number }) => number === value)
  }
}
