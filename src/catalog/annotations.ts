import JSON5 from 'json5'
import { ConfigurationError } from '../errors.js'
import type { Model } from './catalog.js'

/**
 * The options that a model's comment carries: `/// @cache(ttl: "5m")` gives `{ ttl: '5m' }`, and
 * `/// @cache(false)` gives `false`. What they may be is for the options to say.
 *
 * @throws ConfigurationError if what stands in the brackets is neither.
 */
export function annotationOf(model: Model): unknown {
  const body = model.documentation?.match(/^\s*@cache\s*\((.*)\)\s*$/m)?.[1]?.trim()
  if (body === undefined) return undefined
  if (body === 'false') return false
  try {
    return JSON5.parse(`{${body}}`)
  } catch {
    throw new ConfigurationError(
      `model ${model.name}: expected a comment such as '@cache(ttl: "5m")' or '@cache(false)', got '@cache(${body})'`,
    )
  }
}
