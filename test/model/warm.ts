import { seal } from '../../src/codec/envelope.js'
import type { TagId } from '../../src/plan/tag.js'
import { newVersion } from '../../src/store/random-ids.js'
import type { Generation } from '../../src/store/store.js'
import { codec } from './actors.js'
import { keyOf, planRead, TTL } from './plan.js'
import type { Stage } from './stage.js'

/** Fills the store with what reads before all others would have left. */
export async function warm({
  scenario,
  processes,
  store: simulated,
  ledger,
}: Stage): Promise<void> {
  const specs = processes.flatMap(({ operations }) => operations.map(({ spec }) => spec))
  const reads = specs.filter(({ kind }) => kind === 'read')
  const ask = async <T>({ perform }: { readonly perform: () => Promise<T> }) => perform()
  const store = simulated.asSeenBy(ask, 'calls', () => 'before', 0)
  for (const [key, spec] of new Map(reads.map((one) => [keyOf(one), one]))) {
    const tags = planRead(spec, scenario).dependencies
    const { states } = await store.create(new Map(tags.map((tag) => [tag, newVersion()])))
    const entry = {
      value: seal(codec.encode(ledger.query(spec.rows))),
      dependencies: new Map(states.map(({ version }, index) => [tags[index] as TagId, version])),
      filledAt: 0,
      freshUntil: TTL,
    }
    await store.fill(key, entry, 0 as Generation, TTL)
  }
}
