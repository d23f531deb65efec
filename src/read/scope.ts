import type { Telemetry } from '../telemetry/telemetry.js'

/** In a box, because no scope is a scope of its own. */
export interface Scope {
  readonly scope: string | undefined
}

/**
 * Who asks, as the application says; nothing where it fails to. Then no entry may be used: whichever
 * it is might be another's.
 */
export function scopeOf(ask: (() => unknown) | undefined, telemetry: Telemetry): Scope | undefined {
  if (ask === undefined) return { scope: undefined }
  try {
    const scope = ask()
    if (scope === undefined || typeof scope === 'string') return { scope }
    throw new TypeError(`scope: expected a string or undefined, got ${typeof scope}`)
  } catch (error) {
    telemetry.error('scope', error)
    return undefined
  }
}
