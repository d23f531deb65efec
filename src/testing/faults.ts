import type { Namespace } from './namespace.js'
import { digestOf, type UserKey } from './record.js'
import type { CommandKind } from './traffic.js'

/** The commands that a fault affects. */
export interface FaultTarget {
  /** Affects only commands of this kind. @default all kinds except `info` */
  readonly command?: CommandKind
  /** How many commands in a row the fault affects. @default 1 */
  readonly times?: number
}

/** The commands that a fault affects, which may begin with a later command. */
export interface NthFaultTarget extends FaultTarget {
  /** The first affected command, counted from now: 1 is the next command. @default 1 */
  readonly nth?: number
}

/**
 * Faults of the emulator. Several can be active at once. Each ends when it has happened as often as
 * requested, when its opposite is called (such as `thaw` for `freeze`), or with `clear()`.
 */
export interface Faults {
  /**
   * Simulates that the server process dies: open connections are closed and new ones refused.
   * Records are kept, as on a server that stores them on a device.
   */
  kill(): Promise<void>
  /** Makes a killed server listen again, on the same port. */
  comeBack(): Promise<void>
  /** Simulates that the server process dies and restarts without any records. */
  restartEmpty(): Promise<void>
  /**
   * Simulates a hang: the server accepts connections and bytes, but executes and answers nothing.
   */
  freeze(): void
  /**
   * Ends a hang. Commands that arrived meanwhile are executed, even if the client has timed out.
   */
  thaw(): void
  /**
   * Delays every answer, in milliseconds of real time; 0 ends the delay. Commands are executed at
   * once.
   */
  delay(milliseconds: number): void
  /**
   * Answers the next command with this result code instead of executing it. A batch fails as a
   * whole.
   *
   * @throws RangeError if the code is not a whole number from 1 to 255.
   */
  failNext(code: number, target?: FaultTarget): void
  /**
   * Does the same as `failNext`, for the nth command from now.
   *
   * @throws RangeError if the code is not from 1 to 255, or if `nth` is less than 1.
   */
  failNth(nth: number, code: number, target?: FaultTarget): void
  /** Answers commands on one record with this result code. In a batch, only that row fails. */
  failRecord(
    namespace: string,
    set: string,
    key: UserKey,
    code: number,
    target?: { readonly times?: number },
  ): void
  /** Closes the connection when a command arrives, without executing it. */
  dropRequest(target?: NthFaultTarget): void
  /** Executes a command, sends half of the answer and closes the connection. */
  dropMidAnswer(target?: NthFaultTarget): void
  /**
   * Loses one record, as an eviction does.
   *
   * @returns whether the record existed.
   */
  loseRecord(namespace: string, set: string, key: UserKey): boolean
  /**
   * Loses all records of a set.
   *
   * @returns how many records were lost.
   */
  loseSet(namespace: string, set: string): number
  /**
   * Refuses writes with code 8 until it is turned off. Reads, removes and truncation still work.
   */
  stopWrites(namespace: string, on?: boolean): void
  /** Ends all faults and listens again. Lost records stay lost. */
  clear(): Promise<void>
}

/** The effect of a planned fault on a command. */
export type PlannedFault =
  | { readonly kind: 'fail'; readonly code: number }
  | { readonly kind: 'dropRequest' }
  | { readonly kind: 'dropMidAnswer' }

interface Plan {
  readonly fault: PlannedFault
  readonly command: CommandKind | undefined
  /** How many commands pass before the first affected one. */
  skip: number
  times: number
}

/** The part of the server that faults use. */
export interface FaultyServer {
  readonly namespaces: ReadonlyMap<string, Namespace>
  now(): number
  stop(): Promise<void>
  listen(): Promise<void>
  setFrozen(isFrozen: boolean): void
  setDelay(milliseconds: number): void
}

export class FaultPlan implements Faults {
  readonly #server: FaultyServer
  #plans: Plan[] = []
  readonly #records = new Map<string, { code: number; times: number }>()

  constructor(server: FaultyServer) {
    this.#server = server
  }

