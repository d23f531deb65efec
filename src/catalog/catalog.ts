/** What the schema says, in the shape that planning needs. Pure data: no Prisma run time, no I/O. */
export interface Catalog {
  /** By model name, as in the schema; the join table of an implicit many-to-many relation by its table's name. */
  readonly models: ReadonlyMap<string, Model>
  /** The database's kind, as the schema's datasource names it: `postgresql`. */
  readonly provider: string
  /** The same for two schemas exactly if a query means the same under both. */
  readonly fingerprint: string
}

export interface Model {
  readonly name: string
  /** The name in the database. */
  readonly table: string
  readonly kind: 'table' | 'view' | 'join'
  /** The scalar and enum fields. */
  readonly fields: ReadonlyMap<string, Field>
  readonly relations: ReadonlyMap<string, Relation>
  /** Its id, its unique keys, and the foreign keys of its relations. */
  readonly keys: readonly Key[]
  /** The fields of its compound ids and uniques, by the name that `where` takes them under. */
  readonly compounds: ReadonlyMap<string, readonly string[]>
  /** The foreign keys, of any model, that refer to this one. */
  readonly referencedBy: readonly ForeignKey[]
  /** The text of the `///` comment, if any. */
  readonly documentation: string | undefined
}

export interface Field {
  readonly name: string
  /** The name in the database. */
  readonly column: string
  /** Of Prisma's scalar types, or `enum`. */
  readonly type: string
  readonly native: NativeType | undefined
  readonly list: boolean
  readonly required: boolean
  readonly default: Default
  /** Whether Prisma sets it at each update. */
  readonly updatedAt: boolean
}

/** `@db.VarChar(20)` */
export interface NativeType {
  readonly name: string
  readonly args: readonly string[]
}

/** What a row gets that is created without a value for the field. */
export type Default =
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly value: unknown }
  /** Not known before the row is there. */
  | { readonly kind: 'generated' }

/** Fields by whose values rows are found. */
export interface Key {
  readonly fields: readonly string[]
  readonly unique: boolean
}

/**
 * A relation field. A row of its model and one of the target are related if the fields `here` of the
 * one equal the fields `there` of the other: directly, or in a row of the join table.
 */
export interface Relation {
  readonly name: string
  /** The model at the other end. */
  readonly target: string
  readonly list: boolean
  /** Whether a row of the target is related to one row of this model at most. */
  readonly exclusive: boolean
  readonly here: readonly string[]
  readonly there: readonly string[]
  /** Which model has the foreign key: this one, the target, or a join table that refers to both. */
  readonly holder: 'here' | 'there' | JoinTable
}

/** The model of an implicit many-to-many relation's table, and its columns for either end. */
export interface JoinTable {
  readonly name: string
  readonly here: 'A' | 'B'
  readonly there: 'A' | 'B'
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
