import { type Args, objectOf, type Query } from './query.js'
import type { TrackedKeys } from './tracked-keys.js'

/** A write's arguments with which its result shows the tracked fields, and how to remove these again. */
export interface Returning {
  readonly args: unknown
  readonly strip: (result: unknown) => unknown
}

/**
 * Changes the arguments of a write so that its result shows which rows it touched.
 *
 * @param omitted the fields that the client omits from every answer.
 * @param more further fields that the result must show.
 */
export function returning(
  tracked: TrackedKeys,
  query: Query,
  omitted: Args,
  more: readonly string[] = [],
): Returning {
  const { model, operation, args, dataPath } = query
  const { select, omit } = objectOf(args)
  const asIs = asItIs(args)
  if (!returnsRows.has(operation) || dataPath.length > 0) return asIs
  const fields = [...new Set([...tracked.keys(model).flatMap((key) => key.fields), ...more])]
  if (isObject(select)) {
    // Prisma refuses to select nothing, and must still see that.
    if (!Object.values(select).some(Boolean)) return asIs
    const missing = fields.filter((field) => select[field] !== true)
    const added = Object.fromEntries(missing.map((field) => [field, true]))
    return missing.length === 0
      ? asIs
      : withMore(args, { select: { ...select, ...added } }, missing)
  }
  if (select !== undefined && select !== null) return asIs
  const ownOmit = objectOf(omit)
  // Prisma also refuses to omit everything.
  if ([...tracked.model(model).fields.keys()].every((field) => ownOmit[field] === true)) return asIs
  const missing = fields.filter((field) => ownOmit[field] ?? omitted[field])
  const shown = Object.fromEntries(missing.map((field) => [field, false]))
  return missing.length === 0 ? asIs : withMore(args, { omit: { ...ownOmit, ...shown } }, missing)
}

export function asItIs(args: unknown): Returning {
  return { args, strip: (result) => result }
}

const returnsRows: ReadonlySet<string> = new Set([
  'create',
  'createManyAndReturn',
  'update',
  'updateManyAndReturn',
  'upsert',
  'delete',
])

function withMore(args: unknown, more: Args, fields: readonly string[]): Returning {
  return {
    args: { ...objectOf(args), ...more },
    strip: (result) => {
      for (const row of Array.isArray(result) ? result : [result]) {
        if (isObject(row)) for (const field of fields) delete row[field]
      }
      return result
    },
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