  /**
   * Returns the fault for a command that has arrived, if one is due, and counts it for the others.
   */
  take(command: CommandKind): PlannedFault | undefined {
    if (this.#plans.length === 0) return undefined
    let due: Plan | undefined
    for (const plan of this.#plans) {
      const matches = plan.command === undefined ? command !== 'info' : plan.command === command
      if (!matches) continue
      if (plan.skip > 0) plan.skip--
      else due ??= plan
    }
    if (due === undefined) return undefined
    due.times--
    this.#plans = this.#plans.filter((plan) => plan.times > 0)
    return due.fault
  }

  /** Returns the result code that is planned for the next command on a record, if there is one. */
  takeForRecord(namespace: string, digest: string): number | undefined {
    if (this.#records.size === 0) return undefined
    const id = recordId(namespace, digest)
    const planned = this.#records.get(id)
    if (planned === undefined) return undefined
    planned.times--
    if (planned.times <= 0) this.#records.delete(id)
    return planned.code
  }

  kill(): Promise<void> {
    return this.#server.stop()
  }

  comeBack(): Promise<void> {
    return this.#server.listen()
  }

  async restartEmpty(): Promise<void> {
    await this.#server.stop()
    for (const ns of this.#server.namespaces.values()) ns.clear()
    await this.#server.listen()
  }

  freeze(): void {
    this.#server.setFrozen(true)
  }

  thaw(): void {
    this.#server.setFrozen(false)
  }

  delay(milliseconds: number): void {
    this.#server.setDelay(milliseconds)
  }

  failNext(code: number, target: FaultTarget = {}): void {
    this.failNth(1, code, target)
  }

  failNth(nth: number, code: number, target: FaultTarget = {}): void {
    if (!Number.isInteger(code) || code < 1 || code > 255) {
      throw new RangeError(`expected a result code from 1 to 255, got ${code}`)
    }
    this.#plan({ kind: 'fail', code }, { ...target, nth })
  }

  failRecord(
    namespace: string,
    set: string,
    key: UserKey,
    code: number,
    { times = 1 }: { readonly times?: number } = {},
  ): void {
    this.#namespace(namespace)
    this.#records.set(recordId(namespace, digestOf(set, key)), { code, times })
  }

  dropRequest(target: NthFaultTarget = {}): void {
    this.#plan({ kind: 'dropRequest' }, target)
  }

  dropMidAnswer(target: NthFaultTarget = {}): void {
    this.#plan({ kind: 'dropMidAnswer' }, target)
  }

  loseRecord(namespace: string, set: string, key: UserKey): boolean {
    const ns = this.#namespace(namespace)
    const digest = digestOf(set, key)
    const was = ns.find(digest, this.#server.now()) !== undefined
    ns.delete(digest)
    return was
  }

  loseSet(namespace: string, set: string): number {
    const ns = this.#namespace(namespace)
    const lost = [...ns.live(this.#server.now())].filter(([, record]) => record.set === set)
    for (const [digest] of lost) ns.delete(digest)
    return lost.length
  }

  stopWrites(namespace: string, on = true): void {
    this.#namespace(namespace).stopWrites = on
  }

  async clear(): Promise<void> {
    this.#plans = []
    this.#records.clear()
    this.delay(0)
    for (const ns of this.#server.namespaces.values()) ns.stopWrites = false
    this.thaw()
    await this.#server.listen()
  }

  #plan(fault: PlannedFault, { command, nth = 1, times = 1 }: NthFaultTarget): void {
    if (!Number.isInteger(nth) || nth < 1) {
      throw new RangeError(`expected nth to be a whole number from 1, got ${nth}`)
    }
    this.#plans.push({ fault, command, skip: nth - 1, times })
  }

  #namespace(name: string): Namespace {
    const ns = this.#server.namespaces.get(name)
    if (ns !== undefined) return ns
    const known = [...this.#server.namespaces.keys()].join(', ')
    throw new Error(`the emulator has no namespace ${name}, only ${known}`)
  }
}

function recordId(namespace: string, digest: string): string {
  return `${namespace}\0${digest}`
}
