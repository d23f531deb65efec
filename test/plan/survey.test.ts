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

type Case = readonly [what: string, model: string, args: Args, models: readonly string[]]

describe('a read sees', () => {
  it.each<Case>([
    ['its own model', 'User', {}, ['User']],
    ['nothing more for scalars', 'User', { select: { id: true, role: true } }, ['User']],
    ['nothing of what is not included', 'User', { include: { posts: false } }, ['User']],
    ['nothing of undefined', 'User', { include: { posts: undefined } }, ['User']],

    ['what it includes', 'User', { include: { posts: true } }, ['Post', 'User']],
    ['what it selects', 'Post', { select: { author: true } }, ['Post', 'User']],
    ['its own model at the other end', 'User', { include: { manager: true } }, ['User']],
    [
      'what is nested',
      'User',
      { include: { posts: { select: { comments: { include: { author: true } } } } } },
      ['Comment', 'Post', 'User'],
    ],
    ['the join table', 'Post', { include: { tags: true } }, ['Post', 'Tag', '_PostToTag']],
    ['the join table with itself', 'User', { include: { followers: true } }, ['User', '_Follows']],
    [
      'what a nested list is filtered by',
      'User',
      { include: { posts: { where: { tags: { some: {} } } } } },
      ['Post', 'Tag', 'User', '_PostToTag'],
    ],
    [
      'what a nested list is ordered by',
      'Org',
      { include: { memberships: { orderBy: { team: { name: 'asc' } } } } },
      ['Membership', 'Org', 'Team'],
    ],

    [
      'every list that it counts',
      'User',
      { include: { _count: true } },
      ['Badge', 'Comment', 'Membership', 'Post', 'User', '_Follows'],
    ],
    [
      'the list that it counts',
      'Post',
      { select: { _count: { select: { tags: true } } } },
      ['Post', 'Tag', '_PostToTag'],
    ],
    [
      'what counted rows are filtered by',
      'Post',
      { select: { _count: { select: { comments: { where: { author: { is: { id: 1 } } } } } } } },
      ['Comment', 'Post', 'User'],
    ],
    [
      'what is counted in a nested row',
      'Comment',
      { include: { post: { include: { _count: { select: { tags: true } } } } } },
      ['Comment', 'Post', 'Tag', '_PostToTag'],
    ],

    ['a list filtered by some', 'User', { where: { posts: { some: {} } } }, ['Post', 'User']],
    ['a list filtered by every', 'User', { where: { posts: { every: {} } } }, ['Post', 'User']],
    ['a list filtered by none', 'User', { where: { posts: { none: {} } } }, ['Post', 'User']],
    ['a row filtered by is', 'Post', { where: { author: { is: {} } } }, ['Post', 'User']],
    ['a row filtered by isNot', 'Post', { where: { editor: { isNot: {} } } }, ['Post', 'User']],
    ['a row that must be missing', 'Post', { where: { editor: null } }, ['Post', 'User']],
    ['a row that `is` missing', 'Post', { where: { editor: { is: null } } }, ['Post', 'User']],
    ['a row filtered without is', 'Post', { where: { author: { name: 'a' } } }, ['Post', 'User']],
    [
      'what is filtered through a row without is',
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
      'rows that it orders by the number of',
      'Post',
      { orderBy: [{ id: 'asc' }, { tags: { _count: 'desc' } }] },
      ['Post', 'Tag', '_PostToTag'],
    ],
    [
      'a row that it orders by through another',
      'Comment',
      { orderBy: { post: { author: { managerId: 'asc' } } } },
      ['Comment', 'Post', 'User'],
    ],
  ])('%s', (_, model, args, models) => {
    expect(seen(model, args)).toEqual([...models].sort())
  })

  it.each(['count', 'aggregate', 'groupBy'])('what the filter of %s goes through', (operation) => {
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
  ])('its own model at least, given %o', (args) => {
    expect(seen('User', args)).toEqual(['User'])
  })
})

describe('a selection', () => {
  it('shows the names that the schema does not have, at any depth', () => {
    const { computed } = surveyed('User', {
      select: { id: true, fullName: true, posts: { select: { slug: true, old: false } } },
    })
    expect([...computed]).toEqual(['User.fullName', 'Post.slug'])
  })

  it('of what to count shows none', () => {
    const { computed } = surveyed('User', { select: { _all: true, name: true } }, 'count')
    expect([...computed]).toEqual([])
  })

  it.each<[Args, boolean]>([
    [{}, false],
    [{ omit: { name: true } }, true],
    [{ include: { posts: { omit: { title: true } } } }, true],
    [{ select: { posts: { select: { author: { omit: { name: true } } } } } }, true],
    [{ where: { name: 'omit' } }, false],
  ])('%o tells whether it omits: %s', (args, omits) => {
    expect(surveyed('User', args).omits).toBe(omits)
  })
})
