/** One operation on a model, as Prisma hands it to an extension. */
export interface Query {
  readonly model: string
  readonly operation: string
  readonly args: unknown
  /** Where in the result the fluent API's answer lies: `['select', 'posts']`; else empty. */
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

/** Everything that is not known to read may write. */
export function isRead(operation: string): operation is ReadOperation {
  return reads.has(operation)
}

export type Args = Readonly<Record<string, unknown>>

/** What stands where Prisma takes an object; anything else plans as if it were absent, and Prisma refuses it. */
export function objectOf(value: unknown): Args {
  return typeof value === 'object' && value !== null ? (value as Args) : {}
}

/** Prisma takes one object or a list of them in many places. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value]
}
