import { type Catalog, type Model, modelOf } from '../catalog/catalog.js'
import { type Args, listOf, objectOf, type Query } from './query.js'

/** What the arguments of a read say about its answer. */
export interface Survey {
  /**
   * The models whose rows can change the answer: the read's own, and those of every relation that
   * its selection, its filters or its order go through.
   */
  readonly models: ReadonlySet<string>
  /** Selected names that the schema does not have, as `User.fullName`: computed fields, if anything. */
  readonly computed: ReadonlySet<string>
  /** Whether an `omit` stands anywhere: then computed fields decide which fields are read. */
  readonly omits: boolean
}

export function survey(catalog: Catalog, query: Query): Survey {
  const models = new Set<string>()
  const computed = new Set<string>()
  let omits = false
  readArgs(modelOf(catalog, query.model), objectOf(query.args))
  return { models, computed, omits }

  function readArgs(model: Model, args: Args): void {
    models.add(model.name)
    omits ||= args.omit !== undefined
    readFilter(model, args.where)
    readFilter(model, args.cursor)
    for (const order of listOf(args.orderBy)) readOrder(model, objectOf(order))
    readSelection(model, objectOf(args.select))
    readSelection(model, objectOf(args.include))
  }

  function readSelection(model: Model, selection: Args): void {
    for (const [name, value] of Object.entries(selection)) {
      if (value === undefined || value === false) continue
      if (name === '_count') readCount(model, value)
      // `count` selects fields to count, and `_all`.
      else if (model.scalars.has(name) || query.operation === 'count') continue
      else if (!model.relations.has(name)) computed.add(`${model.name}.${name}`)
      else follow(model, name, (target) => readArgs(target, objectOf(value)))
    }
  }

  /** `true` counts every list relation; `{ select: { posts: true | { where } } }` those named. */
  function readCount(model: Model, value: unknown): void {
    const selected = objectOf(value).select
    if (selected !== undefined) return readSelection(model, objectOf(selected))
    for (const { name, list } of model.relations.values()) {
      if (list) follow(model, name, (target) => models.add(target.name))
    }
  }

  /** Relations may stand at any depth: under AND, OR and NOT, and under some, every, none, is and isNot. */
  function readFilter(model: Model, filter: unknown): void {
    for (const part of listOf(filter)) {
      for (const [name, value] of Object.entries(objectOf(part))) {
        if (logical.has(name)) readFilter(model, value)
        else follow(model, name, (target) => readRelationFilter(target, objectOf(value)))
      }
    }
  }

  function readRelationFilter(model: Model, filter: Args): void {
    models.add(model.name)
    for (const [name, value] of Object.entries(filter)) {
      // A to-one relation may be filtered without `is`; a field of that very name is then filtered twice.
      if (quantifiers.has(name)) readFilter(model, value)
    }
    readFilter(model, filter)
  }

  function readOrder(model: Model, order: Args): void {
    for (const [name, value] of Object.entries(order)) {
      follow(model, name, (target) => {
        models.add(target.name)
        readOrder(target, objectOf(value))
      })
    }
  }

  function follow(model: Model, field: string, visit: (target: Model) => void): void {
    const relation = model.relations.get(field)
    if (relation === undefined) return
    if (relation.through !== undefined) models.add(relation.through)
    visit(modelOf(catalog, relation.target))
  }
}

const logical: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT'])
const quantifiers: ReadonlySet<string> = new Set(['some', 'every', 'none', 'is', 'isNot'])
