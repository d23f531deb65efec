import { isPlain } from './key.js'
import type { Query } from './query.js'

/** A text that is the same for queries which differ only in their values. */
export function shapeOf({ model, operation, args, dataPath }: Query): string {
  return `${[model, operation, ...dataPath].join('.')} ${structure(args)}`
}

function structure(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${structure(value[0])}]`
  if (typeof value === 'boolean') return String(value)
  if (!isPlain(value)) return '?'
  const fields = Object.keys(value).sort()
  return `{${fields.map((field) => `${field}:${structure(value[field])}`)}}`
}
