import type { CacheInfo, KnownEntry } from '../telemetry/cache-info.js'
import type { BypassReason } from '../telemetry/events.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { Outcome } from './read.js'

export interface ReportOptions {
  readonly telemetry: Telemetry
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  readonly model: string
  readonly operation: string
  /** The listener of this one read, see `withCacheInfo`. */
  readonly listener?: ((info: CacheInfo) => void) | undefined
}

/** Reports how one read was answered, to telemetry and to the read's own listener. */
export class Report {
  readonly #options: ReportOptions

  constructor(options: ReportOptions) {
    this.#options = options
  }

  bypass(reason: BypassReason): void {
    const { telemetry, model, operation, listener } = this.#options
    telemetry.bypass({ model, operation, reason })
    listener?.({ status: 'bypass', reason })
  }

  outcome(entry: KnownEntry, outcome: Outcome): void {
    if (outcome.status === 'bypass') return this.bypass(outcome.reason)
    const { telemetry, model, operation, listener } = this.#options
    const { key } = entry
    const now = this.#options.clock()
    const expiresInMs = Math.max(0, (outcome.freshUntil ?? now) - now)
    if (outcome.status === 'miss') {
      const { status, reason } = outcome
      telemetry.miss({ model, operation, key, reason })
      listener?.({ ...entry, status, reason, expiresInMs })
      return
    }
    const ageMs = Math.max(0, now - outcome.filledAt)
    if (outcome.status === 'hit') {
      const { status, source } = outcome
      telemetry.hit({ model, operation, key, source, ageMs })
      listener?.({ ...entry, status, source, ageMs, expiresInMs })
    } else {
      const { status, reason } = outcome
      telemetry.stale({ model, operation, key, reason, ageMs })
      listener?.({ ...entry, status, reason, ageMs })
    }
  }
}
