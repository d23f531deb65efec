import type { RememberedRow, SettledRow } from './store.js'

/**
 * Returns the newer of the remembered version, if it is still remembered, and the settled version.
 */
export function remembered(known: RememberedRow | undefined, settled: SettledRow): RememberedRow {
  const isStillRemembered = known !== undefined && known.until > settled.forgets
  if (isStillRemembered && known.version > settled.version) return known
  const { version, until } = settled
  return { version, until }
}
