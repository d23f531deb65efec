import type { Codec } from '../../src/codec/codec.js'
import { Background } from '../../src/event-loop/background.js'
import type { TagId } from '../../src/plan/tag.js'
import type { Store } from '../../src/store/store.js'
import type { Answer } from './ledger.js'
import { planWrite, readOf } from './plan.js'
import type { Protocol } from './protocol.js'
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

/** Of marks: long against every pause. */
export const LIFETIME = 10_000
/** One pause: longer waits repeat it. */
const LEASE_WAIT = 2

/** The value of an entry is the answer's text. */
export const codec: Codec = {
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
}

/** What all readers are built with. */
export const readerTerms = { token: {}, codec, jitter: 0, near: undefined }

/** The operations of the processes, run by the protocol as `CacheAside` runs them. */
export class Actors {
  readonly #stage: Stage
  readonly #readers = new Map<Process, InstanceType<Protocol['Reader']>>()
  readonly #writers = new Map<Process, ConstructorParameters<Protocol['Write']>[0]>()

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
    const everything = () => ['a', 'b'] as TagId[]
    const owed = new protocol.OwedTouches({ store, telemetry, holdUntil, everything })
    const background = new Background()
    const common = { store, owed, background, telemetry, clock }
    const terms = { ...readerTerms, strict, leaseWait: LEASE_WAIT }
    this.#readers.set(process, new protocol.Reader({ ...common, ...terms }))
    const unmarking = new protocol.Unmarking(common)
    this.#writers.set(process, {
      ...common,
      unmarking,
      holdUntil,
      writeDeadline: LIFETIME,
      rejectWrites: onStoreFailure === 'reject',
    })
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
    const report = await write.announce(announced)
    const outcome = this.#commit(operation).then(() => report(touched))
    const { provesUnwritten } = this.#stage.protocol
    await write.endWith(outcome, (error) => (provesUnwritten(error) ? 'unwritten' : 'unknown'))
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
        const report = await write.announce(announced)
        report(touched)
      }
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
    const write = this.#beginWrite(operation, true)
    await write.announce(planWrite(operation.spec, this.#stage.scenario).announced)
    await this.#commit(operation)
    return undefined
  }

  #beginWrite({ process }: Running, blocking = false): InstanceType<Protocol['Write']> {
    const options = this.#writers.get(process) as ConstructorParameters<Protocol['Write']>[0]
    return new this.#stage.protocol.Write(options, {
      lifetime: LIFETIME + this.#stage.scenario.replicaLag,
      blocking,
    })
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
    const ask = <T>({ label, records, perform, show: text }: StoreStep<T>): Promise<T> => {
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
    const store = this.#stage.store.asSeenBy(ask, granularity, () => historyOf(process))
    return {
      ...store,
      announce: (tags, mark) => {
        this.#stage.ledger.announce(this.#stage.schedule.running.name, mark.deadline)
        return store.announce(tags, mark)
      },
      settle: async (writeId, settled) => {
        const { index } = process
        await store.settle(writeId, settled)
        for (const tag of settled.touched) this.#stage.ledger.delivered(index, tag)
      },
    }
  }

  /** A call at the store has failed, which may matter to a write. */
  #failed({ name }: Running, label: string, isDone: boolean): void {
    const { ledger, scenario } = this.#stage
    // Where a call is several steps, it fails with the first that does, before the others are done.
    const isWhole = isDone && scenario.granularity === 'calls'
    if (label.startsWith('announce')) ledger.announceFailed(name, isWhole)
    if (/^(touch|settle)/.test(label) && !isWhole) ledger.touchFailed(name)
  }
}

class StoreError extends Error {}
