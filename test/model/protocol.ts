/** The code under test. */
export interface Protocol {
  readonly Reader: typeof import('../../src/read/reader.js').Reader
  readonly Write: typeof import('../../src/write/write.js').Write
  readonly Members: typeof import('../../src/members/members.js').Members
  readonly OwedTouches: typeof import('../../src/touch/owed-touches.js').OwedTouches
  readonly Telemetry: typeof import('../../src/telemetry/telemetry.js').Telemetry
  readonly memory: typeof import('../../src/store/memory.js').memory
  readonly StoreUnavailableError: typeof import('../../src/errors.js').StoreUnavailableError
  readonly provesUnwritten: typeof import('../../src/prisma-client/failures.js').provesUnwritten
}

/** Loads the protocol's own modules, with what is mocked at the moment. */
export async function loadProtocol(): Promise<Protocol> {
  const { Reader } = await import('../../src/read/reader.js')
  const { Write } = await import('../../src/write/write.js')
  const { Members } = await import('../../src/members/members.js')
  const { OwedTouches } = await import('../../src/touch/owed-touches.js')
  const { Telemetry } = await import('../../src/telemetry/telemetry.js')
  const { memory } = await import('../../src/store/memory.js')
  const { StoreUnavailableError } = await import('../../src/errors.js')
  const { provesUnwritten } = await import('../../src/prisma-client/failures.js')
  return {
    Reader,
    Write,
    Members,
    OwedTouches,
    Telemetry,
    memory,
    StoreUnavailableError,
    provesUnwritten,
  }
}
