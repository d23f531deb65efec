import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import { type PlannedModel, Planner, type PlannerOptions } from '../../src/plan/planner.js'
import type { Args } from '../../src/plan/query.js'

const catalog = parseSchema(readFileSync('prisma/sqlite/schema.prisma', 'utf8'))
const defaultSettings: PlannedModel = {
  enabled: true,
  ttl: undefined,
  dependsOn: undefined,
  trackBy: [],
  inexact: [],
  computed: [],
}

function plannerWith({
  models = {},
  ...options
}: Partial<Omit<PlannerOptions, 'models'>> & {
  readonly models?: Readonly<Record<string, Partial<PlannedModel>>>
} = {}): Planner {
  return new Planner({
    catalog,
    keyspace: '',
    ttl: 60_000,
    fingerprint: 'f',
    computed: new Set(),
    omitted: () => ({}),
    omitsGlobally: false,
    ...options,
    models: new Map(
      Object.entries(models).map(([name, model]) => [name, { ...defaultSettings, ...model }]),
    ),
  })
}

function read(planner: Planner, model: string, args: Args = {}, scope?: string) {
  return planner.read({ model, operation: 'findMany', args, dataPath: [] }, scope).plan
}

/** The plan of a read that must be cacheable. */
function cached(planner: Planner, model: string, args: Args = {}) {
  const plan = read(planner, model, args)
  if (!plan.cacheable) throw new Error(`not cacheable: ${plan.reason}`)
  return { ...plan, names: plan.tags.map(({ name }) => name).sort() }
}

const withPosts = { include: { posts: true } }

describe('a view', () => {
  it('is not cached unless `dependsOn` names the models that it reads', () => {
    expect(read(plannerWith(), 'AuthorStats')).toEqual({ cacheable: false, reason: 'uncacheable' })
  })

  it('depends on itself and on the models in `dependsOn`', () => {
    const planner = plannerWith({ models: { AuthorStats: { dependsOn: ['Post'] } } })
    expect(cached(planner, 'AuthorStats').names).toEqual(['AuthorStats', 'Post', '_PostToTag'])
  })

  it('may be declared as a model, and then has no keys', () => {
    const planner = plannerWith({ models: { TagStats: { dependsOn: ['Tag'] } } })
    const where = { tagId: 1 }
    const { names } = cached(planner, 'TagStats', { operation: 'findUnique', args: { where } })
    expect(names).toEqual(['Tag', 'TagStats', '_PostToTag'])
  })

  it('touches the models that it reads when it is written, but not when raw SQL only names it', () => {
    const planner = plannerWith({ models: { TagStats: { dependsOn: ['Tag'] } } })
    const query = { model: 'TagStats', operation: 'deleteMany', args: {}, dataPath: [] }
    const written = planner.write(query).map(({ name }) => name)
    expect(written).toEqual(expect.arrayContaining(['TagStats', 'Tag', 'Tag{id}', '_PostToTag']))
    expect(planner.anyRowsOf(['TagStats']).map(({ name }) => name)).toEqual(['TagStats'])
  })

  const twoViews = parseSchema(`
    generator client {
      provider        = "prisma-client"
      previewFeatures = ["views"]
      output          = "out"
    }
    datasource db {
      provider = "postgresql"
    }
    model Row {
      id Int @id
    }
    view Inner {
      id Int @unique
    }
    view Outer {
      id Int @unique
    }`)

  it('depends on the models of every view that it reads', () => {
    const models = { Outer: { dependsOn: ['Inner'] }, Inner: { dependsOn: ['Row', 'Outer'] } }
    const planner = plannerWith({ catalog: twoViews, models })
    expect(cached(planner, 'Outer').names).toEqual(['Inner', 'Outer', 'Row'])
  })

  it('is not cached if a view that it reads has no `dependsOn`', () => {
    const planner = plannerWith({ catalog: twoViews, models: { Outer: { dependsOn: ['Inner'] } } })
    expect(read(planner, 'Outer')).toEqual({ cacheable: false, reason: 'uncacheable' })
  })
})

describe('a model that is excluded from the cache', () => {
  const planner = plannerWith({ models: { Post: { enabled: false } } })

  it.each<[string, Args]>([
    ['Post', {}],
    ['User', withPosts],
    ['User', { where: { posts: { some: {} } } }],
    ['User', { orderBy: { posts: { _count: 'asc' } } }],
  ])('excludes every read that sees it: %s %o', (model, args) => {
    expect(read(planner, model, args)).toEqual({ cacheable: false, reason: 'disabled' })
  })

  it('does not exclude other reads', () => {
    expect(read(planner, 'User').cacheable).toBe(true)
  })

  it('is still touched by writes', () => {
    const tags = planner.write({ model: 'Post', operation: 'create', args: {}, dataPath: [] })
    expect(tags.map(({ name }) => name)).toContain('Post')
  })
})

describe('the ttl of an answer', () => {
  it.each<[string, Record<string, number>, number]>([
    ['the default', {}, 60_000],
    ["the model's own, if that is longer than the default", { User: 90_000 }, 90_000],
    ["the model's own, if that is shorter than the default", { User: 10 }, 10],
    ['the shortest of the models that the read sees', { User: 90_000, Post: 20 }, 20],
    ['not made longer by an included model', { Post: 90_000 }, 60_000],
    ['not changed by models that the read does not see', { Comment: 5 }, 60_000],
  ])('is %s', (_, ttls, expected) => {
    const models = Object.fromEntries(Object.entries(ttls).map(([name, ttl]) => [name, { ttl }]))
    expect(cached(plannerWith({ models }), 'User', withPosts).ttl).toBe(expected)
  })
})

