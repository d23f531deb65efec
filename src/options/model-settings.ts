import type { Field, Model } from '../catalog/catalog.js'
import { checkName, wrong } from '../checks.js'
import { normaliserOf } from '../plan/normalise.js'

/**
 * The fields of a key that `trackBy` names.
 *
 * @throws ConfigurationError if the model has no such field, or its values cannot be told apart.
 */
export function trackedFields(
  path: string,
  key: unknown,
  model: Model,
  provider: string,
): string[] {
  const names = [...model.fields.keys()]
  const fields = Array.isArray(key) ? key : [key]
  if (fields.length === 0) throw wrong(path, 'a field or a list of fields', key)
  return fields.map((name) => {
    checkName(path, name, names, 'field')
    const field = model.fields.get(name) as Field
    if (field.updatedAt || normaliserOf(provider, field) === undefined) {
      const why = field.updatedAt
        ? 'every update changes it'
        : 'its values are not compared exactly'
      throw wrong(
        path,
        `a field that can be tracked (on ${provider}, ${name} cannot: ${why})`,
        name,
      )
    }
    return name
  })
}
