import { Ledger } from './ledger.js'
import { Names } from './names.js'
import type { Protocol } from './protocol.js'
import type { Fault, Scenario } from './scenario.js'
import { Schedule } from './schedule.js'
import type { Process } from './step.js'
import { SimulatedStore } from './store.js'
import { Trace } from './trace.js'

/** What an execution of a scenario consists of. */
export interface Stage {
  readonly scenario: Scenario
  readonly protocol: Protocol
  readonly clock: Clock
  /** Still to come. */
  readonly faults: Set<Fault>
  readonly ledger: Ledger
  readonly store: SimulatedStore
  readonly names: Names
  readonly schedule: Schedule
  readonly trace: Trace
  readonly processes: readonly Process[]
  /** Called before much time passes. */
  readonly onlookers: (() => Promise<void>)[]
}

/** Time passes only where a step says so. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now: number
}

/** Zero would be the same as never to a store. */
const START = 1

export function setStage(scenario: Scenario, protocol: Protocol): Stage {
  const clock = { now: START }
  const faults = new Set(scenario.faults)
  const trace = new Trace(() => clock.now - START)
  const names = new Names(() => schedule.running)
  const schedule: Schedule = new Schedule({ scenario, clock, faults, names, trace })
  const create = () => protocol.memory({ maxEntries: 8 })
  const store = new SimulatedStore({ create, clock, names, trace })
  const ledger = new Ledger(scenario)
  const processes = processesOf(scenario)
  const onlookers: Stage['onlookers'] = []
  return {
    scenario,
    protocol,
    clock,
    faults,
    ledger,
    store,
    names,
    schedule,
    trace,
    processes,
    onlookers,
  }
}

function processesOf({ processes }: Scenario): readonly Process[] {
  const counts = { R: 0, W: 0 }
  return processes.map((specs, index) => {
    const process: Process = {
      index: index + 1,
      beat: async () => undefined,
      operations: [],
      isAlive: true,
      paused: 0,
      histories: new Map(),
    }
    for (const spec of specs) {
      const letter = spec.kind === 'read' ? 'R' : 'W'
      counts[letter] += 1
      const number = counts[letter]
      const name = `${letter}${number}`
      process.operations.push({ name, spec, process, number, state: 'waiting', steps: 0 })
    }
    return process
  })
}
