import { objectOf } from '../plan/query.js'

/**
 * Whether the error of a read says that the database cannot be reached, is busy or is too slow. Only then
 * may an older answer replace the database's. An error that is not known to say so does not count.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // A client that cannot connect at all has its code in `errorCode`.
  const { code, errorCode, meta } = error as { code?: unknown; errorCode?: unknown; meta?: unknown }
  if ([code, errorCode].some((each) => outageCodes.has(each))) return true
  const { cause } = objectOf(objectOf(meta).driverAdapterError)
  const { originalCode } = objectOf(cause)
  if (typeof originalCode === 'string' && outageStates.test(originalCode)) return true
  // Prisma passes on the errors of a driver's pool as they are.
  return error.name === 'Error' && poolFailure.test(error.message)
}

/** Prisma's codes (https://www.prisma.io/docs/orm/reference/error-reference) and Node's own. */
const outageCodes: ReadonlySet<unknown> = new Set([
  'P1001', // cannot be reached
  'P1002', // reached, but timed out
  'P1008', // the operation timed out
  'P1011', // the TLS connection cannot be opened
  'P1017', // the database has closed the connection
  'P2024', // no connection of the pool became free in time
  'P2034', // a conflict or a deadlock with another transaction
  'P2037', // the database has too many connections
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
])

/**
 * Classes of SQLSTATE: connection (08), rollback such as a deadlock (40), resources (53), and operator
 * intervention such as a statement's time-out or a shutdown (57).
 */
const outageStates = /^(08|40|53|57)\w{3}$/

const poolFailure = /\b(timeout|timed out|connection (terminated|closed|lost))\b/i

/**
 * Whether the error of a write outside a transaction proves that nothing was written: Prisma refused the
 * arguments, or the database refused the statement because of its rows. Any other error (a lost
 * connection, a time-out, an unknown error) proves nothing.
 */
export function provesUnwritten(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (isValidationError(error)) return true
  return 'code' in error && refusals.has(error.code)
}

/** Whether Prisma refused the arguments, so that nothing was sent. */
export function isValidationError(error: unknown): boolean {
  return error instanceof Error && error.name === 'PrismaClientValidationError'
}

/** Prisma's codes, and the error of optimistic locking. */
const refusals: ReadonlySet<unknown> = new Set([
  'P2002', // a unique constraint failed
  'P2003', // a foreign key constraint failed
  'P2011', // a null constraint failed
  'P2025', // a required record is missing
  'CACHE_OPTIMISTIC_LOCK', // the record has another version
])
