import type { Telemetry } from '../telemetry/telemetry.js'

/** A scope, in a box because `undefined` is a scope of its own. */
export interface Scope {
  readonly scope: string | undefined
}

/**
 * The scope that the application's function gives. Undefined where the function fails: then no entry may be
 * served, because it could be another scope's.
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
