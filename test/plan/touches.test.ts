import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import type { Args } from '../../src/plan/query.js'
import { touchesOf } from '../../src/plan/touches-of-write.js'
import { trackedOf } from './tracked-keys.js'

const tracked = trackedOf(parseSchema(readFileSync('prisma/postgresql/schema.prisma', 'utf8')))

/** The tags that a write touches, in the order of their names, but for those of models. */
function touched(model: string, operation: string, args: Args, result?: unknown) {
  return touchesOf(tracked, { model, operation, args, dataPath: [] }, result)
    .map(({ name }) => name)
    .filter((name) => name.includes('{'))
    .sort()
}

const post = { id: 7, authorId: 1, editorId: null }
type Case = readonly [
  what: string,
  operation: string,
  args: Args,
  before: string[],
  after: string[],
]

describe('a write of one row announces what it may touch, and touches what its result shows', () => {
  it.each<readonly [...Case, result: unknown]>([
    [
      'a row whose id the database gives',
      'create',
      { data: { title: 't', authorId: 1 } },
      ['Post{+}', 'Post{authorId:1}', 'Post{editorId:}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'a row whose author is connected',
      'create',
      { data: { id: 7, author: { connect: { id: 1 } } } },
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'a row whose author is known by another key',
      'create',
      { data: { author: { connect: { email: 'a' } } } },
      ['Post{+}', 'Post{authorId}', 'Post{editorId:}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'an update of what is no key',
      'update',
      { where: { id: 7 }, data: { title: 'u' } },
      ['Post{authorId}', 'Post{editorId}', 'Post{id:7}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'a move to another author',
      'update',
      { where: { id: 7 }, data: { authorId: 1 } },
      ['Post{authorId}', 'Post{editorId}', 'Post{id:7}'],
      ['Post{authorId}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'a move from an author who is known',
      'update',
      { where: { id: 7, authorId: 2 }, data: { authorId: 1 } },
      ['Post{authorId:1}', 'Post{authorId:2}', 'Post{editorId}', 'Post{id:7}'],
      ['Post{authorId:1}', 'Post{authorId:2}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'a change of id, which comments and tags follow',
      'update',
      { where: { id: 6 }, data: { id: { set: 7 } } },
      [
        'Comment{authorId}',
        'Comment{id}',
        'Comment{postId:6}',
        'Comment{postId:7}',
        'Post{authorId}',
        'Post{editorId}',
        'Post{id:6}',
        'Post{id:7}',
        '_PostToTag{A:6}',
        '_PostToTag{A:7}',
        '_PostToTag{B}',
      ],
      [
        'Comment{authorId}',
        'Comment{id}',
        'Comment{postId:6}',
        'Comment{postId:7}',
        'Post{authorId:1}',
        'Post{editorId:}',
        'Post{id:6}',
        'Post{id:7}',
        '_PostToTag{A:6}',
        '_PostToTag{A:7}',
        '_PostToTag{B}',
      ],
      post,
    ],
    [
      'an upsert that may do either',
      'upsert',
      { where: { id: 7 }, create: { authorId: 1 }, update: { title: 'u' } },
      ['Post{+}', 'Post{authorId}', 'Post{editorId}', 'Post{id:7}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'a removal, with comments and tags',
      'delete',
      { where: { id: 7 } },
      [
        'Comment{authorId}',
        'Comment{id}',
        'Comment{postId:7}',
        'Post{authorId}',
        'Post{editorId}',
        'Post{id:7}',
        '_PostToTag{A:7}',
        '_PostToTag{B}',
      ],
      [
        'Comment{authorId}',
        'Comment{id}',
        'Comment{postId:7}',
        'Post{authorId:1}',
        'Post{editorId:}',
        'Post{id:7}',
        '_PostToTag{A:7}',
        '_PostToTag{B}',
      ],
      post,
    ],
  ])('%s', (_, operation, args, before, after, result) => {
    expect(touched('Post', operation, args)).toEqual(before)
    expect(touched('Post', operation, args, result)).toEqual(after)
  })

  it('a value that the result does not show stays unknown', () => {
    const args = { where: { id: 7 }, data: { title: 'u' } }
    expect(touched('Post', 'update', args, { id: 7 })).toEqual(touched('Post', 'update', args))
  })

  it('through the fluent API the result is another row', () => {
    const query = {
      model: 'Post',
      operation: 'update',
      args: { where: { id: 7 }, data: {}, select: { author: true } },
      dataPath: ['select', 'author'],
    }
    expect(touchesOf(tracked, query, { id: 1 })).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'Post{authorId}' })]),
    )
  })
})

describe('a write of several rows', () => {
  it.each<readonly [...Case, result: unknown]>([
    [
      'creates each by its data, and shows it',
      'createManyAndReturn',
      { data: [{ authorId: 1 }, { authorId: 2, editorId: 3 }] },
      ['Post{+}', 'Post{authorId:1}', 'Post{authorId:2}', 'Post{editorId:3}', 'Post{editorId:}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}', 'Post{id:8}'],
      [post, { ...post, id: 8 }],
    ],
    [
      'updates those of an author',
      'updateMany',
      { where: { authorId: 1 }, data: { views: 1 } },
      ['Post{authorId:1}', 'Post{editorId}', 'Post{id}'],
      ['Post{authorId:1}', 'Post{editorId}', 'Post{id}'],
      { count: 2 },
    ],
    [
      'updates those of an author, and shows them',
      'updateManyAndReturn',
      { where: { authorId: 1 }, data: { views: 1 } },
      ['Post{authorId:1}', 'Post{editorId}', 'Post{id}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      [post],
    ],
    [
      'updates none',
      'updateManyAndReturn',
      { where: { authorId: 1 }, data: { views: 1 } },
      ['Post{authorId:1}', 'Post{editorId}', 'Post{id}'],
      [],
      [],
    ],
  ])('%s', (_, operation, args, before, after, result) => {
    expect(touched('Post', operation, args)).toEqual(before)
    expect(touched('Post', operation, args, result)).toEqual(after)
  })

  it('removes by its filter', () => {
    expect(touched('Badge', 'deleteMany', { where: { handle: 'h' } })).toEqual([
      'Badge{handle:h}',
      'Badge{id}',
    ])
  })

  it('of very many touches families', () => {
    const data = Array.from({ length: 300 }, (_, id) => ({ id, authorId: id }))
    expect(touched('Post', 'createMany', { data })).toEqual([
      'Post{authorId}',
      'Post{editorId:}',
      'Post{id}',
    ])
  })
})

describe('a nested write touches by its parent', () => {
  const user = { id: 1, email: 'a', handle: null, managerId: null }
  const own = ['User{email:a}', 'User{handle:}', 'User{id:1}', 'User{managerId:}']

  it.each<readonly [what: string, data: Args, names: readonly string[]]>([
    [
      'create',
      { posts: { create: { id: 9 } } },
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:9}'],
    ],
    [
      'createMany',
      { posts: { createMany: { data: [{ id: 8 }, { id: 9 }] } } },
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:8}', 'Post{id:9}'],
    ],
    [
      'connect, from whomever it was',
      { posts: { connect: { id: 9 } } },
      ['Post{authorId}', 'Post{editorId}', 'Post{id:9}'],
    ],
    [
      'disconnect',
      { edited: { disconnect: { id: 9 } } },
      ['Post{authorId}', 'Post{editorId:1}', 'Post{editorId:}', 'Post{id:9}'],
    ],
    [
      'update',
      { posts: { update: { where: { id: 9 }, data: { title: 't' } } } },
      ['Post{authorId:1}', 'Post{editorId}', 'Post{id:9}'],
    ],
    [
      'updateMany',
      { posts: { updateMany: { where: { views: 1 }, data: { title: 't' } } } },
      ['Post{authorId:1}', 'Post{editorId}', 'Post{id}'],
    ],
    [
      'a connected row through a join table',
      { followers: { connect: { id: 5 } } },
      ['_Follows{A:1}', '_Follows{B:5}'],
    ],
    [
      'a set through a join table',
      { following: { set: [{ id: 5 }] } },
      ['_Follows{A}', '_Follows{B:1}'],
    ],
    [
      'the one that there can be',
      { profile: { create: { id: 4, bio: 'b' } } },
      // The one before loses its user.
      ['Profile{id}', 'Profile{userId:1}', 'Profile{userId:}'],
    ],
  ])('%s', (_, data, names) => {
    const args = { where: { id: 1 }, data }
    expect(touched('User', 'update', args, user)).toEqual([...own, ...names].sort())
  })
})
