import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { Catalog, Model } from '../../src/catalog/catalog.js'
import type { Tag } from '../../src/plan/tag.js'
import type { RowChange } from '../../src/plan/touches.js'
import { bounds } from '../support/bounds.js'
import { createDatabase } from '../support/databases.js'
import { Fakes } from '../support/fakes.js'
import { type Program, programsAbout, programsAboutKeys } from './program.js'
import { type Clients, connectClients, createWorld, Difference } from './run-program.js'

type Module = Record<string, unknown>
type Args = Record<string, unknown>
type Mutant = readonly [path: string, spoil: (actual: never) => Module]

/** Every model of the catalog spoilt. */
function spoilCatalog(spoil: (model: Model) => Model): Mutant {
  return [
    '../../src/catalog/schema.js',
    ({ parseSchema }: typeof import('../../src/catalog/schema.js')) => ({
      parseSchema: (text: string): Catalog => {
        const catalog = parseSchema(text)
        const models = Array.from(catalog.models, ([name, model]) => [name, spoil(model)] as const)
        return { ...catalog, models: new Map(models) }
      },
    }),
  ]
}

function spoilTouches(spoil: (model: string, change: RowChange) => RowChange | undefined): Mutant {
  return [
    '../../src/plan/touches.js',
    ({ Touches }: typeof import('../../src/plan/touches.js')) => ({
      Touches: class extends Touches {
        override rows(model: string, change: RowChange) {
          const spoilt = spoil(model, change)
          if (spoilt === undefined) this.someRows(model)
          else super.rows(model, spoilt)
        }
      },
    }),
  ]
}

type DependenciesModule = typeof import('../../src/plan/dependencies.js')

function spoilDependencies(
  spoil: (Dependencies: DependenciesModule['Dependencies']) => DependenciesModule['Dependencies'],
): Mutant {
  return [
    '../../src/plan/dependencies.js',
    (actual: DependenciesModule) => ({ ...actual, Dependencies: spoil(actual.Dependencies) }),
  ]
}

/** Dependencies without the tags of that kind. */
function without(isGone: (tag: Tag) => boolean): Mutant {
  const left = (tags: readonly Tag[]) => tags.filter((tag) => !isGone(tag))
  return spoilDependencies(
    (Dependencies) =>
      class extends Dependencies {
        override firm = () => left(super.firm())
        override wide = () => left(super.wide())
      },
  )
}

/** The arguments of every read spoilt before it is planned. */
function spoilReads(spoil: (args: Args) => Args): Mutant {
  return [
    '../../src/plan/survey.js',
    ({ survey }: typeof import('../../src/plan/survey.js')) => ({
      survey: ((options, query) =>
        survey(options, { ...query, args: spoil(query.args as Args) })) as typeof survey,
    }),
  ]
}

type FilterModule = typeof import('../../src/plan/filter.js')

function spoilFilter(
  spoil: (alternatives: FilterModule['alternatives']) => FilterModule['alternatives'],
): Mutant {
  return [
    '../../src/plan/filter.js',
    ({ alternatives }: FilterModule) => ({ alternatives: spoil(alternatives) }),
  ]
}

type ValuesModule = typeof import('../../src/plan/normalise.js')

function spoilValues(
  spoil: (normaliserOf: ValuesModule['normaliserOf']) => ValuesModule['normaliserOf'],
): Mutant {
  return [
    '../../src/plan/normalise.js',
    ({ normaliserOf }: ValuesModule) => ({ normaliserOf: spoil(normaliserOf) }),
  ]
}

function spoilWrite(
  endWith: <T>(
    write: InstanceType<typeof import('../../src/write/write.js').Write>,
    outcome: Promise<T>,
  ) => Promise<T>,
): Mutant {
  return [
    '../../src/write/write.js',
    ({ Write }: typeof import('../../src/write/write.js')) => ({
      Write: class extends Write {
        override endWith<T>(outcome: Promise<T>): Promise<T> {
          return endWith(this, outcome)
        }
      },
    }),
  ]
}

const isFamily = ({ name }: Tag) => /\{[^:+]*\}$/.test(name)

