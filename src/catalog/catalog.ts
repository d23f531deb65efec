/**
 * The Prisma schema in the form that planning needs: pure data, without Prisma's run time or I/O.
 */
export interface Catalog {
  /**
   * The models by their names in the schema. A join table of an implicit many-to-many relation is a
   * model under the name of the table.
   */
  readonly models: ReadonlyMap<string, Model>
  /** The kind of database, as the datasource of the schema names it, such as `postgresql`. */
  readonly provider: string
  /** Two schemas have the same fingerprint if and only if each query means the same under both. */
  readonly fingerprint: string
}

export interface Model {
  readonly name: string
  /** The name of the table in the database. */
  readonly table: string
  /** A hidden model is one with `@@ignore`: the client lacks it, but writes may change its rows. */
  readonly kind: 'table' | 'view' | 'join' | 'hidden'
  /** The scalar and enum fields that the client has. */
  readonly fields: ReadonlyMap<string, Field>
  readonly relations: ReadonlyMap<string, Relation>
  /** The id, the unique keys, and the foreign keys of relations. */
  readonly keys: readonly Key[]
  /** The fields of compound ids and compound unique keys, by their names in `where`. */
  readonly compounds: ReadonlyMap<string, readonly string[]>
  /** The foreign keys, of any model, that refer to this model. */
  readonly referencedBy: readonly ForeignKey[]
  /** The names of the join tables whose rows refer to rows of this model. */
  readonly joinTables: readonly string[]
  /** The text of the `///` comment; undefined if there is none. */
  readonly documentation: string | undefined
}

export interface Field {
  readonly name: string
  /** The name of the column in the database. */
  readonly column: string
  /** The name of a scalar type of Prisma, such as `Int`; or `enum`. */
  readonly type: string
  readonly native: NativeType | undefined
  readonly list: boolean
  readonly required: boolean
  readonly default: Default
  /** Whether Prisma sets it at each update. */
  readonly updatedAt: boolean
  /** Whether the database may compute it from other columns of the row at each update. */
  readonly computed: boolean
}

/** A native type of the database, such as `@db.VarChar(20)`. */
export interface NativeType {
  readonly name: string
  readonly args: readonly string[]
}

/** The value of a field in a row that is created without one. */
export type Default =
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly value: unknown }
  /** The value is not known before the row is created. */
  | { readonly kind: 'generated' }

/** Fields by whose values rows are looked up. */
export interface Key {
  readonly fields: readonly string[]
  readonly unique: boolean
}

/**
 * A relation field. A row of this model and a row of the target are related if the fields `here` of
 * the first equal the fields `there` of the second; or, with a join table, if a row of that table
 * contains the values of both.
 */
export interface Relation {
  readonly name: string
  /** The model at the other end. */
  readonly target: string
  readonly list: boolean
  /** Whether a row of the target is related to at most one row of this model. */
  readonly exclusive: boolean
  readonly here: readonly string[]
  readonly there: readonly string[]
  /**
   * The model that has the foreign key: this one, the target, or a join table that refers to both.
   */
  readonly holder: 'here' | 'there' | JoinTable
}

/** The join table of an implicit many-to-many relation, and its columns for the two ends. */
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

/**
 * Returns the model of that name.
 *
 * @throws Error if there is none. Plans use only names from the catalog, so that would be a bug.
 */
export function modelOf(catalog: Catalog, name: string): Model {
  const model = catalog.models.get(name)
  if (model === undefined) throw new Error(`the catalog has no model '${name}'`)
  return model
}

/** The models that the client has, without hidden ones and join tables. */
export function modelsOfClient({ models }: Catalog): readonly Model[] {
  return [...models.values()].filter(({ kind }) => kind === 'table' || kind === 'view')
}
