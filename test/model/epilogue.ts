import { Background } from '../../src/event-loop/background.js'
import type { Members } from '../../src/members/members.js'
import { wait } from './accidents.js'
import { LIFETIME, readerTerms, slowWatch } from './actors.js'
import { unpadded, WITNESS } from './board.js'
import { everything, keyOf, readOf } from './plan.js'
import type { Protocol } from './protocol.js'
import type { Stage } from './stage.js'
import { show } from './step.js'
import type { StoreStep } from './store.js'

/**
 * A process that only looks on. After the end of an execution it reads once more what has been read: at once, and
 * when every deadline has passed. So that an entry is stale is noticed without a read for it in the scenario.
 */
export class Witness {
  readonly #stage: Stage
  readonly #members: Members
  readonly #reader: InstanceType<Protocol['Reader']>
  /** By how much its watch is fast, so that it is time to look. */
  #ahead = 0

  constructor(stage: Stage) {
    this.#stage = stage
    const { scenario, protocol, clock, store: simulated } = stage
    const strict = scenario.consistency === 'strict'
    const ask = <T>({ perform }: StoreStep<T>) => perform()
    const store = simulated.asSeenBy(ask, 'calls', () => 'in the end', WITNESS)
    const telemetry = new protocol.Telemetry()
    const stopwatch = () => clock.now + this.#ahead
    this.#members = new protocol.Members({ store, keyspace: '', clock: stopwatch, stopwatch })
    this.#members.join({
      everything: () => everything(scenario),
      deadline: LIFETIME,
      isStrict: strict,
      touch: (tags) => store.touch({ tags: unpadded(tags), holdUntil: holdUntil(stage) }),
      report: () => undefined,
      failed: () => undefined,
    })
    this.#reader = new protocol.Reader({
      ...readerTerms,
      token: {},
      store,
      members: this.#members,
      stopwatch: slowWatch(),
      owed: new protocol.OwedTouches({
        store,
        telemetry,
        holdUntil: () => holdUntil(stage),
        everything: () => [],
      }),
      background: new Background(),
      telemetry,
      clock: () => clock.now,
      strict,
      // Whoever has the lease does nothing more.
      leaseWait: 0,
    })
  }

  /** Beats, and sees who else does. */
  async look(): Promise<void> {
    this.#ahead = LIFETIME
    await this.#members.look()
    this.#ahead = 0
  }

  async readInTheEnd(): Promise<void> {
    const { scenario, clock, ledger, trace } = this.#stage
    const specs = scenario.processes.flat().filter(({ kind }) => kind === 'read')
    for (const later of [0, 2 * LIFETIME + 2 * scenario.replicaLag]) {
      if (later > 0) await wait(later, this.#stage)
      for (const [key, spec] of new Map(specs.map((one) => [keyOf(one), one]))) {
        const name = `the last read of ${key}`
        ledger.beginRead(name, WITNESS, spec.rows, clock.now)
        const load = async () => ledger.queryReplica(spec.rows, clock.now)
        const answer = await this.#reader.read(readOf(spec, scenario, load))
        trace.say(`${name} returns ${show(answer)}`)
        const wrong = ledger.endRead(name, answer)
        if (wrong !== undefined) return trace.violate(wrong)
      }
    }
  }
}

function holdUntil({ scenario, clock }: Stage): number | undefined {
  return scenario.replicaLag === 0 ? undefined : clock.now + scenario.replicaLag
}
