import { bounds } from '../support/bounds.js'
import { programsWithPolicies } from './policies.js'
import { testRandomPrograms } from './random.js'

for (const provider of ['sqlite', 'postgresql'] as const) {
  testRandomPrograms(provider, {
    what: 'random programs with policies switched on at random',
    reads: bounds.reads / 4,
    programs: programsWithPolicies,
    withoutSql: 0.05,
  })
}
