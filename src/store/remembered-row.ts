import type { RememberedRow, SettledRow } from './store.js'

/** What is remembered of a row if this is settled, too. */
export function remembered(known: RememberedRow | undefined, settled: SettledRow): RememberedRow {
  const stands = known !== undefined && known.until > settled.forgets
  if (stands && known.version > settled.version) return known
  const { version, until } = settled
  return { version, until }
}
