import type { Answer } from './ledger.js'
import type { Names } from './names.js'
import { hasLate, keyOf } from './plan.js'
import type { Fault, Scenario } from './scenario.js'
import type { Clock } from './stage.js'
import {
  type Process,
  type RecordName,
  type Running,
  Shown,
  type Step,
  show,
  type Way,
} from './step.js'
import type { Trace } from './trace.js'

export interface ScheduleOptions {
  readonly scenario: Scenario
  readonly clock: Clock
  readonly faults: Set<Fault>
  readonly names: Names
  readonly trace: Trace
}

/** The steps that processes wait for. None happens until it is picked; then its process runs until it waits again. */
export class Schedule {
  readonly #options: ScheduleOptions
  #pending: Step[] = []
  #running: Running | undefined

  constructor(options: ScheduleOptions) {
    this.#options = options
  }

  get pending(): readonly Step[] {
    return this.#pending
  }

  /** Whose code runs. */
  get running(): Running {
    if (this.#running === undefined) throw new Error('no process runs')
    return this.#running
  }

  /** From here on the operation's code runs. */
  enter(operation: Running): void {
    this.#running = operation
  }

  /** How a process asks for a step; it settles as the step does. */
  ask(
    operation: Running,
    ways: readonly Way[],
    records: readonly RecordName[] = [],
  ): Promise<unknown> {
    operation.steps += 1
    const id = `${operation.name}.${operation.steps}`
    return new Promise((resolve, reject) => {
      const { process } = operation
      this.#pending.push({ id, records, process, operation, ways, resolve, reject })
    })
  }

  /** A pause of the process whose code runs: a step, at the end of which the time has come. */
  readonly pause = (milliseconds: number): Promise<void> => {
    const { process } = this.running
    return this.ask(this.running, [
      {
        label: `pause for ${milliseconds} ms`,
        perform: () => {
          process.paused += milliseconds
        },
      },
    ]) as Promise<void>
  }

  /** A timer of the process whose code runs: a step, whenever the scheduler picks it. */
  readonly timer = (callback: () => void): { readonly unref: () => void } => {
    this.ask(this.running, [{ label: 'a timer rings', perform: () => undefined }]).then(callback)
    return { unref: () => undefined }
  }

  /** The ways in which the step may still go. */
  waysOf({ ways }: Step): readonly Way[] {
    const { faults } = this.#options
    return ways.filter(
      ({ fault, isPossible }) =>
        (fault === undefined || faults.has(fault)) && isPossible?.() !== false,
    )
  }

  /** Performs the step and hands its result to the process, which then runs until it waits again. */
  async perform(step: Step, { label, perform, fault }: Way): Promise<void> {
    const { scenario, names, faults, trace } = this.#options
    const { process, operation, id } = step
    this.#pending = this.#pending.filter((other) => other !== step)
    this.enter(operation)
    names.madeBy(id)
    if (fault !== undefined) faults.delete(fault)
    try {
      const result = await perform()
      const [value, text] =
        result instanceof Shown
          ? [result.value, result.text(result.value)]
          : [result, result === undefined ? '' : show(result as Answer)]
      this.#learn(step, label, text)
      step.resolve(value)
    } catch (error) {
      this.#learn(step, label, fault === undefined ? String(error) : '')
      step.reject(error)
    }
    await quiescence()
    for (let pause = this.#takePause(); pause !== undefined; pause = this.#takePause()) {
      trace.note(pause.operation, pause.ways[0]?.label ?? '')
      pause.ways[0]?.perform()
      pause.resolve(undefined)
      await quiescence()
    }
    this.#order(step, label)
    const isAtRest = process.operations.every(({ state }) => state !== 'running')
    if (isAtRest && !this.#pending.some((other) => other.process === process)) {
      // Of late reads the protocol remembers what their entries depended on.
      const member = process.histories.get(MEMBER)
      if (!hasLate(scenario)) process.histories.clear()
      // What it has learnt of the other members stays with it.
      if (member !== undefined) process.histories.set(MEMBER, member)
      process.paused = 0
    }
  }

  /** The process is dead: it waits for nothing any more. */
  forget(process: Process): void {
    this.#pending = this.#pending.filter((step) => step.process !== process)
  }

  /**
   * A pause is over at once: what may happen meanwhile may as well happen before the next step, and
   * the clock is the process's own.
   */
  #takePause(): Step | undefined {
    const pause = this.#pending.find(({ ways }) => ways[0]?.label.startsWith('pause'))
    this.#pending = this.#pending.filter((step) => step !== pause)
    return pause
  }

  #learn({ id, process, operation }: Step, label: string, result: string): void {
    const { clock, trace } = this.#options
    const history = process.histories.get(operation.name) ?? []
    history.push(`${id} ${label} ${result} ${clock.now}`)
    process.histories.set(operation.name, history)
    if (isOfMember.test(label)) {
      const learnt = process.histories.get(MEMBER) ?? []
      process.histories.set(MEMBER, [...learnt, `${label} ${result} ${clock.now}`])
    }
    trace.note(operation, result === '' ? label : `${label} -> ${result}`)
  }

  /**
   * The operations of a process share the flights of reads of the same rows, which only look-ups,
   * creations and whatever ends a read come to; and owed touches, if the store may fail. All others know
   * nothing of each other, so neither does their order matter.
   */
  #order({ process, operation, id }: Step, label: string): void {
    const { spec, state } = operation
    const mayOwe = this.#options.scenario.faults.includes('store')
    const flies = spec.kind === 'read' && (state === 'ended' || /^(look up|create)/.test(label))
    if (!mayOwe && !flies) return
    const shared = mayOwe ? 'owed' : `flights of ${keyOf(spec)}`
    const order = process.histories.get(shared) ?? []
    order.push(id)
    process.histories.set(shared, order)
  }
}

/** What a process has learnt of the members, itself among them. */
const MEMBER = 'member'
const isOfMember = /^(join|beat|note|strike|intend|read the intents|forget)/

/**
 * Node runs what `nextTick` is given after the last microtask. An intent is written in the tick after it was added
 * to, and its write may come in the tick after another, so all processes wait after three.
 */
export async function quiescence(): Promise<void> {
  for (let tick = 0; tick < 3; tick += 1) {
    await new Promise<void>((resolve) => {
      process.nextTick(resolve)
    })
  }
}