describe('computed fields', () => {
  const uncacheable = { cacheable: false, reason: 'uncacheable' }
  const select = { select: { fullName: true } }
  const omit = { omit: { name: true } }

  it('that the fingerprint covers can be cached', () => {
    const planner = plannerWith({ computed: new Set(['User.fullName']) })
    expect(read(planner, 'User', select).cacheable).toBe(true)
    expect(read(planner, 'Post', select)).toEqual(uncacheable)
  })

  it('that the fingerprint does not cover cannot be cached', () => {
    expect(read(plannerWith(), 'User', select)).toEqual(uncacheable)
  })

  it('that a later extension adds make reads with an omit or a computed field uncacheable, and no others', () => {
    const planner = plannerWith({ computed: new Set(['User.fullName']) })
    expect(read(planner, 'User', select).cacheable).toBe(true)
    planner.computedLater(['User.shout'])
    // The later extension may have defined a field with the same name.
    expect(read(planner, 'User', select)).toEqual(uncacheable)
    expect(read(planner, 'User', omit)).toEqual(uncacheable)
    expect(read(planner, 'User', { include: { posts: omit } })).toEqual(uncacheable)
    expect(read(planner, 'User').cacheable).toBe(true)
    expect(read(plannerWith(), 'User', omit).cacheable).toBe(true)
  })

  it('that a later extension adds make every read of a client with a global omit uncacheable', () => {
    const planner = plannerWith({ omitsGlobally: true })
    planner.computedLater(['User.shout'])
    expect(read(planner, 'User')).toEqual(uncacheable)
    expect(read(plannerWith({ omitsGlobally: true }), 'User').cacheable).toBe(true)
  })
})

describe('keyspaces', () => {
  const [shop, blog] = [plannerWith({ keyspace: 'shop' }), plannerWith({ keyspace: 'blog' })]

  it('have entries and tags of their own', () => {
    const [one, other] = [cached(shop, 'User', withPosts), cached(blog, 'User', withPosts)]
    expect(one.key).not.toBe(other.key)
    const ids = (plan: typeof one) => [...plan.tags, ...plan.wide].map(({ id }) => id)
    expect(ids(one)).toHaveLength(3)
    expect(new Set([...ids(one), ...ids(other)]).size).toBe(6)
  })

  it('have the same tags for reads and writes', () => {
    const written = shop.write({ model: 'User', operation: 'create', args: {}, dataPath: [] })
    expect(written).toEqual(expect.arrayContaining([...cached(shop, 'User').tags]))
  })
})

describe('tags', () => {
  it('are named after tables, so that schemas with other names for the models share them', () => {
    const renamed = parseSchema(`
      datasource db {
        provider = "sqlite"
      }
      model Article {
        id Int @id
        @@map("posts")
      }`)
    const [one] = cached(plannerWith(), 'Post').tags
    const [other] = cached(plannerWith({ catalog: renamed }), 'Article').tags
    expect(one?.id).toEqual(other?.id)
  })

  it('for everything are the tags of every model and of every key', () => {
    const names = plannerWith()
      .everything()
      .map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining([...catalog.models.keys()]))
    expect(names).toEqual(expect.arrayContaining(['User{id}', 'User{email}', 'Post{authorId}']))
  })
})

describe('raw SQL', () => {
  it.each<[string, string, readonly string[]]>([
    ['that only reads touches nothing', 'SELECT * FROM posts', []],
    ['that changes no row touches nothing', 'ANALYZE "Team"', []],
    ['that writes touches the models that it names', 'DELETE FROM "Badge" RETURNING 1', ['Badge']],
    [
      'that writes touches the models that referential actions reach',
      'DELETE FROM "Team"',
      ['Membership', 'Team'],
    ],
  ])('%s', (_, sql, names) => {
    const tags = plannerWith().raw(sql)
    expect(
      tags
        .map(({ name }) => name)
        .filter((name) => !name.includes('{'))
        .sort(),
    ).toEqual(names)
  })

  it('without a text touches everything', () => {
    expect(plannerWith().raw(undefined)).toEqual(plannerWith().everything())
  })

  it('that truncates with CASCADE touches every model that refers to its tables, whatever onDelete says', () => {
    const restricted = parseSchema(`
      datasource db {
        provider = "postgresql"
      }
      model Org {
        id    Int    @id
        teams Team[]
      }
      model Team {
        id      Int      @id
        orgId   Int
        org     Org      @relation(fields: [orgId], references: [id], onDelete: Restrict)
        members Member[]
      }
      model Member {
        id     Int  @id
        teamId Int
        team   Team @relation(fields: [teamId], references: [id], onDelete: Restrict)
      }`)
    const models = (sql: string) =>
      plannerWith({ catalog: restricted })
        .raw(sql)
        .map(({ name }) => name)
        .filter((name) => !name.includes('{'))
    expect(models('TRUNCATE "Org" CASCADE')).toEqual(['Org', 'Team', 'Member'])
    expect(models('DELETE FROM "Org"')).not.toContain('Member')
  })
})
