import { describe, expect, it } from 'vitest'
import { type GeneratorBlock, outputOf } from '../../src/generator/output.js'

/** A generator's block in the schema. */
function block(provider: string, output: string | null, config = {}): GeneratorBlock {
  return { name: 'cache', provider: { value: provider }, output: { value: output }, config }
}

const own = block('prisma-extension-cache-aside', '/app/prisma')

describe('the file of the catalog', () => {
  it.each([
    ['in TypeScript', block('prisma-client', '/app/src/generated/prisma'), 'ts'],
    [
      'with another extension',
      block('prisma-client', '/app/src/generated/prisma', { generatedFileExtension: 'mts' }),
      'mts',
    ],
    ['in JavaScript', block('prisma-client-js', '/app/src/generated/prisma/'), 'cjs'],
  ])('is beside a client %s', (_, client, extension) => {
    const others = [block('prisma-erd-generator', '/app/erd'), client]
    expect(outputOf(own, others)).toBe(`/app/src/generated/prisma-cache-catalog.${extension}`)
  })

  it('is what `output` says', () => {
    const given = { ...own, isCustomOutput: true, output: { value: '/app/catalog.mts' } }
    expect(outputOf(given, [block('prisma-client', '/app/client')])).toBe('/app/catalog.mts')
  })

  it.each(['/app/catalog', '/app/catalog.js', '/app/catalog.json'])(
    'must have an extension that says what it contains: %s',
    (value) => {
      const given = { ...own, isCustomOutput: true, output: { value } }
      expect(() => outputOf(given, [])).toThrow(
        `generator cache: expected an output that ends in .ts, .mts, .cts, .mjs or .cjs, got "${value}"`,
      )
    },
  )

  it('must be given if the client is in node_modules', () => {
    const client = block('prisma-client-js', '/app/node_modules/.prisma/client')
    expect(() => outputOf(own, [client])).toThrow('generator cache: expected output = ')
  })
})
