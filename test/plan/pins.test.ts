import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import type { Args } from '../../src/plan/query.js'
import { survey } from '../../src/plan/survey.js'
import { trackedOf } from './tracked-keys.js'

const shop = parseSchema(readFileSync('prisma/postgresql/schema.prisma', 'utf8'))
const tracked = trackedOf(shop, { Post: [['title'], ['authorId', 'published']] })

interface ReadOptions {
  readonly operation?: string
  readonly dataPath?: readonly string[]
  readonly answer?: unknown
}

/** Returns the names of the tags that a read depends on, and how many tags of rows its answer adds. */
function depends(model: string, args: Args, { operation, dataPath, answer }: ReadOptions = {}) {
  const query = { model, operation: operation ?? 'findMany', args, dataPath: dataPath ?? [] }
  const { dependencies } = survey({ tracked }, query)
  const { dropped, replaced, rows } = dependencies.narrow(answer)
  const removed = new Set([...dropped, ...replaced])
  const kept = [...dependencies.firm(), ...dependencies.wide()].filter(({ id }) => !removed.has(id))
  return { names: kept.map(({ name }) => name).sort(), rows: rows.length }
}

const NUMBERS = Array.from({ length: 20 }, (_, n) => n)

type Case = readonly [title: string, model: string, where: Args, names: readonly string[]]

describe('a read depends on the rows with the values in its filter', () => {
  it.each<Case>([
    ['an id', 'Post', { id: 7 }, ['Post{id:7}', 'Post{id}', 'Post{+}']],
    ['a unique field', 'User', { email: 'a' }, ['User{email:a}', 'User{email}', 'User{+}']],
    ['a foreign key', 'Post', { authorId: 7 }, ['Post{authorId:7}', 'Post{authorId}']],
    [
      'a foreign key that is null',
      'Post',
      { editorId: null },
      ['Post{editorId:}', 'Post{editorId}'],
    ],
    [
      'a key with `equals`',
      'Post',
      { authorId: { equals: 7 } },
      ['Post{authorId:7}', 'Post{authorId}'],
    ],
    [
      'several values of a key',
      'Post',
      { authorId: { in: [7, 8, 7] } },
      ['Post{authorId:7}', 'Post{authorId:8}', 'Post{authorId}'],
    ],
    ['an empty list of values', 'Post', { authorId: { in: [] } }, ['Post{authorId}']],
    [
      'a compound id',
      'Membership',
      { userId_orgId: { userId: 1, orgId: 2 } },
      ['Membership{userId,orgId:1,2}', 'Membership{userId,orgId}', 'Membership{+}'],
    ],
    [
      'the fields of a compound id',
      'Membership',
      { userId: 1, orgId: 2 },
      ['Membership{userId,orgId:1,2}', 'Membership{userId,orgId}', 'Membership{+}'],
    ],
    ['a `trackBy` field', 'Post', { title: 't' }, ['Post{title:t}', 'Post{title}']],
    [
      'all fields of a compound `trackBy` key',
      'Post',
      { published: true, authorId: 7 },
      ['Post{authorId,published:7,true}', 'Post{authorId,published}'],
    ],
    [
      'a foreign key, because the other field of the `trackBy` key has no exact value',
      'Post',
      { published: { not: true }, authorId: 7 },
      ['Post{authorId:7}', 'Post{authorId}'],
    ],
    [
      'a foreign key, because the `trackBy` key has too many combinations of values',
      'Post',
      { published: { in: [true, false] }, authorId: { in: NUMBERS } },
      NUMBERS.map((n) => `Post{authorId:${n}}`).concat('Post{authorId}'),
    ],
    [
      'a key under AND',
      'Post',
      { AND: [{ views: 1 }, { AND: { authorId: 7 } }] },
      ['Post{authorId:7}', 'Post{authorId}'],
    ],
    [
      'a key in every branch of OR',
      'Post',
      { OR: [{ authorId: 7, views: 1 }, { editorId: 8 }] },
      ['Post{authorId:7}', 'Post{authorId}', 'Post{editorId:8}', 'Post{editorId}'],
    ],
    [
      'a unique key, which comes before a foreign key',
      'Post',
      { authorId: 7, id: 1 },
      ['Post{id:1}', 'Post{id}', 'Post{+}'],
    ],
    [
      'the key with fewer values',
      'Post',
      { authorId: { in: [7, 8] }, editorId: 9 },
      ['Post{editorId:9}', 'Post{editorId}'],
    ],
    [
      'the id of the row that its foreign key refers to',
      'Profile',
      { user: { id: 7 } },
      ['Profile{userId:7}', 'Profile{userId}', 'Profile{+}', 'User{id:7}', 'User{id}', 'User{+}'],
    ],
    [
      'the id of a row that refers to it',
      'User',
      { id: 1, posts: { some: { id: 5 } } },
      ['User{id:1}', 'User{id}', 'User{+}', 'Post{id:5}', 'Post{id}', 'Post{+}'],
    ],
    [
      'the id of a row on the other side of a join table',
      'Post',
      { authorId: 1, tags: { some: { id: 5 } } },
      [
        'Post{authorId:1}',
        'Post{authorId}',
        'Tag{id:5}',
        'Tag{id}',
        'Tag{+}',
        '_PostToTag{B:5}',
        '_PostToTag{B}',
      ],
    ],
  ])('where it filters by %s', (_, model, where, names) => {
    expect(depends(model, { where }).names).toEqual([...names].sort())
  })

  it.each<readonly [title: string, model: string, where: Args]>([
    ['nothing', 'Post', {}],
    ['undefined', 'Post', { id: undefined }],
    ['a field that is not tracked', 'Post', { views: 1 }],
    ['a range', 'Post', { authorId: { gt: 7 } }],
    ['NOT', 'Post', { NOT: { authorId: 7 } }],
    ['a value that is excluded by `not`', 'Post', { authorId: { not: 7 } }],
    ['a key in only one branch of OR', 'Post', { OR: [{ authorId: 7 }, { views: 1 }] }],
    ['an empty OR', 'Post', { OR: [] }],
    ['too many values', 'Post', { authorId: { in: Array.from({ length: 33 }, (_, n) => n) } }],
    ['too many branches of OR', 'Post', { OR: Array.from({ length: 33 }, (_, id) => ({ id })) }],
    ['text whose case does not matter', 'User', { email: { equals: 'a', mode: 'insensitive' } }],
    ['a column that ignores case', 'Peculiar', { folded: 'x' }],
    ['part of a compound key', 'Peculiar', { short: 'a' }],
    ['a number in a form that is not understood', 'Peculiar', { short: 'a', amount: '1e1' }],
  ])('but on the whole model where it filters by %s', (_, model, where) => {
    expect(depends(model, { where }).names).toEqual([model])
  })

  it.each<readonly [title: string, where: Args]>([
    ['every', { posts: { every: { id: 5 } } }],
    ['isNot', { manager: { isNot: { id: 5 } } }],
    ['NOT', { NOT: { posts: { some: { id: 5 } } } }],
  ])('and on the whole model at the other end of a relation under %s', (_, where) => {
    const { names } = depends('User', { where: { id: 1, ...where } })
    expect(names).toContain('posts' in { ...where, ...(where.NOT as object) } ? 'Post' : 'User')
  })

  it('and on the row of its cursor', () => {
    const { names } = depends('Post', { where: { authorId: 1 }, cursor: { id: 5 } })
    expect(names).toEqual([
      'Post{+}',
      'Post{authorId:1}',
      'Post{authorId}',
      'Post{id:5}',
      'Post{id}',
    ])
  })

  it('and on the whole model whose fields it orders by', () => {
    const { names } = depends('Post', {
      where: { authorId: 1 },
      orderBy: { author: { name: 'asc' } },
    })
    expect(names).toEqual(['Post{authorId:1}', 'Post{authorId}', 'User'])
  })
})