/** The models that programs are about, so that a defect shows soon; by default `User` and `Post`. */
const topics: Readonly<Record<string, readonly string[]>> = {
  'drops updates that cascade': ['User', 'Badge'],
  'drops nested writes': ['User', 'Profile', 'Tag'],
  'overlooks nested updates of keys': ['Badge'],
  'drops rows of join tables': ['Post', 'Tag'],
  'drops insert tags': ['User', 'Profile', 'Tag'],
  'takes every unique value for taken': ['User', 'Profile', 'Tag'],
  'overlooks cursors': ['Post'],
  'pins by the first branch of OR': ['Tag'],
  'overlooks generated columns': ['Peculiar'],
  'takes loose text for exact': ['Peculiar'],
  'takes values as they are written': ['Peculiar'],
}

/** The mutants that only programs about keys show soon. */
const isAboutKeys: ReadonlySet<string> = new Set([
  'overlooks nested updates of keys',
  'overlooks generated columns',
])

/**
 * The seeds of programs that show a defect within a few steps. Where that is no longer
 * so, because other programs come from them, the next seeds are tried: it takes longer, and the
 * line that the test prints names the seed to write here.
 */
const seeds: Readonly<Record<string, number>> = {
  'drops cascades': 17,
  'drops updates that cascade': 33,
  'drops nested writes': 12,
  'drops the value before': 76,
  'drops the value after': 95,
  'takes no field for changed': 26,
  'overlooks nested updates of keys': 6,
  'overlooks generated columns': 7,
  'drops rows of join tables': 30,
  'drops inserts': 20,
  'drops family tags': 10,
  'drops insert tags': 45,
  'drops the tags of whole models': 9,
  'takes every unique value for taken': 45,
  'forgets rows that came back': 11,
  'narrows by rows that do not show their keys': 13,
  'overlooks relations in filters and orders': 12,
  'overlooks cursors': 9,
  'pins by the first branch of OR': 24,
  'pins by what NOT says': 10,
  'takes loose text for exact': 4,
  'takes values as they are written': 4,
  'touches before the commit': 8,
  'takes a committed write for unwritten': 9,
}

