import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, the longest first; all others take less than ten seconds. */
const LONGEST = [
  'test/model/model.test.ts',
  'test/programs/random-policies.test.ts',
  'examples/conduit-api/test/invalidation.test.ts',
  'test/programs/random-postgresql.test.ts',
  'test/programs/random-sqlite.test.ts',
  'test/processes/processes.test.ts',
  'test/plan/soundness.test.ts',
  'examples/conduit-api/test/drafts.test.ts',
  'examples/conduit-api/test/api.test.ts',
  'examples/conduit-api/test/same-answers.test.ts',
  'test/store/outage.test.ts',
  'test/programs/mutants.test.ts',
  'test/model/mutants.test.ts',
  'test/optimistic-lock/updates.test.ts',
  'test/store/aerospike-life-cycle.test.ts',
  'test/optimistic-lock/contention.test.ts',
]

/** Starts the longest files first, so that no worker is left with one of them at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONGEST.findIndex((file) => moduleId.endsWith(file))
      return index === -1 ? LONGEST.length : index
    }
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other))
  }
}
