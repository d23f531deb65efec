import type { Codec } from '../../../src/codec/codec.js'
import type { TagId } from '../../../src/plan/tag.js'
import type { Store } from '../../../src/store/store.js'
import type { Answer, Ledger } from './ledger.js'
import type { Protocol } from './protocol.js'
import type { Row, Scenario } from './scenario.js'
import {
  DatabaseError,
  historyOf,
  keyOf,
  type Process,
  RolledBack,
  type Running,
  Shown,
  type Way,
} from './step.js'
import type { SimulatedStore, StoreStep } from './store.js'

/** Long against every pause, and short against the time to live of entries. */
export const LIFETIME = 10_000
export const TTL = 1_000_000
/** One pause: longer waits repeat it. */
const LEASE_WAIT = 2

/** The value of an entry is the answer's text. */
export const codec: Codec = {
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
}

/** What the processes act in, and how they ask for each step that they take there. */
export interface Stage {
  readonly scenario: Scenario
  readonly protocol: Protocol
  readonly ledger: Ledger
  readonly store: SimulatedStore
  /** Milliseconds, of the world. */
  readonly now: () => number
  /** Whose code runs. */
  readonly running: () => Running
  readonly ask: (
    operation: Running,
    ways: readonly Way[],
    tags?: readonly TagId[],
  ) => Promise<unknown>
}

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
    const { protocol, scenario, now } = this.#stage
    const strict = scenario.consistency === 'strict'
    const clock = () => now() + process.paused
    const telemetry = new protocol.Telemetry()
    const store = this.#storeOf(process)
    const holdUntil = () => undefined
    const everything = () => ['a', 'b'] as TagId[]
    const owed = new protocol.OwedTouches({ store, telemetry, holdUntil, everything })
    const common = { store, owed, telemetry, clock }
    const terms = { codec, strict, leaseWait: LEASE_WAIT, jitter: 0, near: undefined }
    const reader = new protocol.Reader({ ...common, ...terms })
    this.#readers.set(process, reader)
    this.#writers.set(process, { ...common, holdUntil, rejectWrites: false })
  }

  run(operation: Running): Promise<Answer | undefined> {
    const { spec } = operation
    if (spec.kind === 'read') return this.#read(operation, spec.rows)
    return spec.kind === 'write' ? this.#write(operation) : this.#transaction(operation)
  }

  #read(operation: Running, rows: readonly Row[]): Promise<Answer> {
    const reader = this.#readers.get(operation.process) as InstanceType<Protocol['Reader']>
    return reader.read<Answer>({
      model: 'Row',
      operation: 'read',
      key: keyOf(rows),
      tags: rows as readonly string[] as readonly TagId[],
      wide: [],
      narrow: () => ({ dropped: [], replaced: [], rows: [] }),
      policy: { ttl: TTL, negativeTtl: TTL, swr: 0, staleIfError: 0 },
      refresh: false,
      report: () => undefined,
      load: () =>
        this.#stage.ask(operation, [
          { label: `query ${rows.join(', ')}`, perform: () => this.#stage.ledger.query(rows) },
          {
            label: `query ${rows.join(', ')}: fails`,
            fault: 'query',
            perform: () => {
              throw new DatabaseError(operation.name, 'the query failed')
            },
          },
        ]) as Promise<Answer>,
    })
  }

  /** As `CacheAside` runs a write that is in no transaction. */
  async #write(operation: Running): Promise<undefined> {
    const write = this.#beginWrite(operation)
    await write.announce(operation.spec.rows.map(tagOf))
    await write.endWith(this.#commit(operation), this.#stage.protocol.provesUnwritten)
    return undefined
  }

  /** As `CacheAside` runs an interactive transaction. */
  async #transaction(operation: Running): Promise<undefined> {
    const write = this.#beginWrite(operation)
    // Its statements are seen by nobody until they are committed, so they are no steps.
    const announced = async () => {
      for (const row of operation.spec.rows) await write.announce([tagOf(row)])
    }
    const outcome = announced().then(() => this.#commit(operation))
    await write.endWith(outcome, isRollback)
    return undefined
  }

  #beginWrite({ process }: Running): InstanceType<Protocol['Write']> {
    const options = this.#writers.get(process) as ConstructorParameters<Protocol['Write']>[0]
    return new this.#stage.protocol.Write(options, { lifetime: LIFETIME })
  }

  /** The statement that commits, in each way that the scenario gives it. */
  #commit(operation: Running): Promise<unknown> {
    const { spec, name } = operation
    const rows = spec.rows.join(', ')
    const commit = () => this.#stage.ledger.commit(name, this.#stage.now())
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
      }
    }
    return this.#stage.ask(operation, ways)
  }

  #storeOf(process: Process): Store {
    const ask = <T>({ label, tags, perform, show: text }: StoreStep<T>): Promise<T> => {
      const operation = this.#stage.running()
      const fail = () => {
        throw new StoreError(label)
      }
      const refused = () => this.#refused(operation, label)
      const ways: Way[] = [
        { label, perform: async () => new Shown(await perform(), text) },
        {
          label: `${label}: fails, not done`,
          fault: 'store',
          perform: () => {
            refused()
            fail()
          },
        },
        {
          label: `${label}: fails, done`,
          fault: 'store',
          perform: async () => {
            await perform()
            fail()
          },
        },
      ]
      return this.#stage.ask(operation, ways, tags) as Promise<T>
    }
    const isSplit = this.#stage.scenario.granularity === 'records'
    const store = this.#stage.store.asSeenBy(ask, isSplit, () => historyOf(process))
    return {
      ...store,
      announce: (tags, mark) => {
        const write = this.#stage.ledger.write(this.#stage.running().name)
        if (write !== undefined) write.deadline = mark.deadline
        return store.announce(tags, mark)
      },
      settle: async (writeId, settled) => {
        const { index } = process
        await store.settle(writeId, settled)
        for (const tag of settled.touched) this.#stage.ledger.delivered(index, tag)
      },
    }
  }

  /** The store has not taken a call of a write. */
  #refused({ name }: Running, label: string): void {
    const write = this.#stage.ledger.write(name)
    if (write === undefined) return
    if (label.startsWith('announce')) write.isUnmarked = true
    if (label.startsWith('touch')) write.isOwed = true
  }
}

class StoreError extends Error {}

function isRollback(error: unknown): boolean {
  return error instanceof RolledBack
}

function tagOf(row: Row) {
  return { name: row, id: row as string as TagId }
}
