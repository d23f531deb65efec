import { objectOf } from '../plan/query.js'

/**
 * Whether an error of a read says that the database is away, busy or too slow, rather than what is
 * wrong with the query: only then may an older answer stand in for it. What is not known to say so does
 * not.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // A client that cannot begin at all has its code in another place.
  const { code, errorCode, meta } = error as { code?: unknown; errorCode?: unknown; meta?: unknown }
  if ([code, errorCode].some((each) => outages.has(each))) return true
  const { cause } = objectOf(objectOf(meta).driverAdapterError)
  const { originalCode } = objectOf(cause)
  if (typeof originalCode === 'string' && /^(08|40|53|57)\w{3}$/.test(originalCode)) return true
  // Of a driver's pool, which Prisma hands on as they are.
  return error.name === 'Error' && poolFailure.test(error.message)
}

/**
 * https://www.prisma.io/docs/orm/reference/error-reference and Node's own. The database's are SQL's
 * classes: connection, rollback (a deadlock), resources, operator (a statement's time-out, a shutdown).
 */
const outages: ReadonlySet<unknown> = new Set([
  'P1001', // cannot be reached
  'P1002', // reached, but timed out
  'P1008', // the operation timed out
  'P1011', // the TLS connection cannot be opened
  'P1017', // it has closed the connection
  'P2024', // no connection of the pool became free in time
  'P2034', // a conflict or a deadlock with another transaction
  'P2037', // it has too many connections
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
])

const poolFailure = /\b(timeout|timed out|connection (terminated|closed|lost))\b/i
