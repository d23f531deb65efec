/**
 * Whether an error of a write outside a transaction proves that nothing was written: Prisma refused
 * the arguments, or the database refused the statement for what the rows are. Anything else (a lost
 * connection, a time-out, an unknown error) proves nothing.
 */
export function provesUnwritten(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.name === 'PrismaClientValidationError') return true
  return 'code' in error && refusals.has(error.code)
}

/** https://www.prisma.io/docs/orm/reference/error-reference: unique, foreign key, null, missing record; and a record of another version. */
const refusals: ReadonlySet<unknown> = new Set([
  'P2002',
  'P2003',
  'P2011',
  'P2025',
  'OPTIMISTIC_LOCK',
])
