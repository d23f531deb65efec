import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import type { Args } from '../../src/plan/query.js'
import { survey } from '../../src/plan/survey.js'
import { trackedOf } from './tracked-keys.js'

const tracked = trackedOf(parseSchema(readFileSync('prisma/sqlite/schema.prisma', 'utf8')))

function surveyed(model: string, args: unknown, operation = 'findMany') {
  return survey({ tracked }, { model, operation, args, dataPath: [] })
}

function seen(model: string, args: unknown, operation?: string): readonly string[] {
  return [...surveyed(model, args, operation).models].sort()
}

type Case = readonly [title: string, model: string, args: Args, models: readonly string[]]

describe('a read sees', () => {
  it.each<Case>([
    ['its own model', 'User', {}, ['User']],
    [
      'no other model where it selects scalars',
      'User',
      { select: { id: true, role: true } },
      ['User'],
    ],
    ['no model whose `include` is false', 'User', { include: { posts: false } }, ['User']],
    ['no model whose `include` is undefined', 'User', { include: { posts: undefined } }, ['User']],

    ['a model that it includes', 'User', { include: { posts: true } }, ['Post', 'User']],
    ['a model that it selects', 'Post', { select: { author: true } }, ['Post', 'User']],
    [
      'its own model where that is also at the other end',
      'User',
      { include: { manager: true } },
      ['User'],
    ],
    [
      'models that it includes at any depth',
      'User',
      { include: { posts: { select: { comments: { include: { author: true } } } } } },
      ['Comment', 'Post', 'User'],
    ],
    [
      'the join table of a relation',
      'Post',
      { include: { tags: true } },
      ['Post', 'Tag', '_PostToTag'],
    ],
    [
      'the join table of a model with itself',
      'User',
      { include: { followers: true } },
      ['User', '_Follows'],
    ],
    [
      'a model by which it filters a nested list',
      'User',
      { include: { posts: { where: { tags: { some: {} } } } } },
      ['Post', 'Tag', 'User', '_PostToTag'],
    ],
    [
      'a model by which it orders a nested list',
      'Org',
      { include: { memberships: { orderBy: { team: { name: 'asc' } } } } },
      ['Membership', 'Org', 'Team'],
    ],

    [
      'the models of all lists where it counts them all',
      'User',
      { include: { _count: true } },
      ['Badge', 'Comment', 'Membership', 'Post', 'User', '_Follows'],
    ],
    [
      'the model of a list that it counts',
      'Post',
      { select: { _count: { select: { tags: true } } } },
      ['Post', 'Tag', '_PostToTag'],
    ],
    [
      'a model by which it filters counted rows',
      'Post',
      { select: { _count: { select: { comments: { where: { author: { is: { id: 1 } } } } } } } },
      ['Comment', 'Post', 'User'],
    ],
    [
      'a model that it counts in a nested row',
      'Comment',
      { include: { post: { include: { _count: { select: { tags: true } } } } } },
      ['Comment', 'Post', 'Tag', '_PostToTag'],
    ],

    [
      'a list that it filters by `some`',
      'User',
      { where: { posts: { some: {} } } },
      ['Post', 'User'],
    ],
    [
      'a list that it filters by `every`',
      'User',
      { where: { posts: { every: {} } } },
      ['Post', 'User'],
    ],
    [
      'a list that it filters by `none`',
      'User',
      { where: { posts: { none: {} } } },
      ['Post', 'User'],
    ],
    ['a row that it filters by `is`', 'Post', { where: { author: { is: {} } } }, ['Post', 'User']],
    [
      'a row that it filters by `isNot`',
      'Post',
      { where: { editor: { isNot: {} } } },
      ['Post', 'User'],
    ],
    ['a row that must be missing', 'Post', { where: { editor: null } }, ['Post', 'User']],
    [
      'a row that must be missing, written with `is`',
      'Post',
      { where: { editor: { is: null } } },
      ['Post', 'User'],
    ],
    [
      'a row that it filters without `is`',
      'Post',
      { where: { author: { name: 'a' } } },
      ['Post', 'User'],
    ],
    [
      'rows that it filters at any depth without `is`',
      'Comment',
      { where: { post: { author: { profile: { bio: 'x' } } } } },
      ['Comment', 'Post', 'Profile', 'User'],
    ],
    [
      'relations under AND, OR and NOT, as objects and as lists',
      'User',
      {
        where: {
          AND: [{ OR: [{ NOT: { posts: { some: { NOT: [{ tags: { none: {} } }] } } } }] }],
          NOT: [{ badges: { some: {} } }],
        },
      },
      ['Badge', 'Post', 'Tag', 'User', '_PostToTag'],
    ],
    [
      'relations under AND inside a relation',
      'Post',
      { where: { author: { is: { AND: [{ profile: { isNot: null } }] } } } },
      ['Post', 'Profile', 'User'],
    ],
    [
      'relations beside a compound unique',
      'Membership',
      { where: { userId_orgId: { userId: 1, orgId: 1 }, org: { name: 'o' } } },
      ['Membership', 'Org'],
    ],
    ['relations in a cursor', 'User', { cursor: { id: 1, posts: { some: {} } } }, ['Post', 'User']],

    ['a row that it orders by', 'Post', { orderBy: { author: { name: 'asc' } } }, ['Post', 'User']],
    [
      'rows whose number it orders by',
      'Post',
      { orderBy: [{ id: 'asc' }, { tags: { _count: 'desc' } }] },
      ['Post', 'Tag', '_PostToTag'],
    ],
    [
      'a row that it orders by at any depth',
      'Comment',
      { orderBy: { post: { author: { managerId: 'asc' } } } },
      ['Comment', 'Post', 'User'],
    ],
  ])('%s', (_, model, args, models) => {
    expect(seen(model, args)).toEqual([...models].sort())
  })

  it.each(['count', 'aggregate', 'groupBy'])('the models in the filter of %s', (operation) => {
    const args = {
      where: { posts: { some: {} } },
      by: ['role'],
      _count: true,
      _sum: { score: true },
    }
    expect(seen('User', args, operation)).toEqual(['Post', 'User'])
  })

  it.each([
    undefined,
    null,
    1,
    'x',
    [],
    { where: 1, include: 'x', select: [], orderBy: [null, 5] },
  ])('at least its own model where its arguments are %o', (args) => {
    expect(seen('User', args)).toEqual(['User'])
  })
})

describe('a selection', () => {
  it('reports names that are not in the schema, at any depth', () => {
    const { computed } = surveyed('User', {
      select: { id: true, fullName: true, posts: { select: { slug: true, old: false } } },
    })
    expect([...computed]).toEqual(['User.fullName', 'Post.slug'])
  })

  it('of fields to count reports no names', () => {
    const { computed } = surveyed('User', { select: { _all: true, name: true } }, 'count')
    expect([...computed]).toEqual([])
  })

  it.each<[Args, boolean]>([
    [{}, false],
    [{ omit: { name: true } }, true],
    [{ include: { posts: { omit: { title: true } } } }, true],
    [{ select: { posts: { select: { author: { omit: { name: true } } } } } }, true],
    [{ where: { name: 'omit' } }, false],
  ])('in %o omits fields: %s', (args, omits) => {
    expect(surveyed('User', args).omits).toBe(omits)
  })
})
