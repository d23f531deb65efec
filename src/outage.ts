/**
 * Whether an error of a read says that the database is away, busy or too slow, rather than what is
 * wrong with the query: only then may an older answer stand in for it.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // A client that cannot connect at all throws the one, with its code in the other place.
  const { code, errorCode } = error as { code?: unknown; errorCode?: unknown }
  return outages.has(code) || outages.has(errorCode)
}

/** https://www.prisma.io/docs/orm/reference/error-reference */
const outages: ReadonlySet<unknown> = new Set([
  'P1001', // cannot be reached
  'P1002', // reached, but timed out
  'P1008', // the operation timed out
  'P1011', // the TLS connection cannot be opened
  'P1017', // it has closed the connection
  'P2024', // no connection of the pool became free in time
  'P2034', // a conflict or a deadlock with another transaction
  'P2037', // it has too many connections
])
