/** One operation on a model, as Prisma hands it to an extension. */
export interface Query {
  readonly model: string
  readonly operation: string
  readonly args: unknown
  /** The path to the fluent API's answer in the result: `['select', 'posts']`; empty without the fluent API. */
  readonly dataPath: readonly string[]
}

export const READS = [
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
] as const

export type ReadOperation = (typeof READS)[number]

const reads: ReadonlySet<string> = new Set(READS)

/** Whether the operation is known to read. Every other operation may write. */
export function isRead(operation: string): operation is ReadOperation {
  return reads.has(operation)
}

export type Args = Readonly<Record<string, unknown>>

/** The value as an object. Anything else is planned as if it were absent, and refused by Prisma. */
export function objectOf(value: unknown): Args {
  return typeof value === 'object' && value !== null ? (value as Args) : {}
}

/** The value as a list: Prisma takes one object or a list of them in many places. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value]
}

/** Whether the value is `Prisma.skip`, which Prisma drops from arguments as it drops `undefined`. */
export function isSkip(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'ifUndefined' in value &&
    typeof value.ifUndefined === 'function'
  )
}

/**
 * Whether the value holds an `undefined` at any depth. With `strictUndefinedChecks` Prisma refuses such
 * arguments, which would otherwise have the key of arguments without it.
 */
export function containsUndefined(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    return value === undefined
  }
  return Object.values(value).some(containsUndefined)
}
