import type { ReferentialAction } from './catalog.js'

/** The part of Prisma's DMMF that this package reads. */
export interface DmmfModel {
  readonly name: string
  readonly dbName: string | null
  readonly fields: readonly DmmfField[]
  readonly primaryKey: DmmfIndex | null
  readonly uniqueFields: readonly (readonly string[])[]
  readonly uniqueIndexes: readonly DmmfIndex[]
  readonly documentation?: string
}

export interface DmmfIndex {
  readonly name: string | null
  readonly fields: readonly string[]
}

export interface DmmfField {
  readonly name: string
  readonly dbName?: string | null
  readonly kind: string
  readonly type: string
  readonly nativeType?: readonly [name: string, args: readonly string[]] | null
  readonly isList: boolean
  readonly isRequired: boolean
  readonly isId: boolean
  readonly isUnique: boolean
  readonly isUpdatedAt: boolean
  /** A value, a list of values, or `{ name, args }` for a function. */
  readonly default?: unknown
  readonly relationName?: string
  readonly relationFromFields?: readonly string[]
  readonly relationToFields?: readonly string[]
  readonly relationOnDelete?: ReferentialAction
  readonly relationOnUpdate?: ReferentialAction
}

export function isRelation(field: DmmfField): boolean {
  return field.relationName !== undefined
}

export function hasForeignKey(field: DmmfField): boolean {
  return (field.relationFromFields?.length ?? 0) > 0
}
