import type { Codec } from '../../src/codec/codec.js'
import { Background } from '../../src/event-loop/background.js'
import type { Board, Store } from '../../src/store/store.js'
import { unpadded } from './board.js'
import type { Answer } from './ledger.js'
import { everything, planWrite, readOf } from './plan.js'
import type { Protocol } from './protocol.js'
import type { Scenario } from './scenario.js'
import type { Stage } from './stage.js'
import {
  DatabaseError,
  historyOf,
  type Process,
  RolledBack,
  type Running,
  Shown,
  type Way,
} from './step.js'
import type { StoreStep } from './store.js'

/** How long a write may take: long against every pause. */
export const LIFETIME = 10_000
/** One pause: longer waits repeat it. */
const LEASE_WAIT = 2

/** The value of an entry is the answer's text. */
export const codec: Codec = {
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
}

/** Every query takes so long that a lease is worth it. */
export function slowWatch(): () => number {
  let now = 0
  return () => {
    now += LIFETIME
    return now
  }
}

/** What all readers are built with. */
export const readerTerms = { codec, jitter: 0, near: undefined }

/** The operations of the processes, run by the protocol as `CacheAside` runs them. */
export class Actors {
  readonly #stage: Stage
  readonly #readers = new Map<Process, InstanceType<Protocol['Reader']>>()
  readonly #writers = new Map<Process, ConstructorParameters<Protocol['Write']>[0]>()
  readonly #members = new Map<Process, InstanceType<Protocol['Members']>>()
  /** Whether the processes have joined the roster: until then, their steps are not explored. */
  #hasStarted = false

  constructor(stage: Stage) {
    this.#stage = stage
  }

