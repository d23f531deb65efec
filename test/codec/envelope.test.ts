import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seal, UnreadableBytesError, unseal } from '../../src/codec/envelope.js'

const bytes = fc.uint8Array({ maxLength: 200 })

describe('sealed bytes', () => {
  it('are unsealed as they were, also from the middle of a larger buffer', () => {
    fc.assert(
      fc.property(bytes, bytes, (value, around) => {
        const sealed = seal(value)
        const larger = Buffer.concat([around, sealed, around])
        const part = larger.subarray(around.length, around.length + sealed.length)
        expect(new Uint8Array(unseal(sealed))).toEqual(value)
        expect(new Uint8Array(unseal(part))).toEqual(value)
      }),
    )
  })

  it('with any one byte changed are unreadable', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 255 }), (value, change) => {
        const sealed = seal(value)
        for (const [position, byte] of sealed.entries()) {
          const damaged = sealed.with(position, byte ^ change)
          expect(() => unseal(damaged)).toThrow(UnreadableBytesError)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('that are truncated anywhere, or have more bytes at the end, are unreadable', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const sealed = seal(value)
        for (let length = 0; length < sealed.length; length += 1) {
          expect(() => unseal(sealed.subarray(0, length))).toThrow(UnreadableBytesError)
        }
        expect(() => unseal(Buffer.concat([sealed, Buffer.of(0)]))).toThrow(UnreadableBytesError)
      }),
      { numRuns: 50 },
    )
  })

  it('of a later format are unreadable, and the error names that format', () => {
    const later = seal(Buffer.from('value')).with(2, 2)
    expect(() => unseal(later)).toThrow(new UnreadableBytesError('expected format 1, got format 2'))
  })
})

describe('foreign bytes', () => {
  it('are unreadable', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, fc.json().map(Buffer.from)), (foreign) => {
        expect(() => unseal(foreign)).toThrow(UnreadableBytesError)
      }),
    )
  })
})
