import fc from 'fast-check'
import type { ModelRows, RelationRows } from '../programs/rows.js'

/** A random schema, and the facts about it that random calls need. */
export interface RandomSchema {
  readonly text: string
  readonly rows: Readonly<Record<string, ModelRows>>
}

type IdKind = 'number' | 'text' | 'pair'

interface ModelPlan {
  readonly id: IdKind
  readonly hasUnique: boolean
  readonly hasPair: boolean
  /** Whether the database computes a column `slug` from the name. */
  readonly hasSlug: boolean
}

interface RelationPlan {
  readonly from: number
  readonly to: number
  readonly kind: 'many' | 'one' | 'joined'
  readonly optional: boolean
  readonly onDelete: string
  readonly onUpdate: string
  /** Whether it refers to a unique field instead of the id. */
  readonly byCode: boolean
  /** The ends of the relation that the client ignores, though the foreign key exists. */
  readonly ignored: 'none' | 'one' | 'both'
}

const MODELS = 3

const modelPlan = fc.record<ModelPlan>({
  id: fc.constantFrom('number', 'number', 'text', 'pair'),
  hasUnique: fc.boolean(),
  hasPair: fc.boolean(),
  hasSlug: fc.boolean(),
})

const relationPlan = fc.record<RelationPlan>({
  from: fc.nat({ max: MODELS - 1 }),
  to: fc.nat({ max: MODELS - 1 }),
  kind: fc.constantFrom('many', 'one', 'joined'),
  optional: fc.boolean(),
  onDelete: fc.constantFrom('', 'Cascade', 'SetNull', 'NoAction', 'Restrict'),
  onUpdate: fc.constantFrom('', 'Cascade', 'NoAction'),
  byCode: fc.boolean(),
  ignored: fc.constantFrom('none', 'none', 'none', 'one', 'both'),
})

/** @param prefix begins the name of each model, so that the models of several schemas have different names. */
export function randomSchemas(prefix: string): fc.Arbitrary<RandomSchema> {
  return fc
    .tuple(
      fc.array(modelPlan, { minLength: MODELS, maxLength: MODELS }),
      fc.array(relationPlan, { minLength: 3, maxLength: 5 }),
    )
    .map(([models, relations]) => build(prefix, models, relations))
}

interface Building {
  readonly name: string
  readonly plan: ModelPlan
  readonly lines: string[]
  readonly attributes: string[]
  readonly columns: Record<string, fc.Arbitrary<unknown>>
  readonly required: string[]
  readonly foreignKeys: string[]
  readonly computed: string[]
  readonly uniques: string[][]
  readonly relations: Record<string, RelationRows>
}

const few = fc.integer({ min: 1, max: 3 })
const words = fc.constantFrom('a', 'b', 'c')
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { freq: 3 })

function build(
  prefix: string,
  plans: readonly ModelPlan[],
  relations: readonly RelationPlan[],
): RandomSchema {
  const models = plans.map((plan, index) => start(`${prefix}M${index}`, plan))
  relations.forEach((relation, index) => {
    relate(models[relation.from] as Building, models[relation.to] as Building, relation, index)
  })
  const text = models.map(({ name, lines, attributes }) =>
    [`model ${name} {`, ...[...lines, ...attributes].map((line) => `  ${line}`), '}'].join('\n'),
  )
  return {
    text: text.join('\n\n'),
    rows: Object.fromEntries(
      models.map(({ name, columns, required, foreignKeys, computed, uniques, relations }) => [
        name,
        { columns, required, foreignKeys, computed, uniques, relations, numbers: ['rank'] },
      ]),
    ),
  }
}

