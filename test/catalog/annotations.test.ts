import { describe, expect, it } from 'vitest'
import { annotationOf } from '../../src/catalog/annotations.js'
import { modelOf } from '../../src/catalog/catalog.js'
import { parseSchema } from '../../src/catalog/schema.js'
import { ConfigurationError } from '../../src/errors.js'

/** Returns the options in the comment of a model. */
function annotated(...comment: readonly string[]): unknown {
  const lines = comment.map((line) => `/// ${line}\n`).join('')
  const schema = `datasource db {\n provider = "sqlite"\n}\n${lines}model Sale {\n id Int @id\n}`
  return annotationOf(modelOf(parseSchema(schema), 'Sale'))
}

describe('the comment of a model', () => {
  it.each<[string, unknown]>([
    ['@cache(ttl: "5m")', { ttl: '5m' }],
    ["@cache(ttl: '5m')", { ttl: '5m' }],
    ['@cache(ttl: 30)', { ttl: 30 }],
    ['@cache(dependsOn: ["User", "Post"], ttl: "1h")', { dependsOn: ['User', 'Post'], ttl: '1h' }],
    ['@cache ( "ttl" : 5, )', { ttl: 5 }],
    ['@cache()', {}],
    ['@cache(false)', false],
    ['@cache( false )', false],
    ['@cache(ttl: "(5m)")', { ttl: '(5m)' }],
  ])('%s gives %o', (comment, options) => {
    expect(annotated(comment)).toEqual(options)
  })

  it('may have other lines before and after', () => {
    expect(annotated('The sales.', '@cache(ttl: 5)', '@omit')).toEqual({ ttl: 5 })
  })

  it.each([
    ['There is none'],
    ['cached by @cache: see the manual'],
    ['@cached(ttl: 5)'],
    ['never write @cache(ttl: 5) in a sentence'],
  ])('has no options if it is not an annotation: %s', (comment) => {
    expect(annotated(comment)).toBeUndefined()
  })

  it.each(['ttl: 5m', 'true', 'ttl = 5', '{ ttl: 5 }', 'ttl: process.exit()'])(
    'is refused if its options are not valid: @cache(%s)',
    (body) => {
      expect(() => annotated(`@cache(${body})`)).toThrow(
        new ConfigurationError(
          `model Sale: expected a comment such as '@cache(ttl: "5m")' or '@cache(false)', got '@cache(${body})'`,
        ),
      )
    },
  )

  it('has no options if there is none', () => {
    expect(annotated()).toBeUndefined()
  })
})
