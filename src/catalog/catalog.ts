/** What the schema says, in the shape that planning needs. Pure data: no Prisma run time, no I/O. */
export interface Catalog {
  /** By model name, as in the schema; the join table of an implicit many-to-many relation by its table's name. */
  readonly models: ReadonlyMap<string, Model>
  /** The same for two schemas exactly if a query means the same under both. */
  readonly fingerprint: string
}

export interface Model {
  readonly name: string
  /** The name in the database. */
  readonly table: string
  readonly kind: 'table' | 'view' | 'join'
  /** Names of the scalar and enum fields. */
  readonly scalars: ReadonlySet<string>
  readonly relations: ReadonlyMap<string, Relation>
  /** The foreign keys, of any model, that refer to this one. */
  readonly referencedBy: readonly ForeignKey[]
  /** The text of the `///` comment, if any. */
  readonly documentation: string | undefined
}

export interface Relation {
  readonly name: string
  /** The model at the other end. */
  readonly target: string
  readonly list: boolean
  /** The join table's model, for an implicit many-to-many relation. */
  readonly through: string | undefined
  /** The fields of this model that refer to the target; empty where the target refers to this model. */
  readonly foreignKey: readonly string[]
}

export interface ForeignKey {
  /** The model that has the foreign key. */
  readonly holder: string
  readonly fields: readonly string[]
  readonly target: string
  readonly references: readonly string[]
  readonly onDelete: ReferentialAction
  readonly onUpdate: ReferentialAction
}

export type ReferentialAction = 'Cascade' | 'SetNull' | 'SetDefault' | 'Restrict' | 'NoAction'

/** The model of that name; it exists, because a plan only follows names that come from the catalog. */
export function modelOf(catalog: Catalog, name: string): Model {
  const model = catalog.models.get(name)
  if (model === undefined) throw new Error(`the catalog has no model '${name}'`)
  return model
}
