import { annotationOf } from '../catalog/annotations.js'
import {
  type Catalog,
  type Field,
  type Model,
  modelOf,
  modelsOfClient,
} from '../catalog/catalog.js'
import { checkBoolean, checkKeys, checkList, checkName, wrong } from '../checks.js'
import { normaliserOf } from '../plan/normalise.js'
import { type CacheAsideOptions, type ModelOptions, modelOptionNames } from './options.js'
import { EMPTY_POLICY, mergePolicies, type PartialPolicy, partialPolicyOf } from './policy.js'

export interface ModelSettings extends PartialPolicy {
  readonly enabled: boolean
  readonly dependsOn: readonly string[] | undefined
  readonly trackBy: readonly (readonly string[])[]
  readonly inexact: readonly string[]
  /** The fields that the database changes by itself. */
  readonly computed: readonly string[]
  readonly writeThrough: boolean
  /** The column that counts the updates of a row. */
  readonly version: string | undefined
}

const EMPTY_SETTINGS: ModelSettings = {
  ...EMPTY_POLICY,
  enabled: true,
  dependsOn: undefined,
  trackBy: [],
  inexact: [],
  computed: [],
  writeThrough: false,
  version: undefined,
}

/**
 * The settings of the models that have their own. Options in code override schema comments.
 *
 * @throws ConfigurationError naming the option, what was expected and what was given.
 */
export function modelSettingsOf(
  given: CacheAsideOptions['models'],
  catalog: Catalog,
): ReadonlyMap<string, ModelSettings> {
  const settings = new Map(settingsInComments(catalog))
  if (given !== undefined) checkKeys('models', given, namesIn(catalog), 'model')
  for (const [name, options] of Object.entries(given ?? {})) {
    if (options === undefined) continue
    const path = `models.${name}`
    const model = modelOf(catalog, name)
    const base = settings.get(name)
    settings.set(name, settingsOfModel({ path, given: options, catalog, model, base }))
  }
  return settings
}

/** The settings in the schema's comments. One client may be extended for each request, so they are remembered. */
function settingsInComments(catalog: Catalog): ReadonlyMap<string, ModelSettings> {
  const known = commented.get(catalog)
  if (known !== undefined) return known
  const settings = new Map<string, ModelSettings>()
  for (const model of modelsOfClient(catalog)) {
    const annotation = annotationOf(model)
    if (annotation === undefined) continue
    const path = `the @cache comment of model ${model.name}`
    settings.set(model.name, settingsOfModel({ path, given: annotation, catalog, model }))
  }
  commented.set(catalog, settings)
  return settings
}

const commented = new WeakMap<Catalog, ReadonlyMap<string, ModelSettings>>()

interface GivenForModel {
  /** The path of the options in errors. */
  readonly path: string
  readonly given: unknown
  readonly catalog: Catalog
  readonly model: Model
  /** Settings that hold where the options say nothing. */
  readonly base?: ModelSettings | undefined
}

function settingsOfModel(about: GivenForModel): ModelSettings {
  const { path, given, catalog, model, base = EMPTY_SETTINGS } = about
  if (given === false) return { ...base, enabled: false }
  checkKeys(path, given, modelOptionNames)
  const options = given as ModelOptions
  const { dependsOn, trackBy, inexact, computed, writeThrough, version } = options
  checkBoolean(`${path}.writeThrough`, writeThrough)
  for (const name of checkList(`${path}.dependsOn`, dependsOn)) {
    checkName(`${path}.dependsOn`, name, namesIn(catalog), 'model')
  }
  const tracked = checkList(`${path}.trackBy`, trackBy).map((key) =>
    trackedFields(`${path}.trackBy`, key, model, catalog.provider),
  )
  checkInexact(`${path}.inexact`, inexact, model, tracked)
  for (const name of checkList(`${path}.computed`, computed)) {
    checkField(`${path}.computed`, name, model)
  }
  return {
    ...mergePolicies(partialPolicyOf(`${path}.`, options), base),
    enabled: true,
    dependsOn: dependsOn ?? base.dependsOn,
    trackBy: [...base.trackBy, ...tracked],
    inexact: [...base.inexact, ...(inexact ?? [])],
    computed: [...base.computed, ...(computed ?? [])],
    writeThrough: writeThrough ?? base.writeThrough,
    version: versionColumn(`${path}.version`, version, model) ?? base.version,
  }
}

/** The fields of one key in `trackBy`. */
function trackedFields(path: string, key: unknown, model: Model, provider: string): string[] {
  const fields = Array.isArray(key) ? key : [key]
  if (fields.length === 0) throw wrong(path, 'a field or a list of fields', key)
  return fields.map((name) => {
    checkField(path, name, model)
    const field = model.fields.get(name) as Field
    const why = field.updatedAt
      ? 'every update changes it'
      : 'the database does not compare its values exactly'
    if (field.updatedAt || normaliserOf(provider, field) === undefined) {
      throw wrong(
        path,
        `a field that can be tracked (on ${provider}, ${name} cannot: ${why})`,
        name,
      )
    }
    return name
  })
}

function checkInexact(
  path: string,
  given: unknown,
  model: Model,
  tracked: readonly (readonly string[])[],
): void {
  for (const name of checkList(path, given)) {
    checkField(path, name, model)
    if (tracked.flat().includes(name as string)) {
      throw wrong(path, 'fields that are not in trackBy', name)
    }
  }
}

/** The column that counts the updates of a model's rows: each row must have a whole number from its creation. */
function versionColumn(path: string, given: unknown, model: Model): string | undefined {
  if (given === undefined) return undefined
  checkField(path, given, model)
  const name = given as string
  const unfit = whyUnfit(model.fields.get(name) as Field)
  if (unfit === undefined) return name
  const expected =
    'an Int or BigInt that is required and has a value as its default, such as @default(1)'
  throw wrong(path, `${expected} (${model.name}.${name} ${unfit})`, name)
}

function whyUnfit({ type, list, required, default: { kind } }: Field): string | undefined {
  if (list) return 'is a list'
  if (type !== 'Int' && type !== 'BigInt') return `is of type ${type}`
  if (!required) return 'is optional'
  return kind === 'value' ? undefined : 'has none'
}

function checkField(path: string, given: unknown, model: Model): void {
  const relation = model.relations.get(given as string)
  if (relation !== undefined) {
    const keys = relation.holder === 'here' ? ` such as '${relation.here}'` : ''
    throw wrong(path, `a field with a value of its own${keys} (${given} is a relation)`, given)
  }
  checkName(path, given, [...model.fields.keys()], 'field')
}

function namesIn(catalog: Catalog): readonly string[] {
  return modelsOfClient(catalog).map(({ name }) => name)
}
