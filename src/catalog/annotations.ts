import JSON5 from 'json5'
import { ConfigurationError } from '../errors.js'
import type { Model } from './catalog.js'

/**
 * Returns the options in the schema comment of a model: `/// @cache(ttl: "5m")` gives `{ ttl: '5m'
 * }`, and `/// @cache(false)` gives `false`. Names and values of options are not checked here;
 * options/settings.ts does that.
 *
 * @throws ConfigurationError if the text in the brackets is neither `false` nor a list of options.
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
