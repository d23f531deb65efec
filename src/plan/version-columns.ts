import type { Field, Model } from '../catalog/catalog.js'
import { checkName, wrong } from '../checks.js'

/** The version columns, by the names of their models. */
export type Versions = ReadonlyMap<string, string>

/**
 * The column that counts the updates of a model's rows.
 *
 * @throws ConfigurationError if it cannot: each row must have a whole number from its creation.
 */
export function versionColumn(path: string, given: unknown, model: Model): string | undefined {
  if (given === undefined) return undefined
  checkName(path, given, [...model.fields.keys()], 'field')
  const name = given as string
  const unfit = unfitnessOf(model.fields.get(name) as Field)
  if (unfit === undefined) return name
  const expected = `an Int or BigInt that is required and has a value as its default, such as @default(1)`
  throw wrong(path, `${expected} (${model.name}.${name} ${unfit})`, name)
}

function unfitnessOf({ type, list, required, default: { kind } }: Field): string | undefined {
  if (list) return 'is a list'
  if (type !== 'Int' && type !== 'BigInt') return `is of type ${type}`
  if (!required) return 'is optional'
  return kind === 'value' ? undefined : 'has none'
}

/** Of the models that have one. */
export function versionsOf(
  models: ReadonlyMap<string, { readonly version?: string | undefined }>,
): Versions {
  return new Map(
    [...models].flatMap(([name, { version }]) =>
      version === undefined ? [] : [[name, version] as const],
    ),
  )
}
