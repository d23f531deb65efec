import fc from 'fast-check'
import { readsOf, uniqueWhere } from './reads.js'
import { rowsOf } from './rows.js'
import { type Call, updated, writesOf } from './writes.js'

type Args = Record<string, unknown>

/** Reads of which every other one gives a key one value: they show whether a write touches the right values. */
export const keyReadsOf = (models: readonly string[]): fc.Arbitrary<Call> =>
  fc.oneof(readsOf(models), fc.constantFrom(...models).chain(keyRead))

/** Writes of which every other one changes keys, if there are any, in rows that others refer to. */
export const keyWritesOf = (models: readonly string[]): fc.Arbitrary<Call> => {
  const changes = models.flatMap(keyChangesOf)
  const others = writesOf(models)
  return changes.length === 0 ? others : fc.oneof(others, fc.oneof(...changes))
}

function keyRead(model: string): fc.Arbitrary<Call> {
  const { columns, uniques, foreignKeys, computed = [] } = rowsOf(model)
  const reads = fc
    .constantFrom(...new Set([...uniques.flat(), ...foreignKeys, ...computed]))
    .chain((name) => {
      const isUnique = uniques.some((names) => names.length === 1 && names[0] === name)
      return fc.record({
        model: fc.constant(model),
        operation: fc.constantFrom('findMany', isUnique ? 'findUnique' : 'findMany'),
        args: fc.record({ where: fc.record({ [name]: columns[name] ?? none }) }),
      })
    })
  return model === 'Tag' ? fc.oneof({ weight: 4, arbitrary: reads }, tagStats) : reads
}

/** A view of the join table, which the schema declares as a model. */
const tagStats = fc.constantFrom<Call>(
  { model: 'TagStats', operation: 'findMany', args: { orderBy: { tagId: 'asc' } } },
  { model: 'TagStats', operation: 'findUnique', args: { where: { tagId: 1 } } },
)

/** Updates through each relation of a key to which the row refers, and updates two relations deep. */
function keyChangesOf(model: string): readonly fc.Arbitrary<Call>[] {
  const data = Object.entries(rowsOf(model).relations).flatMap(
    ([relation, { model: target, refersTo = [] }]) =>
      refersTo.map((name) => fc.record({ [relation]: keyChange(target, name) })),
  )
  if (data.length === 0) return []
  const where = uniqueWhere(model)
  const any = fc.oneof(...data, updated(model, 2))
  return [
    fc.record({ where, data: any }).map((args): Call => ({ model, operation: 'update', args })),
  ]
}

function keyChange(target: string, name: string): fc.Arbitrary<Args> {
  return fc
    .record({ [name]: rowsOf(target).columns[name] ?? none })
    .chain((row) => fc.constantFrom({ update: row }, { upsert: { create: row, update: row } }))
}

const none = fc.constant(null)
