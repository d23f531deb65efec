import { Background } from '../../src/event-loop/background.js'
import { LIFETIME, readerTerms } from './actors.js'
import { keyOf, readOf } from './plan.js'
import type { Stage } from './stage.js'
import { show } from './step.js'
import type { StoreStep } from './store.js'

/**
 * After the end of an execution a new process reads once more what has been read: at once, and when
 * every deadline has passed. So that an entry is stale is noticed without a read for it in the scenario.
 */
export async function readInTheEnd(stage: Stage): Promise<void> {
  const { scenario, clock, ledger, trace } = stage
  const reader = newReader(stage)
  const specs = scenario.processes.flat().filter(({ kind }) => kind === 'read')
  for (const wait of [0, 2 * LIFETIME + 2 * scenario.replicaLag]) {
    clock.now += wait
    for (const [key, spec] of new Map(specs.map((one) => [keyOf(one), one]))) {
      const name = `the last read of ${key}`
      ledger.beginRead(name, LAST, spec.rows, clock.now)
      const load = async () => ledger.queryReplica(spec.rows, clock.now)
      const answer = await reader.read(readOf(spec, scenario, load))
      trace.say(`${name} returns ${show(answer)}`)
      const wrong = ledger.endRead(name, answer)
      if (wrong !== undefined) return trace.violate(wrong)
    }
  }
}

/** No process of the scenario. */
const LAST = 0

function newReader({ scenario, protocol, clock, store: simulated }: Stage) {
  const ask = <T>({ perform }: StoreStep<T>) => perform()
  const store = simulated.asSeenBy(ask, 'calls', () => 'in the end')
  const telemetry = new protocol.Telemetry()
  const owing = { store, telemetry, holdUntil: () => undefined, everything: () => [] }
  return new protocol.Reader({
    ...readerTerms,
    store,
    owed: new protocol.OwedTouches(owing),
    background: new Background(),
    telemetry,
    clock: () => clock.now,
    strict: scenario.consistency === 'strict',
    // Whoever has the lease does nothing more.
    leaseWait: 0,
  })
}
