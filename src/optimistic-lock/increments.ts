import { type Catalog, type Model, modelOf, type Relation } from '../catalog/catalog.js'
import { wrong } from '../checks.js'
import { isSkip, objectOf, type Query } from '../plan/query.js'
import type { VersionColumns } from '../plan/version-columns.js'

/**
 * Changes the arguments of a write so that each update in it, at any depth, also increments the version of
 * the rows that it changes. An update without any data stays as it is, because Prisma does not change its
 * rows.
 *
 * @throws ConfigurationError if an update sets the version itself.
 */
export function incremented(
  catalog: Catalog,
  versionColumns: VersionColumns,
  { model: name, operation, args }: Pick<Query, 'model' | 'operation' | 'args'>,
): unknown {
  const data = dataOf[operation]
  if (versionColumns.size === 0 || data === undefined) return args
  return withPart(args, data, (given) => updated(modelOf(catalog, name), given))

  function updated(model: Model, data: unknown): unknown {
    if (!isObject(data) || !Object.values(data).some(isGiven)) return data
    const changed: Record<string, unknown> = { ...data }
    for (const relation of model.relations.values()) {
      const operations = data[relation.name]
      if (isObject(operations)) changed[relation.name] = nested(relation, operations)
    }
    const version = versionColumns.get(model.name)
    if (version === undefined) return changed
    if (isGiven(data[version])) {
      throw wrong(
        `${version} in the data of an update of ${model.name}`,
        'no value, as every update increments it',
        data[version],
      )
    }
    changed[version] = { increment: 1 }
    return changed
  }

  /** Other operations stay as they are: a row that is created or connected is not updated. */
  function nested(relation: Relation, operations: object): unknown {
    const target = modelOf(catalog, relation.target)
    const change = (data: unknown) => updated(target, data)
    let changed: unknown = operations
    changed = withPart(changed, 'upsert', (items) =>
      each(items, (i) => withPart(i, 'update', change)),
    )
    changed = withPart(changed, 'updateMany', (items) =>
      each(items, (i) => withPart(i, 'data', change)),
    )
    return withPart(changed, 'update', (items) =>
      each(items, (item) =>
        relation.list || isWrapped(target, item) ? withPart(item, 'data', change) : change(item),
      ),
    )
  }
}

/** The argument that holds the data of an operation's update. */
const dataOf: Readonly<Record<string, string>> = {
  update: 'data',
  updateMany: 'data',
  updateManyAndReturn: 'data',
  upsert: 'update',
}

/** An update of a to-one relation takes the data itself, or `{ where, data }`. */
function isWrapped(target: Model, item: unknown): boolean {
  const { where, data, ...others } = objectOf(item)
  if (data === undefined || Object.keys(others).length > 0) return false
  if (!target.fields.has('data') && !target.relations.has('data')) return true
  // The model has a field named `data`. It is a wrapper if its value consists of the model's fields.
  return (
    isObject(data) &&
    Object.keys(data).every((name) => target.fields.has(name) || target.relations.has(name))
  )
}

function withPart(given: unknown, name: string, change: (part: unknown) => unknown): unknown {
  if (!isObject(given) || given[name] === undefined) return given
  return { ...given, [name]: change(given[name]) }
}

function each(items: unknown, change: (item: unknown) => unknown): unknown {
  return Array.isArray(items) ? items.map(change) : change(items)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isSkip(value)
}

function isGiven(value: unknown): boolean {
  return value !== undefined && !isSkip(value)
}