function start(name: string, plan: ModelPlan): Building {
  const model: Building = {
    name,
    plan,
    lines: [],
    attributes: [],
    columns: { rank: fc.nat({ max: 2 }), name: maybe(words), code: maybe(words) },
    required: [],
    foreignKeys: [],
    computed: [],
    uniques: [],
    relations: {},
  }
  switch (plan.id) {
    case 'number':
      model.lines.push('id Int @id @default(autoincrement())')
      model.columns.id = few
      model.uniques.push(['id'])
      break
    case 'text':
      model.lines.push('id String @id @default(cuid())')
      model.columns.id = words
      model.uniques.push(['id'])
      break
    case 'pair':
      model.lines.push('a Int', 'b String')
      model.attributes.push('@@id([a, b])')
      Object.assign(model.columns, { a: few, b: words })
      model.required.push('a', 'b')
      model.uniques.push(['a', 'b'])
  }
  model.lines.push('rank Int @default(0)', 'name String?')
  model.lines.push(`code String? ${plan.hasUnique ? '@unique' : ''}`)
  if (plan.hasUnique) model.uniques.push(['code'])
  if (plan.hasSlug) {
    model.lines.push('slug String? @default(dbgenerated())')
    model.columns.slug = maybe(words)
    model.computed.push('slug')
  }
  if (plan.hasPair) {
    model.attributes.push('@@unique([rank, name])')
    model.uniques.push(['rank', 'name'])
  }
  return model
}

/** `to` has the foreign key, and refers to `from`. */
function relate(from: Building, to: Building, plan: RelationPlan, index: number): void {
  const [one, other, relation] = [`r${index}a`, `r${index}b`, `R${index}`]
  if (plan.kind === 'joined') {
    if (from.plan.id === 'pair' || to.plan.id === 'pair') return
    from.lines.push(`${one} ${to.name}[] @relation("${relation}")`)
    to.lines.push(`${other} ${from.name}[] @relation("${relation}")`)
    from.relations[one] = { model: to.name, list: true }
    to.relations[other] = { model: from.name, list: true }
    return
  }
  const references = plan.byCode && from.plan.hasUnique ? ['code'] : (from.uniques[0] ?? [])
  const fields = references.map((field) => `k${index}${field}`)
  // A model cannot require a reference to itself: its first row would have nothing to refer to.
  const optional = plan.optional || from === to
  const mark = optional ? '?' : ''
  references.forEach((field, at) => {
    const type = field === 'a' || (field === 'id' && from.plan.id === 'number') ? 'Int' : 'String'
    const isUnique = plan.kind === 'one' && references.length === 1
    const name = fields[at] as string
    to.lines.push(`${name} ${type}${mark} ${isUnique ? '@unique' : ''}`)
    const values: fc.Arbitrary<unknown> = type === 'Int' ? few : words
    to.columns[name] = optional ? maybe(values) : values
    if (!optional) to.required.push(name)
    to.foreignKeys.push(name)
    if (isUnique) to.uniques.push([name])
  })
  if (plan.kind === 'one' && references.length > 1) {
    to.attributes.push(`@@unique([${fields}])`)
    to.uniques.push(fields)
  }
  const onDelete = plan.onDelete === 'SetNull' && !optional ? '' : plan.onDelete
  const actions = [
    onDelete && `onDelete: ${onDelete}`,
    plan.onUpdate && `onUpdate: ${plan.onUpdate}`,
  ]
  const attributeOf = (isIgnored: boolean) => (isIgnored ? '@ignore' : '')
  const [onOne, onOther] = [plan.ignored === 'both', plan.ignored !== 'none']
  const args = [`"${relation}"`, `fields: [${fields}]`, `references: [${references}]`, ...actions]
  to.lines.push(
    `${other} ${from.name}${mark} @relation(${args.filter(Boolean).join(', ')}) ${attributeOf(onOther)}`,
  )
  const isList = plan.kind === 'many'
  const end = `${one} ${to.name}${isList ? '[]' : '?'} @relation("${relation}")`
  from.lines.push(`${end} ${attributeOf(onOne)}`)
  if (!onOne) from.relations[one] = { model: to.name, list: isList, held: true }
  if (!onOther) to.relations[other] = { model: from.name, list: false, refersTo: references }
}
