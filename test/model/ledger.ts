import { isDeepStrictEqual } from 'node:util'
import type { Operation, Row, Scenario } from './scenario.js'

/** What the database answers: of each row that was asked for, the number of its last committed write. */
export type Answer = Readonly<Partial<Record<Row, number>>>

interface Commit {
  readonly value: number
  /** When the last replica has it. */
  readonly replicatedAt: number
}

/** What the ledger knows of a write. */
interface WriteRecord {
  readonly number: number
  readonly process: number
  readonly rows: readonly Row[]
  /** Whether the protocol is not told how it ends. */
  readonly isUnseen: boolean
  state: 'begun' | 'acknowledged' | 'crashed'
  /** Where its values stand in the order of commits, once it is committed. */
  readonly positions: Map<Row, number>
  /** By when the others notice if its process has died. */
  deadline: number
  /** Whether it was committed later than that. */
  isOverrun: boolean
  /** Whether a mark of it was lost with its tag, or never reached the store, so that nobody could know of it. */
  isUnmarked: boolean
  /** Whether the store did not take its touches, so that its own process still owes them. */
  isOwed: boolean
  /** Whether it must fail, because it could not be announced. */
  isRejected: boolean
}

interface ReadRecord {
  readonly process: number
  readonly rows: readonly Row[]
  /** The least that it may answer with, as positions in the order of commits of each row. */
  readonly floor: ReadonlyMap<Row, number>
}

/**
 * The database's commits, and the promise table of design.md as what a read may answer with.
 *
 * 1. In every mode, a read answers with nothing older than any write that *counts* when it begins.
 *    A write counts once it is committed, every replica has it, and it is
 *    - acknowledged: its client has been told its outcome, be it "unknown". If the store refused its
 *      touches, it counts for reads of other processes only once they have arrived; or
 *    - its process was killed, its deadline has passed, and it had been committed by its deadline.
 * 2. In strict mode, a read also answers with nothing older than
 *    - what was committed, and every replica had, when it began, unless that write is *excused*; and
 *    - what any read that ended before it began has answered with, under the same conditions.
 * 3. Whatever a read answers with was committed.
 * 4. Every read and write ends; only what the database did to it makes one fail.
 * 5. But where writes are rejected that cannot be announced, those fail and are never committed.
 * 6. While what was touched is held, no entry is stored that depends on it and stands: `SimulatedStore`
 *    sees to that.
 *
 * Excused is a write of which nothing can tell: it was committed later than its deadline, or the store
 * lost its mark, or never got its intent. Acknowledged writes are not excused, as they have been settled, but
 * for those whose end is not seen. The explorer finds what the excuse hides where a scenario has
 * `excuses: false`.
 */
export class Ledger {
  readonly #scenario: Scenario
  readonly #commits: Record<Row, Commit[]> = { a: [FIRST], b: [FIRST] }
  readonly #writes = new Map<string, WriteRecord>()
  readonly #reads = new Map<string, ReadRecord>()
  /** Writes that were given up, and until when they may still commit. */
  readonly #late = new Map<string, number>()
  readonly #deadlines = new Map<number, number>()
  /** In strict mode, the latest that ended reads have answered with. */
  readonly #answered = new Map<Row, number>()

  constructor(scenario: Scenario) {
    this.#scenario = scenario
  }

