/**
 * The result codes of the client protocol that the emulator uses by itself (server 8.1.0.3,
 * as/include/base/proto.h). `faults.failNext` accepts any number from 1 to 255.
 */
export const ResultCode = {
  ok: 0,
  unknown: 1,
  notFound: 2,
  generation: 3,
  parameter: 4,
  recordExists: 5,
  outOfSpace: 8,
  incompatibleType: 12,
  recordTooBig: 13,
  keyBusy: 14,
  unsupported: 16,
  keyMismatch: 19,
  namespace: 20,
  binName: 21,
  forbidden: 22,
  elementNotFound: 23,
  elementExists: 24,
  enterpriseOnly: 25,
  notApplicable: 26,
  securityNotSupported: 51,
} as const

/** Ends a command. Its answer has this result code; the reason is only for people who debug. */
export class Refusal extends Error {
  readonly code: number

  constructor(code: number, reason: string) {
    super(reason)
    this.name = 'Refusal'
    this.code = code
  }
}
