import { type Catalog, type Model, modelOf } from '../catalog/catalog.js'
import { Closure } from './closure.js'
import { type Args, listOf, objectOf, type Query } from './query.js'

/**
 * The models whose rows a write may change: its own, those of nested writes, and all that
 * referential actions reach from there.
 */
export function modelsWritten(catalog: Catalog, query: Query): ReadonlySet<string> {
  const closure = new Closure(catalog)
  const args = objectOf(query.args)
  const model = modelOf(catalog, query.model)
  switch (query.operation) {
    case 'create':
    case 'createMany':
    case 'createManyAndReturn':
    case 'update':
    case 'updateMany':
    case 'updateManyAndReturn':
      change(model, args.data)
      break
    case 'upsert':
      change(model, args.create)
      change(model, args.update)
      break
    case 'delete':
    case 'deleteMany':
      closure.remove(model.name)
      break
    default:
      // An operation of a later Prisma, of which nothing is known.
      return allModels(catalog)
  }
  return closure.models

  /** Rows of the model get this data, whether created or updated. */
  function change(model: Model, data: unknown): void {
    closure.change(model.name, [])
    for (const row of listOf(data)) {
      const fields = objectOf(row)
      closure.change(model.name, Object.keys(fields))
      for (const [name, value] of Object.entries(fields)) nest(model, name, objectOf(value))
    }
  }

  /** The nested writes of one relation field. */
  function nest(model: Model, field: string, operations: Args): void {
    const relation = model.relations.get(field)
    if (relation === undefined) return
    const target = modelOf(catalog, relation.target)
    link(model, target, relation.through, relation.foreignKey)
    for (const [operation, value] of Object.entries(operations)) {
      for (const item of listOf(value)) nestOperation(target, operation, objectOf(item))
    }
  }

  /** Any nested write may link rows, and so take them away from others: the side with the foreign key changes. */
  function link(
    model: Model,
    target: Model,
    through: string | undefined,
    foreignKey: readonly string[],
  ): void {
    if (through !== undefined) closure.change(through, [])
    else if (foreignKey.length > 0) closure.change(model.name, foreignKey)
    else {
      const keys = model.referencedBy.filter((key) => key.holder === target.name)
      for (const key of keys) closure.change(target.name, key.fields)
    }
  }

  function nestOperation(target: Model, operation: string, args: Args): void {
    switch (operation) {
      case 'create':
        return change(target, args)
      case 'connectOrCreate':
        return change(target, args.create)
      case 'createMany':
      case 'updateMany':
        return change(target, args.data)
      case 'update':
        // A to-one relation takes the data itself or `{ where, data }`, a list only the latter.
        change(target, args)
        return change(target, args.data)
      case 'upsert':
        change(target, args.create)
        return change(target, args.update)
      case 'connect':
      case 'disconnect':
      case 'set':
        return
      case 'delete':
      case 'deleteMany':
        return closure.remove(target.name)
      default:
        // A nested operation of a later Prisma.
        return closure.any(target.name)
    }
  }
}

export function allModels(catalog: Catalog): ReadonlySet<string> {
  return new Set(catalog.models.keys())
}
