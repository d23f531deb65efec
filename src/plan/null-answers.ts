import type { Model } from '../catalog/catalog.js'
import { type Args, objectOf, type Query } from './query.js'
import type { TrackedKeys } from './tracked-keys.js'

/**
 * Whether `null` as the answer says for certain that there is no such row. Where Prisma sends several
 * `findUnique` of one tick as one statement, it compares the texts in `where` with those of the rows by itself:
 * a row that the database finds by another spelling, such as an id of type `@db.Uuid` in upper case, is lost.
 */
export function isNullCertain(tracked: TrackedKeys, { model, operation, args }: Query): boolean {
  if (!operation.startsWith('findUnique')) return true
  return isSpeltAsStored(tracked, tracked.model(model), objectOf(objectOf(args).where))
}

function isSpeltAsStored(tracked: TrackedKeys, model: Model, where: Args): boolean {
  return Object.entries(where).every(([name, condition]) => {
    if (model.compounds.has(name)) return isSpeltAsStored(tracked, model, objectOf(condition))
    if (model.fields.get(name)?.type !== 'String') return true
    const given = typeof condition === 'string' ? condition : objectOf(condition).equals
    if (typeof given !== 'string') return true
    return tracked.normaliser(model.name, name)?.(given) === given
  })
}