  /** Builds what a process has of its own. */
  add(process: Process): void {
    const { protocol, scenario, clock: time } = this.#stage
    const { replicaLag, onStoreFailure } = scenario
    const strict = scenario.consistency === 'strict'
    const clock = () => time.now + process.paused
    const telemetry = new protocol.Telemetry()
    const store = this.#storeOf(process)
    const holdUntil = () => (replicaLag === 0 ? undefined : clock() + replicaLag)
    const all = () => everything(scenario)
    const owed = new protocol.OwedTouches({ store, telemetry, holdUntil, everything: all })
    const members = new protocol.Members({ store, keyspace: '', clock, stopwatch: clock })
    members.join({
      everything: all,
      deadline: LIFETIME,
      isStrict: strict,
      touch: (tags) => store.touch({ tags: unpadded(tags), holdUntil: holdUntil() }),
      report: () => undefined,
      failed: () => undefined,
    })
    this.#members.set(process, members)
    process.beat = () => this.#beat(process)
    const background = new Background()
    const common = { store, owed, members, background, telemetry, clock }
    const terms = { ...readerTerms, token: {}, strict, leaseWait: LEASE_WAIT }
    this.#readers.set(process, new protocol.Reader({ ...common, ...terms, stopwatch: slowWatch() }))
    this.#writers.set(process, {
      ...common,
      holdUntil,
      writeDeadline: LIFETIME,
      rejectWrites: onStoreFailure === 'reject',
    })
  }

  /** Lets every process join the roster, long enough before the start that each has been seen by all others. */
  async start(): Promise<void> {
    const { clock, ledger, processes, scenario } = this.#stage
    for (const wait of [0, LIFETIME + 2 * scenario.replicaLag + 1]) {
      clock.now += wait
      for (const process of processes.filter((one) => !isNewcomer(one, scenario))) {
        const members = this.#members.get(process) as InstanceType<Protocol['Members']>
        const announcement = members.announce()
        // The member gets its slots, as one does that has written before.
        announcement.add([])
        await announcement.ready()
        announcement.end()
        await members.look()
        ledger.beat(process.index, clock.now + LIFETIME)
      }
    }
    for (const process of processes) {
      if (!isNewcomer(process, scenario)) await this.#members.get(process)?.look()
    }
    this.#hasStarted = true
  }

  async #beat(process: Process): Promise<void> {
    if (isNewcomer(process, this.#stage.scenario)) return
    const members = this.#members.get(process)
    // It is time to.
    process.paused += LIFETIME
    this.#hasStarted = false
    await members?.look()
    this.#hasStarted = true
    process.paused -= LIFETIME
  }

  run(operation: Running): Promise<Answer | undefined> {
    const { kind } = operation.spec
    if (kind === 'read') return this.#read(operation)
    if (kind === 'unseen') return this.#unseen(operation)
    return kind === 'write' ? this.#write(operation) : this.#transaction(operation)
  }

  #read(operation: Running): Promise<Answer> {
    const reader = this.#readers.get(operation.process) as InstanceType<Protocol['Reader']>
    const load = () => this.#query(operation)
    return reader.read(readOf(operation.spec, this.#stage.scenario, load))
  }

  #query(operation: Running): Promise<Answer> {
    const { clock, ledger, schedule } = this.#stage
    const { rows } = operation.spec
    const label = `query ${rows.join(', ')}`
    const ways: Way[] = [
      { label, perform: () => ledger.query(rows) },
      {
        label: `${label} at a replica`,
        isPossible: () => ledger.lags(rows, clock.now),
        perform: () => ledger.queryReplica(rows, clock.now),
      },
      {
        label: `${label}: fails`,
        fault: 'query',
        perform: () => {
          throw new DatabaseError(operation.name, 'the query failed')
        },
      },
    ]
    return schedule.ask(operation, ways) as Promise<Answer>
  }

  /** As `CacheAside` runs a write that is in no transaction. */
  async #write(operation: Running): Promise<undefined> {
    const write = this.#beginWrite(operation)
    const { announced, touched } = planWrite(operation.spec, this.#stage.scenario)
    const report = write.announce(announced)
    const outcome = this.#ready(operation, write)
      .then(() => this.#commit(operation))
      .then(() => report(touched))
    const { provesUnwritten } = this.#stage.protocol
    const { StoreUnavailableError } = this.#stage.protocol
    await write.endWith(outcome, (error) =>
      error instanceof StoreUnavailableError || provesUnwritten(error) ? 'unwritten' : 'unknown',
    )
    return undefined
  }

  /** As `CacheAside` runs an interactive transaction. */
  async #transaction(operation: Running): Promise<undefined> {
    const { spec } = operation
    const { scenario } = this.#stage
    const write = this.#beginWrite(operation)
    // Its statements are seen by nobody until they are committed, so they are no steps.
    const announced = async () => {
      for (const row of spec.rows) {
        const { announced, touched } = planWrite({ ...spec, rows: [row] }, scenario)
        const report = write.announce(announced)
        if (scenario.onStoreFailure === 'reject') await write.ready()
        report(touched)
      }
      // Before COMMIT is sent.
      await this.#ready(operation, write)
    }
    const outcome = announced().then(() => this.#commit(operation))
    // A callback that fails, here because it could not announce, is rolled back.
    const { StoreUnavailableError } = this.#stage.protocol
    await write.endWith(outcome, (error) =>
      error instanceof RolledBack || error instanceof StoreUnavailableError
        ? 'unwritten'
        : 'unknown',
    )
    return undefined
  }

  /** As `CacheAside` runs a write in a transaction of another client, which then ends it. */
  async #unseen(operation: Running): Promise<undefined> {
    const write = this.#beginWrite(operation)
    write.announce(planWrite(operation.spec, this.#stage.scenario).announced)
    await this.#ready(operation, write)
    await write.end('unknown', LIFETIME)
    // The other client commits when it has the result of the statement.
    await this.#commit(operation)
    return undefined
  }

  #beginWrite({ process }: Running): InstanceType<Protocol['Write']> {
    const options = this.#writers.get(process) as ConstructorParameters<Protocol['Write']>[0]
    return new this.#stage.protocol.Write(options)
  }

  async #ready({ name }: Running, write: InstanceType<Protocol['Write']>): Promise<void> {
    const { clock, ledger, trace, scenario } = this.#stage
    await write.ready()
    // Where the store may fail, the process may have been unable to beat.
    const wrong = scenario.faults.includes('store') ? undefined : ledger.admit(name, clock.now)
    if (wrong !== undefined) trace.violate(wrong)
  }

  /** The statement that commits, in each way that the scenario gives it. */
  #commit(operation: Running): Promise<unknown> {
    const { spec, name } = operation
    const rows = spec.rows.join(', ')
    const { clock, ledger, schedule, trace } = this.#stage
    const commit = () => {
      const wrong = ledger.commit(name, clock.now)
      if (wrong !== undefined) trace.violate(wrong)
    }
    const lose = () => {
      throw new DatabaseError(name, 'the connection was lost')
    }
    const ways: Way[] = []
    for (const end of spec.kind === 'read' ? [] : spec.ends) {
      if (end === 'commit') {
        ways.push({ label: `commit ${rows} = ${operation.number}`, perform: commit })
      } else if (end === 'rollback') {
        ways.push({
          label: `roll back ${rows}`,
          perform: () => {
            throw new RolledBack(name, 'rolled back')
          },
        })
      } else {
        ways.push({ label: `lose ${rows} = ${operation.number}`, perform: lose })
        ways.push({
          label: `commit ${rows} = ${operation.number}, lose the answer`,
          perform: () => {
            commit()
            lose()
          },
        })
        ways.push({
          label: `give up ${rows} = ${operation.number}, which may still commit`,
          fault: 'late',
          perform: () => {
            ledger.mayCommit(name, clock.now + LIFETIME)
            lose()
          },
        })
      }
    }
    return schedule.ask(operation, ways)
  }

  #storeOf(process: Process): Store {
    const ask = async <T>({ label, records, perform, show: text }: StoreStep<T>): Promise<T> => {
      if (!this.#hasStarted) return perform()
      const operation = this.#stage.schedule.running
      const fail = (isDone: boolean) => {
        this.#failed(operation, label, isDone)
        throw new StoreError(label)
      }
      const ways: Way[] = [
        { label, perform: async () => new Shown(await perform(), text) },
        { label: `${label}: fails, not done`, fault: 'store', perform: () => fail(false) },
        {
          label: `${label}: fails, done`,
          fault: 'store',
          perform: async () => {
            await perform()
            fail(true)
          },
        },
      ]
      return this.#stage.schedule.ask(operation, ways, records) as Promise<T>
    }
    const { granularity } = this.#stage.scenario
    const { index } = process
    const store = this.#stage.store.asSeenBy(ask, granularity, () => historyOf(process), index)
    const { ledger, clock } = this.#stage
    const board = store.board as Board
    return {
      ...store,
      board: {
        ...board,
        async beat(...beat) {
          // Until it has been gone for so long, nobody may take it for gone.
          const began = clock.now
          const roster = await board.beat(...beat)
          if (roster !== undefined) ledger.beat(index, began + LIFETIME)
          return roster
        },
      },
      async touch(touched) {
        await store.touch(touched)
        for (const tag of touched.tags) ledger.delivered(index, tag)
      },
    }
  }

  /** A call at the store has failed, which may matter to a write. */
  #failed({ name }: Running, label: string, isDone: boolean): void {
    const { ledger, scenario } = this.#stage
    // Where a call is several steps, it fails with the first that does, before the others are done.
    const isWhole = isDone && scenario.granularity === 'calls'
    if (/^(intend|mark|beat|join)/.test(label)) ledger.announceFailed(name, isWhole)
    if (label.startsWith('touch') && !isWhole) ledger.touchFailed(name)
  }
}

function isNewcomer({ operations }: Process, { newcomers }: Scenario): boolean {
  return newcomers && operations.every(({ spec }) => spec.kind === 'read')
}

class StoreError extends Error {}