/** Defects of the plan and of the protocol, each put in place of the module that it spoils. */
const mutants: Record<string, Mutant> = {
  'drops cascades': spoilCatalog((model) => ({
    ...model,
    referencedBy: model.referencedBy.map((key) => ({ ...key, onDelete: 'NoAction' })),
  })),
  'drops updates that cascade': spoilCatalog((model) => ({
    ...model,
    referencedBy: model.referencedBy.map((key) => ({ ...key, onUpdate: 'NoAction' })),
  })),
  'drops nested writes': [
    '../../src/plan/touches-of-write.js',
    ({ touchesOf }: typeof import('../../src/plan/touches-of-write.js')) => ({
      touchesOf: ((tracked, query, result) => {
        const { relations } = tracked.model(query.model)
        const own = (data: unknown) =>
          Object.fromEntries(Object.entries(data ?? {}).filter(([name]) => !relations.has(name)))
        const { data, create, update, ...args } = query.args as Args
        const spoilt = {
          ...args,
          data: Array.isArray(data) ? data : own(data),
          create: own(create),
          update: own(update),
        }
        return touchesOf(tracked, { ...query, args: spoilt }, result)
      }) as typeof touchesOf,
    }),
  ],
  'drops the value before': spoilTouches((_, change) =>
    change.kind === 'update'
      ? { ...change, before: new Map([...change.before, ...change.after]) }
      : change,
  ),
  'drops the value after': spoilTouches((_, change) =>
    change.kind === 'update'
      ? { ...change, after: new Map([...change.after, ...change.before]) }
      : change,
  ),
  'takes no field for changed': spoilTouches((_, change) =>
    change.kind === 'update' ? { ...change, changed: new Set() } : change,
  ),
  'overlooks nested updates of keys': [
    '../../src/plan/updates.js',
    ({ Updates }: typeof import('../../src/plan/updates.js')) => ({
      Updates: class extends Updates {
        override changing = () => new Set<string>()
      },
    }),
  ],
  'overlooks generated columns': spoilCatalog((model) => ({
    ...model,
    fields: new Map(
      Array.from(model.fields, ([name, field]) => [name, { ...field, computed: false }]),
    ),
  })),
  'drops rows of join tables': spoilTouches((model, change) =>
    model.startsWith('_') ? undefined : change,
  ),
  'drops inserts': spoilTouches((_, change) => (change.kind === 'insert' ? undefined : change)),
  'drops family tags': without(isFamily),
  'drops insert tags': without(({ name }) => name.endsWith('{+}')),
  'drops the tags of whole models': without(({ name }) => !name.includes('{')),
  'takes every unique value for taken': spoilDependencies(
    (Dependencies) =>
      class extends Dependencies {
        override pinned(...[pins, at]: Parameters<InstanceType<typeof Dependencies>['pinned']>) {
          super.pinned(pins, at, () => true)
        }
      },
  ),
  'forgets rows that came back': spoilDependencies(
    (Dependencies) =>
      class extends Dependencies {
        override narrow = (answer: unknown) => ({ ...super.narrow(answer), rows: [] })
      },
  ),
  'narrows by rows that do not show their keys': [
    '../../src/plan/answer-rows.js',
    (actual: typeof import('../../src/plan/answer-rows.js')) => ({
      ...actual,
      valuesAt: (...args: Parameters<typeof actual.valuesAt>) => actual.valuesAt(...args) ?? [],
    }),
  ],
  'overlooks relations in filters and orders': spoilReads(({ where, orderBy: _, ...args }) => ({
    ...args,
    ...(typeof where === 'object' && { where: withoutRelations(where) }),
  })),
  'overlooks cursors': spoilReads(({ cursor: _, ...args }) => args),
  'pins by the first branch of OR': spoilFilter(
    (alternatives) =>
      (...args) =>
        alternatives(...args).slice(0, 1),
  ),
  'pins by what NOT says': spoilFilter((alternatives) => (tracked, model, where) => {
    const { NOT, ...others } = (where ?? {}) as Args
    return alternatives(tracked, model, NOT === undefined ? others : { AND: [others, NOT] })
  }),
  'takes loose text for exact': spoilValues(
    (normaliserOf) =>
      (provider, { native: _, ...field }) =>
        normaliserOf(provider, { ...field, native: undefined }),
  ),
  'takes values as they are written': spoilValues((normaliserOf) => (provider, field) => {
    const exact = normaliserOf(provider, field)
    return (
      exact && ((given) => (exact(given) === undefined ? undefined : JSON.stringify(String(given))))
    )
  }),
  'touches before the commit': spoilWrite(async (write, outcome) => {
    await write.end('written')
    return outcome
  }),
  'takes a committed write for unwritten': spoilWrite(async (write, outcome) => {
    await outcome.finally(() => write.end('unwritten'))
    return outcome
  }),
}

function withoutRelations(where: object | null): Args {
  const relations = ['author', 'posts', 'tags', 'comments', 'user', 'profile', 'followers']
  return Object.fromEntries(
    Object.entries(where ?? {}).filter(([name]) => !relations.includes(name)),
  )
}

let clients: Clients

beforeAll(async () => {
  clients = connectClients(await createDatabase('postgresql'))
})

afterAll(() => clients.database.drop())

afterEach(() => {
  for (const [path] of Object.values(mutants)) vi.doUnmock(path)
  vi.resetModules()
})

it.for(Object.keys(mutants))(
  'a cache that %s is found out',
  { timeout: 1_200_000 },
  async (name, { signal }) => {
    const [path, spoil] = mutants[name] ?? ['', () => ({})]
    vi.resetModules()
    const fakes = new Fakes()
    vi.doMock(path, async (importOriginal) =>
      fakes.use(path, spoil((await importOriginal()) as never)),
    )
    const { cacheAside } = await import('../../src/index.js')
    fakes.assertUsed(path)
    const { run } = createWorld(clients, cacheAside as never)
    const about = isAboutKeys.has(name) ? programsAboutKeys : programsAbout
    const programs = about(topics[name] ?? ['User', 'Post'])
    const first = bounds.mutantSeed ?? seeds[name] ?? 1
    for (let seed = first; seed < first + bounds.mutantPrograms; seed += 1) {
      const [program] = fc.sample(programs, { seed, numRuns: 1 }) as [Program]
      const error = await run(program, signal).catch((error: unknown) => error)
      if (error === undefined) continue
      console.log(`a cache that ${name}: found by seed ${seed}, the first was ${first}`)
      expect(error).toBeInstanceOf(Difference)
      return
    }
    expect.fail(`${bounds.mutantPrograms} programs found no difference`)
  },
)
