/** The code under test. */
export interface Protocol {
  readonly Reader: typeof import('../../../src/coherence/reader.js').Reader
  readonly Write: typeof import('../../../src/coherence/writer.js').Write
  readonly Unmarking: typeof import('../../../src/coherence/unmarking.js').Unmarking
  readonly OwedTouches: typeof import('../../../src/coherence/owed-touches.js').OwedTouches
  readonly Telemetry: typeof import('../../../src/telemetry/telemetry.js').Telemetry
  readonly memory: typeof import('../../../src/store/memory.js').memory
  readonly StoreUnavailableError: typeof import('../../../src/errors.js').StoreUnavailableError
  readonly provesUnwritten: typeof import('../../../src/outcome.js').provesUnwritten
}

/** Loads the protocol's own modules, with what is mocked at the moment. */
export async function loadProtocol(): Promise<Protocol> {
  const { Reader } = await import('../../../src/coherence/reader.js')
  const { Write } = await import('../../../src/coherence/writer.js')
  const { Unmarking } = await import('../../../src/coherence/unmarking.js')
  const { OwedTouches } = await import('../../../src/coherence/owed-touches.js')
  const { Telemetry } = await import('../../../src/telemetry/telemetry.js')
  const { memory } = await import('../../../src/store/memory.js')
  const { StoreUnavailableError } = await import('../../../src/errors.js')
  const { provesUnwritten } = await import('../../../src/outcome.js')
  return {
    Reader,
    Write,
    Unmarking,
    OwedTouches,
    Telemetry,
    memory,
    StoreUnavailableError,
    provesUnwritten,
  }
}
