import { seal } from '../../../src/codec/envelope.js'
import type { TagId } from '../../../src/plan/tag.js'
import type { Generation } from '../../../src/store/store.js'
import { Actors, codec, LIFETIME, TTL } from './actors.js'
import { type Answer, Ledger } from './ledger.js'
import type { Protocol } from './protocol.js'
import { type Fault, nameOf, type Scenario } from './scenario.js'
import {
  areInterchangeable,
  DatabaseError,
  historyOf,
  keyOf,
  type Process,
  type Running,
  Shown,
  type Step,
  show,
  type Way,
} from './step.js'
import { SimulatedStore } from './store.js'
import type { Line } from './trace.js'

/** What the scheduler may do next. */
export interface Choice {
  /** The same in every execution that has come the same way. */
  readonly id: string
  readonly take: () => void | Promise<void>
}

/** Zero would be the same as never to a store. */
const START = 1
/** The name of a version. */
const MADE = /\w+(?:\.\d+)?\/\d+/g
/**
 * Processes that run the protocol against one store and one database, of which nothing happens until
 * it is chosen. Time passes only where a step says so.
 */
export class World {
  readonly trace: Line[] = []
  violation: string | undefined
  /** Whether an entry that stood was replaced by one that does not. */
  hasOverwritten = false
  readonly #scenario: Scenario
  readonly #actors: Actors
  readonly #ledger: Ledger
  readonly #store: SimulatedStore
  readonly #processes: Process[]
  readonly #operations: Running[]
  readonly #names = new Map<string, string>()
  readonly #faults: Set<Fault>
  #pending: Step[] = []
  #now = START
  /** Where names for new versions come from. */
  #maker = { id: 'before', made: 0 }
  /** Whose code runs. */
  #current: Running | undefined

