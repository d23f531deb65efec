import { type Accident, accidents, lastAccidents, losses } from './accidents.js'
import { Actors } from './actors.js'
import { Witness } from './epilogue.js'
import type { Answer } from './ledger.js'
import { withoutMakers } from './names.js'
import type { Protocol } from './protocol.js'
import { firstStepOf, isAlone, mayBegin } from './reduction.js'
import { nameOf, type Scenario } from './scenario.js'
import { quiescence, type Schedule } from './schedule.js'
import { type Stage, setStage } from './stage.js'
import { DatabaseError, historyOf, type Running, type Step, show } from './step.js'
import type { Trace } from './trace.js'
import { warm } from './warm.js'

/** What the scheduler may do next. */
export interface Choice {
  /** The same in every execution that has come the same way. */
  readonly id: string
  readonly take: () => void | Promise<void>
}

/**
 * Processes that run the protocol against one store and one database, of which nothing happens until
 * it is chosen.
 */
export class World {
  readonly #stage: Stage
  readonly #actors: Actors
  readonly #witness: Witness
  readonly #operations: readonly Running[]

  constructor(scenario: Scenario, protocol: Protocol) {
    this.#stage = setStage(scenario, protocol)
    this.#actors = new Actors(this.#stage)
    this.#witness = new Witness(this.#stage)
    this.#stage.onlookers.push(() => this.#witness.look())
    this.#operations = this.#stage.processes.flatMap(({ operations }) => operations)
  }

  get trace(): Trace {
    return this.#stage.trace
  }

  /** Where timers lead that the protocol sets. */
  get schedule(): Schedule {
    return this.#stage.schedule
  }

  /** Whether an entry that stood was replaced by one that does not. */
  get hasOverwritten(): boolean {
    return this.#stage.store.hasOverwritten
  }

  /** Builds the processes and, where the scenario says so, fills the cache. */
  async start(): Promise<void> {
    for (const process of this.#stage.processes) this.#actors.add(process)
    await this.#witness.look()
    await this.#actors.start()
    await this.#witness.look()
    if (this.#stage.scenario.warm) await warm(this.#stage)
  }

  /** All that can happen now; nothing where everything has ended. */
  choices(): readonly Choice[] {
    const { schedule } = this.#stage
    const alone = schedule.pending.find((step) => isAlone(step, this.#stage))
    if (alone !== undefined) return this.#choicesOf(alone)
    const choices = [
      ...this.#operations
        .filter((operation) => mayBegin(operation, this.#stage))
        .map((operation) => ({
          id: `${operation.name} begins`,
          take: () => this.#begin(operation),
        })),
      ...schedule.pending.flatMap((step) => this.#choicesOf(step, losses(step, this.#stage))),
    ]
    this.#checkEnds()
    const others = choices.length === 0 ? lastAccidents(this.#stage) : accidents(this.#stage)
    return [...choices, ...others.map(({ id, happen }) => ({ id, take: happen }))]
  }

  /** Looks at what is left when everything has ended. */
  async end(): Promise<void> {
    await this.#witness.readInTheEnd()
  }

  /** The same for states of which the same can follow. */
  fingerprint(): string {
    const { clock, faults, store, ledger, processes } = this.#stage
    return withoutMakers(
      [
        clock.now,
        [...faults].join(),
        store.fingerprint(),
        ledger.fingerprint(),
        this.#operations.map(({ state }) => state).join(),
        ...processes.map((process) => (process.isAlive ? historyOf(process) : 'dead')),
      ].join('\n'),
    )
  }

  /** Each way in which the step may go, by itself and right after each of the accidents. */
  #choicesOf(step: Step, before: readonly Accident[] = []): readonly Choice[] {
    const { schedule } = this.#stage
    return schedule.waysOf(step).flatMap((way) => {
      const id = `${step.id} ${way.label}`
      const take = () => schedule.perform(step, way)
      const after = before.map((accident) => ({
        id: `${accident.id}, ${id}`,
        take: async () => {
          await accident.happen()
          await take()
        },
      }))
      return [{ id, take }, ...after]
    })
  }

  /** A process that waits for no step of its own waits for another process, which may be dead. */
  #checkEnds(): void {
    const { processes, schedule, trace } = this.#stage
    for (const process of processes) {
      const stuck = process.operations.find(({ state }) => state === 'running')
      if (!process.isAlive || stuck === undefined) continue
      if (schedule.pending.some((step) => step.process === process)) continue
      trace.violate(`${stuck.name} never ends`)
    }
  }

  async #begin(operation: Running): Promise<void> {
    const { clock, ledger, schedule, trace } = this.#stage
    const { spec, name, process } = operation
    operation.state = 'running'
    schedule.enter(operation)
    trace.note(operation, `begins to ${nameOf(spec)}`)
    if (spec.kind === 'read') ledger.beginRead(name, process.index, spec.rows, clock.now)
    else ledger.beginWrite(name, operation.number, process.index, spec)
    this.#watch(operation, this.#actors.run(operation))
    await quiescence()
    const step = firstStepOf(operation, this.#stage)
    const [way, ...others] = step === undefined ? [] : schedule.waysOf(step)
    if (step !== undefined && way !== undefined && others.length === 0) {
      await schedule.perform(step, way)
    }
  }

  #watch(operation: Running, outcome: Promise<Answer | undefined>): void {
    const { ledger, trace } = this.#stage
    const { name } = operation
    outcome.then(
      (answer) => {
        operation.state = 'ended'
        if (answer === undefined) return this.#acknowledge(operation, 'is acknowledged')
        trace.note(operation, `returns ${show(answer)}`)
        const wrong = ledger.endRead(name, answer)
        if (wrong !== undefined) trace.violate(wrong)
      },
      (error: unknown) => {
        operation.state = 'ended'
        if (!this.#mayFail(operation, error)) {
          return trace.violate(`${name} fails with what the database did not say: ${error}`)
        }
        this.#acknowledge(operation, `fails: ${(error as Error).message}`)
      },
    )
  }

  #mayFail({ name }: Running, error: unknown): boolean {
    const { ledger, protocol } = this.#stage
    if (error instanceof protocol.StoreUnavailableError) return ledger.isRejected(name)
    return error instanceof DatabaseError && error.operation === name
  }

  #acknowledge(operation: Running, how: string): void {
    this.#stage.trace.note(operation, how)
    this.#stage.ledger.acknowledge(operation.name)
  }
}