describe('an insert of a row with unknown unique values', () => {
  const found = { id: 1 }

  it.each<readonly [title: string, where: Args, operation: string, answer: unknown]>([
    ['the row that findUnique found', { id: 1 }, 'findUnique', found],
    ['the row that findFirst found', { id: 1, published: true }, 'findFirst', found],
    [
      'the rows that findMany found, if none is missing',
      { id: { in: [1, 2] } },
      'findMany',
      [found, { id: 2 }],
    ],
  ])('cannot change %s', (_, where, operation, answer) => {
    expect(depends('Post', { where }, { operation, answer }).names).not.toContain('Post{+}')
  })

  it.each<readonly [title: string, where: Args, operation: string, answer: unknown]>([
    ['findUnique finds nothing', { id: 1 }, 'findUnique', null],
    ['findMany did not find all its rows', { id: { in: [1, 2] } }, 'findMany', [found]],
    ['two branches of OR found one row', { OR: [{ id: 1 }, { id: 2 }] }, 'findMany', [found]],
    ['it counts', { id: 1 }, 'count', 1],
    ['it aggregates', { id: 1 }, 'aggregate', { _max: { id: 1 } }],
  ])('can change a read if %s', (_, where, operation, answer) => {
    expect(depends('Post', { where }, { operation, answer }).names).toContain('Post{+}')
  })

  it('can change a read by a unique key with a null in it, because several rows may have it', () => {
    const where = { short: 'a', amount: null }
    const answer = [{ id: 1 }]
    expect(depends('Peculiar', { where }, { answer }).names).toContain('Peculiar{+}')
  })
})