  constructor(scenario: Scenario, protocol: Protocol) {
    this.#scenario = scenario
    this.#ledger = new Ledger(scenario)
    this.#faults = new Set(scenario.faults)
    this.#store = new SimulatedStore(
      () => protocol.memory({ maxEntries: 8 }),
      (kind, value) => this.#nameOf(kind, value),
      () => {
        this.hasOverwritten = true
        this.#say(undefined, '', 'an entry that stood is replaced by one that does not')
      },
    )
    this.#actors = new Actors({
      scenario,
      protocol,
      ledger: this.#ledger,
      store: this.#store,
      now: () => this.#now,
      running: () => this.#running(),
      ask: (operation, ways, tags) => this.#ask(operation, ways, tags),
    })
    const counts = { R: 0, W: 0 }
    this.#processes = scenario.processes.map((operations, index) => {
      const process: Process = {
        index: index + 1,
        operations: [],
        isAlive: true,
        paused: 0,
        histories: new Map(),
      }
      for (const spec of operations) {
        const letter = spec.kind === 'read' ? 'R' : 'W'
        counts[letter] += 1
        const number = counts[letter]
        const name = `${letter}${number}`
        process.operations.push({ name, spec, process, number, state: 'waiting', steps: 0 })
      }
      return process
    })
    this.#operations = this.#processes.flatMap(({ operations }) => operations)
  }

  /** Builds the processes and, where the scenario says so, fills the cache. */
  async start(): Promise<void> {
    for (const process of this.#processes) this.#actors.add(process)
    if (this.#scenario.warm) await this.#warm()
  }

  /** All that can happen now; nothing where everything has ended. */
  choices(): readonly Choice[] {
    const alone = this.#pending.find((step) => this.#isAlone(step))
    if (alone !== undefined) {
      return this.#waysOf(alone).map((way) => ({
        id: `${alone.id} ${way.label}`,
        take: () => this.#perform(alone, way),
      }))
    }
    const choices = this.#operations
      .filter((operation) => this.#mayBegin(operation))
      .map((operation) => ({
        id: `${operation.name} begins`,
        take: () => this.#begin(operation),
      }))
    for (const step of this.#pending) {
      for (const way of this.#waysOf(step)) {
        choices.push({ id: `${step.id} ${way.label}`, take: () => this.#perform(step, way) })
        for (const tag of this.#losable(step)) {
          choices.push({
            id: `${tag} is lost, ${step.id} ${way.label}`,
            take: async () => {
              await this.#lose(tag)
              await this.#perform(step, way)
            },
          })
        }
      }
    }
    this.#checkEnds()
    return choices.length === 0 ? [] : [...choices, ...this.#accidents()]
  }

  /** The same for states of which the same can follow. */
  fingerprint(): string {
    const renamed = new Map<string, string>()
    return [
      this.#now,
      [...this.#faults].join(),
      this.#store.fingerprint(),
      this.#ledger.fingerprint(),
      this.#operations.map(({ state }) => state).join(),
      ...this.#processes.map((process) => (process.isAlive ? historyOf(process) : 'dead')),
    ]
      .join('\n')
      .replace(MADE, (name) => {
        // Which step made a version says nothing, only which versions are the same.
        const known = renamed.get(name) ?? `v${renamed.size}`
        renamed.set(name, known)
        return known
      })
  }

  /** A pause of the process whose code runs: a step, at the end of which the time has come. */
  readonly pause = (milliseconds: number): Promise<void> => {
    const { process } = this.#running()
    return this.#ask(this.#running(), [
      {
        label: `pause for ${milliseconds} ms`,
        perform: () => {
          process.paused += milliseconds
        },
      },
    ]) as Promise<void>
  }

  /**
   * Whether nothing that may still happen elsewhere comes to what the step comes to, nor tells
   * whether it has been: then it is performed first, as in any other order the same would follow.
   * Only an unfinished read of the same rows comes to an entry and its leases, and only an
   * unfinished write to a row. Time, crashes and losses are nothing to the four kinds of steps.
   */
  #isAlone({ operation, ways }: Step): boolean {
    const { spec } = operation
    if (spec.kind !== 'read' || this.#scenario.faults.includes('store')) return false
    const what = ways[0]?.label ?? ''
    const isOfEntry = /^(lease|release|fill)/.test(what)
    if (!isOfEntry && !what.startsWith('query')) return false
    const others = this.#operations.filter(
      (other) => other !== operation && other.state !== 'ended' && other.process.isAlive,
    )
    return others.every((other) => {
      if (other.spec.kind !== 'read') {
        return isOfEntry || other.spec.rows.every((row) => !spec.rows.includes(row))
      }
      if (keyOf(other.spec.rows) !== keyOf(spec.rows)) return true
      return !isOfEntry && other.process !== operation.process
    })
  }

  /** A timer of the process whose code runs: a step, whenever the scheduler picks it. */
  readonly timer = (callback: () => void): { readonly unref: () => void } => {
    this.#ask(this.#running(), [{ label: 'a timer rings', perform: () => undefined }]).then(
      callback,
    )
    return { unref: () => undefined }
  }

  #running(): Running {
    if (this.#current === undefined) throw new Error('no process runs')
    return this.#current
  }

  /** A process that waits for no step of its own waits for another process, which may be dead. */
  #checkEnds(): void {
    for (const process of this.#processes) {
      const stuck = process.operations.find(({ state }) => state === 'running')
      if (!process.isAlive || stuck === undefined) continue
      if (this.#pending.some((step) => step.process === process)) continue
      this.violate(`${stuck.name} never ends`)
    }
  }

  /** A lost record is noticed at the next step that meets it, so that is when it is lost. */
  #losable({ tags }: Step): readonly TagId[] {
    return this.#faults.has('loss') ? tags.filter((tag) => this.#store.has(tag)) : []
  }

  /**
   * An operation may begin at any time. Of operations that are interchangeable (the same, in one
   * process or each alone in its own) the first begins first: the other order is the same story
   * with the names exchanged.
   */
  #mayBegin(operation: Running): boolean {
    if (operation.state !== 'waiting' || !operation.process.isAlive) return false
    return this.#operations
      .slice(0, this.#operations.indexOf(operation))
      .every((other) => other.state !== 'waiting' || !areInterchangeable(other, operation))
  }

  /**
   * Begins, and performs its first step at once if there is but one: to have begun earlier would
   * bind a read to less, and is seen by nobody else. Where the clock may jump, a write that was about
   * to announce may find its deadline passed, and where a tag may be lost, it may be lost between: there
   * the two are apart.
   */
  async #begin(operation: Running): Promise<void> {
    const { spec, name, process } = operation
    operation.state = 'running'
    this.#current = operation
    this.#note(operation, `begins to ${nameOf(spec)}`)
    if (spec.kind === 'read') {
      this.#ledger.beginRead(name, process.index, spec.rows, this.#now)
    } else {
      this.#ledger.beginWrite(name, operation.number, process.index, spec.rows)
    }
    this.#watch(operation, this.#actors.run(operation))
    const steps = this.#pending.filter((step) => step.operation === operation)
    const [step] = steps
    const isApart = this.#faults.has('loss') || (spec.kind !== 'read' && this.#faults.has('delay'))
    if (step === undefined || steps.length > 1 || isApart) return
    const ways = this.#waysOf(step)
    const [way] = ways
    if (way !== undefined && ways.length === 1) await this.#perform(step, way)
  }

  #watch(operation: Running, outcome: Promise<Answer | undefined>): void {
    const { name } = operation
    outcome.then(
      (answer) => {
        operation.state = 'ended'
        if (answer === undefined) return this.#acknowledge(operation, 'is acknowledged')
        this.#note(operation, `returns ${show(answer)}`)
        const wrong = this.#ledger.endRead(name, answer)
        if (wrong !== undefined) this.violate(wrong)
      },
      (error: unknown) => {
        operation.state = 'ended'
        if (!(error instanceof DatabaseError) || error.operation !== name) {
          return this.violate(`${name} fails with what the database did not say: ${error}`)
        }
        this.#acknowledge(operation, `fails: ${error.message}`)
      },
    )
  }

  #acknowledge(operation: Running, how: string): void {
    this.#note(operation, how)
    const write = this.#ledger.write(operation.name)
    if (write !== undefined) write.state = 'acknowledged'
  }

  #ask(operation: Running, ways: readonly Way[], tags: readonly TagId[] = []): Promise<unknown> {
    operation.steps += 1
    const id = `${operation.name}.${operation.steps}`
    return new Promise((resolve, reject) => {
      const { process } = operation
      this.#pending.push({ id, tags, process, operation, ways, resolve, reject })
    })
  }

  #waysOf({ ways }: Step): readonly Way[] {
    return ways.filter(({ fault }) => fault === undefined || this.#faults.has(fault))
  }

  /** Performs the step and hands its result to the process, which then runs until it waits again. */
  async #perform(step: Step, { label, perform, fault }: Way): Promise<void> {
    const { process, operation, id } = step
    this.#pending = this.#pending.filter((other) => other !== step)
    this.#current = operation
    this.#maker = { id, made: 0 }
    if (fault !== undefined) this.#faults.delete(fault)
    try {
      const result = await perform()
      const [value, text] =
        result instanceof Shown
          ? [result.value, result.text(result.value)]
          : [result, result === undefined ? '' : show(result as Answer)]
      this.#learn(process, operation, label, text)
      step.resolve(value)
    } catch (error) {
      this.#learn(process, operation, label, fault === undefined ? String(error) : '')
      step.reject(error)
    }
    await quiescence()
    for (let pause = this.#pauseOver(); pause !== undefined; pause = this.#pauseOver()) {
      this.#note(pause.operation, pause.ways[0]?.label ?? '')
      pause.ways[0]?.perform()
      pause.resolve(undefined)
      await quiescence()
    }
    this.#order(step, label)
    const isAtRest = process.operations.every(({ state }) => state !== 'running')
    if (isAtRest && !this.#pending.some((other) => other.process === process)) {
      process.histories.clear()
      process.paused = 0
    }
  }

  /**
   * A pause is over at once: what may happen meanwhile may as well happen before the next step, and
   * the clock is the process's own.
   */
  #pauseOver(): Step | undefined {
    const pause = this.#pending.find(({ ways }) => ways[0]?.label.startsWith('pause'))
    this.#pending = this.#pending.filter((step) => step !== pause)
    return pause
  }

  /**
   * The operations of a process share the flights of reads of the same rows, which only look-ups,
   * repairs and whatever ends a read come to; and owed touches, if the store may fail. All others know
   * nothing of each other, so neither does their order matter.
   */
  #order({ process, operation, id }: Step, label: string): void {
    const { spec, state } = operation
    const mayOwe = this.#scenario.faults.includes('store')
    const flies = spec.kind === 'read' && (state === 'ended' || /^(look up|repair)/.test(label))
    if (!mayOwe && !flies) return
    const shared = mayOwe ? 'owed' : `flights of ${keyOf(spec.rows)}`
    const order = process.histories.get(shared) ?? []
    order.push(id)
    process.histories.set(shared, order)
  }

  #learn(process: Process, operation: Running, label: string, result: string): void {
    const history = process.histories.get(operation.name) ?? []
    history.push(`${this.#maker.id} ${label} ${result} ${this.#now}`)
    process.histories.set(operation.name, history)
    this.#note(operation, result === '' ? label : `${label} -> ${result}`)
  }

  /**
   * What goes wrong without any process. Until its deadline has passed, a process that was killed
   * cannot be told from one to which the scheduler does not come; so a process is killed only then,
   * or as time passes. A statement in flight is explored both ways: it was the last step, or it never
   * happens. A reader that is killed binds nobody to anything.
   */
  #accidents(): readonly Choice[] {
    const choices: Choice[] = []
    const isWriting = ({ state, spec, process }: Running) =>
      state === 'running' && spec.kind !== 'read' && process.isAlive
    const writing = this.#operations.filter(isWriting)
    const mayDelay = this.#faults.has('delay') && writing.length > 0
    if (mayDelay) choices.push({ id: 'every deadline passes', take: () => this.#delay() })
    if (!this.#faults.has('crash')) return choices
    for (const process of new Set(writing.map((operation) => operation.process))) {
      const name = `P${process.index} is killed`
      if (mayDelay) {
        choices.push({
          id: `${name}, and every deadline passes`,
          take: () => {
            this.#crash(process)
            this.#delay()
          },
        })
      } else if (this.#now > LIFETIME) {
        choices.push({ id: name, take: () => this.#crash(process) })
      }
    }
    return choices
  }

  #crash(process: Process): void {
    this.#faults.delete('crash')
    process.isAlive = false
    this.#ledger.crash(process.index)
    this.#pending = this.#pending.filter((step) => step.process !== process)
    this.#say(process.index, '', 'is killed')
  }

  async #lose(tag: TagId): Promise<void> {
    this.#faults.delete('loss')
    const { marks } = await this.#store.lose(tag)
    for (const { writeId } of marks) {
      const write = this.#ledger.write(this.#nameOf('write', writeId))
      if (write !== undefined) write.isUnmarked = true
    }
    this.#say(undefined, '', `the store loses tag ${tag}`)
  }

  #delay(): void {
    this.#faults.delete('delay')
    this.#now += 2 * LIFETIME
    this.#say(undefined, '', 'every deadline passes')
  }

  /** What a read of each of the rows would have left. */
  async #warm(): Promise<void> {
    const keys = this.#operations.flatMap(({ spec }) => (spec.kind === 'read' ? [spec.rows] : []))
    const ask = async <T>({ perform }: { readonly perform: () => Promise<T> }) => perform()
    const store = this.#store.asSeenBy(ask, false, () => 'before')
    for (const rows of new Map(keys.map((one) => [keyOf(one), one])).values()) {
      const tags = rows as readonly string[] as readonly TagId[]
      const states = await store.repair(tags.map((tag) => ({ tag, overdue: [] })))
      const entry = {
        value: seal(codec.encode(this.#ledger.query(rows))),
        dependencies: new Map(states.map(({ version }, index) => [tags[index] as TagId, version])),
        filledAt: 0,
        freshUntil: TTL,
      }
      await store.fill(keyOf(rows), entry, 0 as Generation, 0)
    }
  }

  #nameOf(kind: 'version' | 'write' | 'generation', value: string | number): string {
    if (value === 0) return '#0'
    // Generations are numbered by record, so that one alone names nothing; they are few and small.
    if (kind === 'generation') return `#${value}`
    const known = this.#names.get(`${kind} ${value}`)
    if (known !== undefined) return known
    this.#maker.made += 1
    const name = kind === 'write' ? this.#running().name : `${this.#maker.id}/${this.#maker.made}`
    this.#names.set(`${kind} ${value}`, name)
    return name
  }

  violate(violation: string): void {
    this.violation ??= violation
    this.#say(undefined, '', `VIOLATION: ${violation}`)
  }

  #note({ process, name }: Running, what: string): void {
    this.#say(process.index, name, what)
  }

  #say(process: number | undefined, operation: string, what: string): void {
    this.trace.push({ time: this.#now - START, process, operation, what })
  }
}

/** Node runs what `nextTick` is given after the last microtask, so all processes wait by then. */
function quiescence(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve)
  })
}