  /** What the database answers a query with. */
  query(rows: readonly Row[]): Answer {
    return Object.fromEntries(rows.map((row) => [row, this.#commits[row].at(-1)?.value]))
  }

  /** What a replica answers that is as far behind as one may be. */
  queryReplica(rows: readonly Row[], now: number): Answer {
    return Object.fromEntries(
      rows.map((row) => [
        row,
        this.#commits[row].findLast(({ replicatedAt }) => replicatedAt <= now)?.value,
      ]),
    )
  }

  /** Whether a replica may answer otherwise than the database. */
  lags(rows: readonly Row[], now: number): boolean {
    return !isDeepStrictEqual(this.query(rows), this.queryReplica(rows, now))
  }

  /** Whether any replica may be behind. */
  hasLaggards(now: number): boolean {
    return Object.values(this.#commits).some((row) => (row.at(-1)?.replicatedAt ?? 0) > now)
  }

  beginWrite(name: string, number: number, process: number, { kind, rows }: Operation): void {
    const deadline = this.#deadlines.get(process) ?? Number.POSITIVE_INFINITY
    this.#writes.set(name, {
      number,
      process,
      rows,
      isUnseen: kind === 'unseen',
      state: 'begun',
      positions: new Map(),
      deadline,
      isOverrun: false,
      isUnmarked: false,
      isOwed: false,
      isRejected: false,
    })
  }

  /** The process has beaten: until the deadline, the others cannot know what becomes of its writes. */
  beat(process: number, deadline: number): void {
    this.#deadlines.set(process, deadline)
    for (const write of this.#writes.values()) {
      if (write.process === process && write.state === 'begun') write.deadline = deadline
    }
  }

  /** A mark of the write is lost. */
  unmark(name: string): void {
    const write = this.#writes.get(name)
    if (write !== undefined) write.isUnmarked = true
  }

  /** The hold on a row is lost, which is all that there is of a write of another client. */
  loseHold(row: string): void {
    for (const write of this.#writes.values()) {
      if (write.isUnseen && write.rows.some((one) => one === row)) write.isUnmarked = true
    }
  }

  /** The store has failed to take a mark of the write, or so it seems. */
  announceFailed(name: string, isMarked: boolean): void {
    const write = this.#writes.get(name)
    if (write === undefined) return
    if (this.#scenario.onStoreFailure === 'reject') write.isRejected = true
    if (isMarked) return
    // Of a write whose end is not seen there is nothing but the mark, so that is what is owed.
    if (write.isUnseen) write.isOwed = true
    else write.isUnmarked = true
  }

  /** The store has not taken the touches of the write. */
  touchFailed(name: string): void {
    const write = this.#writes.get(name)
    if (write !== undefined) write.isOwed = true
  }

  /** The touches that this process owes for the row have arrived. */
  delivered(process: number, row: string): void {
    for (const write of this.#writes.values()) {
      if (write.process === process && write.rows.some((one) => one === row)) write.isOwed = false
    }
  }

  /** Says what is wrong if the protocol lets the write reach the database now. */
  admit(name: string, now: number): string | undefined {
    const deadline = this.#writes.get(name)?.deadline ?? 0
    return now > deadline ? `${name} goes on, though its process counts as gone` : undefined
  }

  /** Says what is wrong with the commit, if anything is. */
  commit(name: string, now: number): string | undefined {
    const write = this.#writes.get(name)
    if (write === undefined) return `${name} is committed without having begun`
    const { replicaLag } = this.#scenario
    const replicatedAt = replicaLag === 0 ? FIRST.replicatedAt : now + replicaLag
    for (const row of write.rows) {
      const position = this.#commits[row].push({ value: write.number, replicatedAt }) - 1
      write.positions.set(row, position)
    }
    write.isOverrun = now > write.deadline
    return write.isRejected ? `${name} is committed, but could not be announced` : undefined
  }

  /** The write was given up, but the database may still commit it until then. */
  mayCommit(name: string, until: number): void {
    this.#late.set(name, until)
  }

  /** The writes that were given up, and may commit now. */
  late(now: number): readonly string[] {
    return [...this.#late].flatMap(([name, until]) => (now <= until ? [name] : []))
  }

  /** A write that was given up is committed after all, or never. */
  decide(name: string): void {
    this.#late.delete(name)
  }

  /** Whether the write has to fail for not being announced. */
  isRejected(name: string): boolean {
    return this.#writes.get(name)?.isRejected ?? false
  }

  /** Its client has been told its outcome. */
  acknowledge(name: string): void {
    const write = this.#writes.get(name)
    if (write !== undefined) write.state = 'acknowledged'
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
      const binding = [...this.#writes.values()]
        .filter((write) => this.#binds(write, process, now))
        .map(({ positions }) => positions.get(row))
      const due = [...binding, this.#answered.get(row)].flatMap((position) => {
        const commit = position === undefined ? undefined : this.#commits[row][position]
        return commit !== undefined && commit.replicatedAt <= now ? [position as number] : []
      })
      floor.set(row, Math.max(0, ...due))
    }
    this.#reads.set(name, { process, rows, floor })
  }

  /** Says what is wrong with the answer, if anything is. */
  endRead(name: string, answer: Answer): string | undefined {
    const read = this.#reads.get(name)
    if (read === undefined) return `${name} ends without having begun`
    for (const row of read.rows) {
      const value = answer[row]
      const position = this.#commits[row].findIndex((commit) => commit.value === value)
      if (position < 0) return `${name} returns ${row}=${value}, which was never committed`
      const least = read.floor.get(row) ?? 0
      if (position < least) {
        const due = this.#commits[row][least]?.value
        return `${name} returns ${row}=${value}, but ${row}=${due} stood when it began`
      }
      const writer = this.#writerOf(value)
      const isKnown = writer === undefined || !(writer.isUnseen && writer.isOwed)
      if (this.#isStrict && isKnown && !this.#isExcused(writer)) {
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
      [...this.#late],
      [...this.#deadlines],
    ])
  }

  get #isStrict(): boolean {
    return this.#scenario.consistency === 'strict'
  }

  #binds(write: WriteRecord, process: number, now: number): boolean {
    if (this.#isExcused(write)) return false
    const isAcknowledged = write.state === 'acknowledged'
    if (write.isOwed && (isAcknowledged || write.isUnseen) && write.process !== process)
      return false
    if (isAcknowledged) return true
    return this.#isStrict || (write.state === 'crashed' && now > write.deadline)
  }

  #isExcused(write: WriteRecord | undefined): boolean {
    if (!this.#scenario.excuses || write === undefined) return false
    if (write.state === 'acknowledged' && !write.isUnseen) return false
    return write.isOverrun || write.isUnmarked
  }

  #writerOf(value: number | undefined): WriteRecord | undefined {
    return [...this.#writes.values()].find(({ number }) => number === value)
  }
}

/** What every row begins with. */
const FIRST: Commit = { value: 0, replicatedAt: 0 }