describe('a read depends on related rows', () => {
  it('by their foreign key where the filter gives the parent', () => {
    const { names } = depends('User', { where: { id: 1 }, include: { posts: true } })
    expect(names).toEqual([
      'Post{authorId:1}',
      'Post{authorId}',
      'User{+}',
      'User{id:1}',
      'User{id}',
    ])
  })

  it('by their foreign key where the answer shows the parents', () => {
    const answer = [
      { id: 1, posts: [] },
      { id: 2, posts: [{ id: 9 }] },
    ]
    const { names, rows } = depends('User', { include: { posts: true } }, { answer })
    expect(names).toEqual(['Post{authorId}', 'User'])
    expect(rows).toBe(2)
  })

  it('by their ids where the answer shows the rows that refer to them', () => {
    const answer = [
      { id: 1, authorId: 5, author: { id: 5 }, editorId: null, editor: null },
      { id: 2, authorId: 5, author: { id: 5 }, editorId: 6, editor: { id: 6 } },
    ]
    const args = { include: { author: true, editor: true } }
    expect(depends('Post', args, { answer })).toEqual({ names: ['Post', 'User{id}'], rows: 2 })
  })

  it('at any depth', () => {
    const args = { where: { id: 1 }, include: { posts: { include: { comments: true } } } }
    const answer = {
      id: 1,
      posts: [
        { id: 8, comments: [] },
        { id: 9, comments: [] },
      ],
    }
    const { names, rows } = depends('User', args, { operation: 'findUnique', answer })
    expect(names).toEqual([
      'Comment{postId}',
      'Post{authorId:1}',
      'Post{authorId}',
      'User{id:1}',
      'User{id}',
    ])
    expect(rows).toBe(2)
  })

  it('by both sides of a join table', () => {
    const answer = [
      { id: 1, tags: [{ id: 7 }] },
      { id: 2, tags: [{ id: 7 }, { id: 8 }] },
    ]
    const { names, rows } = depends('Post', { include: { tags: true } }, { answer })
    expect(names).toEqual(['Post', 'Tag{id}', '_PostToTag{A}'])
    expect(rows).toBe(4)
  })

  it.each(['where', 'take', 'skip', 'cursor', 'distinct'])(
    'by their whole model where `%s` may leave out rows behind a join table',
    (name) => {
      const answer = [{ id: 1, tags: [{ id: 7 }] }]
      const args = { include: { tags: { [name]: name === 'cursor' ? { id: 1 } : 1 } } }
      expect(depends('Post', args, { answer }).names).toContain('Tag')
    },
  )

  it('by their foreign key where it counts them', () => {
    const args = {
      where: { id: 1 },
      select: { _count: { select: { posts: true, followers: true } } },
    }
    const { names } = depends('User', args, { operation: 'findUnique', answer: { _count: {} } })
    expect(names).toEqual([
      'Post{authorId:1}',
      'Post{authorId}',
      'User{id:1}',
      'User{id}',
      '_Follows{A:1}',
      '_Follows{A}',
    ])
  })

  it('by their foreign key through the fluent API', () => {
    const args = { where: { id: 1 }, select: { posts: true } }
    const dataPath = ['select', 'posts']
    const { names } = depends('User', args, { operation: 'findUnique', dataPath, answer: [] })
    expect(names).toEqual([
      'Post{authorId:1}',
      'Post{authorId}',
      'User{+}',
      'User{id:1}',
      'User{id}',
    ])
  })

  it('by the foreign key that they show through the fluent API, if there are any', () => {
    const args = { where: { email: 'a' }, select: { posts: true } }
    const fluent = { operation: 'findUnique', dataPath: ['select', 'posts'] }
    const found = depends('User', args, { ...fluent, answer: [{ id: 4, authorId: 1 }] })
    expect(found).toEqual({
      names: ['Post{authorId}', 'User{+}', 'User{email:a}', 'User{email}'],
      rows: 1,
    })
    expect(depends('User', args, { ...fluent, answer: [] }).names).toContain('Post')
  })

  it('by their whole model where the answer does not show their keys', () => {
    const args = { select: { title: true, author: { select: { name: true } } } }
    const answer = [{ title: 't', author: { name: 'a' } }]
    expect(depends('Post', args, { answer }).names).toEqual(['Post', 'User', 'User{id}'])
  })

  it('by their whole model where the answer has too many parents', () => {
    const answer = Array.from({ length: 65 }, (_, id) => ({ id, posts: [] }))
    expect(depends('User', { include: { posts: true } }, { answer }).names).toContain('Post')
  })
})
