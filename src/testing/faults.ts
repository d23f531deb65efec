import type { Namespace } from './namespace.js'
import { digestOf, type UserKey } from './record.js'
import type { CommandKind } from './traffic.js'

/** Which commands a fault is for. */
export interface FaultTarget {
  /** Only commands of this kind. @default all but `info` */
  readonly command?: CommandKind
  /** How many commands in a row. @default 1 */
  readonly times?: number
}

export interface NthFaultTarget extends FaultTarget {
  /** The first of them, counted from now, where 1 is the next one. @default 1 */
  readonly nth?: number
}

/**
 * What goes wrong. Faults add up; each lasts until it has happened as often as it was asked for, or
 * until its opposite, or until `clear()`.
 */
export interface Faults {
  /**
   * The process dies: the port refuses connections and open ones are cut. Records stay, as on a
   * server that stores them on a device.
   */
  kill(): Promise<void>
  /** Listens again, on the same port. */
  comeBack(): Promise<void>
  /** The process dies and comes back with an empty memory. */
  restartEmpty(): Promise<void>
  /** The process hangs: it takes connections and bytes, and neither does nor answers anything. */
  freeze(): void
  /** Goes on: does what has come meanwhile, even where the client has stopped waiting for it. */
  thaw(): void
  /** Answers everything late, by milliseconds of real time; 0 ends it. Commands are done at once. */
  delay(milliseconds: number): void
  /** Answers the next command with this code instead of doing it. A batch fails as a whole. */
  failNext(code: number, target?: FaultTarget): void
  /** As `failNext`, for the nth command from now. */
  failNth(nth: number, code: number, target?: FaultTarget): void
  /** Answers commands on one record with this code, in batches only that row. */
  failRecord(
    namespace: string,
    set: string,
    key: UserKey,
    code: number,
    target?: { readonly times?: number },
  ): void
  /** Cuts the connection when a command has come: it is not done. */
  dropRequest(target?: NthFaultTarget): void
  /** Does a command, sends half of the answer and cuts the connection. */
  dropMidAnswer(target?: NthFaultTarget): void
  /** Loses one record, as by eviction. @returns whether it was there. */
  loseRecord(namespace: string, set: string, key: UserKey): boolean
  /** Loses all records of a set. @returns how many. */
  loseSet(namespace: string, set: string): number
  /** Refuses writes with code 8 until it is turned off; reads, removes and truncation go on. */
  stopWrites(namespace: string, on?: boolean): void
  /** Ends every fault but lost records; listens again. */
  clear(): Promise<void>
}

/** What a planned fault does to a command. */
export type PlannedFault =
  | { readonly kind: 'fail'; readonly code: number }
  | { readonly kind: 'dropRequest' }
  | { readonly kind: 'dropMidAnswer' }

interface Plan {
  readonly fault: PlannedFault
  readonly command: CommandKind | undefined
  /** How many commands pass before. */
  skip: number
  times: number
}

/** What faults need of the server that they happen to. */
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

  /** The fault of a command that has come, if one is due; counts the command for the others. */
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

  /** The code that a record's next command gets, if one was planned for it. */
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
      throw new RangeError(`A result code is a whole number from 1 to 255, not ${code}`)
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
      throw new RangeError(`Commands are counted from 1, not ${nth}`)
    }
    this.#plans.push({ fault, command, skip: nth - 1, times })
  }

  #namespace(name: string): Namespace {
    const ns = this.#server.namespaces.get(name)
    if (ns !== undefined) return ns
    const known = [...this.#server.namespaces.keys()].join(', ')
    throw new Error(`The emulator has no namespace ${name}, only ${known}`)
  }
}

function recordId(namespace: string, digest: string): string {
  return `${namespace}\0${digest}`
}
