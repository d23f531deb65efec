import type { ForeignKey, Model, Relation } from './catalog.js'
import { type DmmfField, type DmmfModel, hasForeignKey, isRelation } from './dmmf.js'
import { idOf } from './keys.js'

/** Finds the join table of each relation field that has no foreign key at either end. */
export function joinTablesOf(models: readonly DmmfModel[]): ReadonlyMap<DmmfField, string> {
  const withKey = new Set(
    models.flatMap((model) => model.fields.filter(hasForeignKey).map((f) => identity(model, f))),
  )
  return new Map(
    models.flatMap((model) =>
      model.fields
        .filter((field) => isRelation(field) && !withKey.has(identity(model, field)))
        .map((field) => [field, `_${field.relationName}`] as const),
    ),
  )
}

/**
 * Identifies a relation. Its name is unique only between two models, so both models are included.
 */
function identity(model: DmmfModel, field: DmmfField): string {
  return [field.relationName, ...[model.name, field.type].sort()].join(' ')
}

export function relationOf(
  models: readonly DmmfModel[],
  model: DmmfModel,
  field: DmmfField,
  joinTables: ReadonlyMap<DmmfField, string>,
): Relation {
  const target = models.find(({ name }) => name === field.type) as DmmfModel
  const opposite = oppositeOf(model, field, target)
  const common = { name: field.name, target: target.name, list: field.isList }
  const exclusive = !opposite.isList
  const through = joinTables.get(field)
  if (through !== undefined) {
    const [here, there] = isSideA(model, field, opposite) ? ABSides : BASides
    const holder = { name: through, here, there }
    return { ...common, exclusive, holder, here: idOf(model), there: idOf(target) }
  }
  const holder = hasForeignKey(field) ? 'here' : 'there'
  const { relationFromFields: from = [], relationToFields: to = [] } =
    holder === 'here' ? field : opposite
  const [here, there] = holder === 'here' ? [from, to] : [to, from]
  return { ...common, exclusive, holder, here, there }
}

const ABSides = ['A', 'B'] as const
const BASides = ['B', 'A'] as const

function oppositeOf(model: DmmfModel, field: DmmfField, target: DmmfModel): DmmfField {
  // The opposite field always exists, because Prisma refuses a schema in which it is missing.
  return target.fields.find(
    (other) =>
      other !== field && isRelation(other) && identity(target, other) === identity(model, field),
  ) as DmmfField
}

/**
 * Column A refers to the model whose name comes first in the alphabet. If a model is related to
 * itself, the names of the two fields decide instead.
 */
function isSideA(model: DmmfModel, field: DmmfField, opposite: DmmfField): boolean {
  return model.name === field.type ? field.name < opposite.name : model.name < field.type
}

export function foreignKeysOf(model: DmmfModel): ForeignKey[] {
  return model.fields.filter(hasForeignKey).map((field) => ({
    holder: model.name,
    fields: field.relationFromFields ?? [],
    target: field.type,
    references: field.relationToFields ?? [],
    // These are Prisma's defaults:
    // https://www.prisma.io/docs/orm/prisma-schema/data-model/relations/referential-actions
    onDelete: field.relationOnDelete ?? (field.isRequired ? 'Restrict' : 'SetNull'),
    onUpdate: field.relationOnUpdate ?? 'Cascade',
  }))
}

/**
 * The foreign keys of join tables. The columns of a join table are A and B, and its rows are
 * deleted and updated together with the rows that they join.
 */
export function joinKeysOf(
  model: DmmfModel,
  joinTables: ReadonlyMap<DmmfField, string>,
  models: readonly DmmfModel[],
): readonly ForeignKey[] {
  return model.fields.flatMap((field) => {
    const holder = joinTables.get(field)
    if (holder === undefined) return []
    const target = models.find(({ name }) => name === field.type) as DmmfModel
    const column = isSideA(model, field, oppositeOf(model, field, target)) ? 'A' : 'B'
    return {
      holder,
      fields: [column],
      target: model.name,
      references: idOf(model),
      onDelete: 'Cascade',
      onUpdate: 'Cascade',
    }
  })
}

/** The model of a join table. Its columns have the types of the ids that they refer to. */
export function joinModel(
  name: string,
  joinKeys: readonly ForeignKey[],
  tables: readonly Model[],
): Model {
  const columns = joinKeys.filter(({ holder }) => holder === name)
  return {
    name,
    table: name,
    kind: 'join',
    fields: new Map(
      columns.flatMap(({ fields: [column = ''], target, references: [id = ''] }) => {
        const referred = tables.find((table) => table.name === target)?.fields.get(id)
        if (referred === undefined) return []
        return [[column, { ...referred, name: column, column, default: { kind: 'none' } }]]
      }),
    ),
    relations: new Map(),
    keys: columns.map(({ fields }) => ({ fields, unique: false })),
    compounds: new Map(),
    referencedBy: [],
    joinTables: [],
    documentation: undefined,
  }
}
