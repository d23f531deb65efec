import type { Default, Field } from './catalog.js'
import { type DmmfField, type DmmfModel, isRelation } from './dmmf.js'

/** The scalar and enum fields of the model among the given ones. */
export function fieldsOf(
  model: DmmfModel,
  given: readonly DmmfField[],
): ReadonlyMap<string, Field> {
  const columns = model.fields.filter((field) => !isRelation(field))
  const names = columns.map(({ name, dbName }) => dbName ?? name)
  const fields = columns.filter((field) => given.includes(field))
  return new Map(fields.map((field) => [field.name, fieldOf(field, names)]))
}

function fieldOf(field: DmmfField, columns: readonly string[]): Field {
  const [name, args] = field.nativeType ?? []
  return {
    name: field.name,
    column: field.dbName ?? field.name,
    type: field.kind === 'enum' ? 'enum' : field.type,
    native: name === undefined ? undefined : { name, args: args ?? [] },
    list: field.isList,
    required: field.isRequired,
    default: defaultOf(field),
    updatedAt: field.isUpdatedAt,
    computed: isComputed(field, columns),
  }
}

/**
 * Whether the column may be generated from others. A schema shows such a column as `dbgenerated`, with its
 * expression or without one. An expression that names no column, such as `gen_random_uuid()`, is a default.
 */
function isComputed({ default: given }: DmmfField, columns: readonly string[]): boolean {
  const { name, args = [] } = Object(given) as { name?: unknown; args?: readonly unknown[] }
  if (name !== 'dbgenerated') return false
  const expression = args.join(' ').toLowerCase()
  if (expression.trim() === '') return true
  const words = new Set(expression.split(/[^\p{L}\p{N}_$]+/u))
  return columns.some((column) => {
    const lower = column.toLowerCase()
    const isWord = /^[\p{L}\p{N}_$]+$/u.test(lower)
    return isWord ? words.has(lower) : expression.includes(lower)
  })
}

function defaultOf({ default: given }: DmmfField): Default {
  if (given === undefined) return { kind: 'none' }
  const isFunction = typeof given === 'object' && given !== null && !Array.isArray(given)
  return isFunction ? { kind: 'generated' } : { kind: 'value', value: given }
}
