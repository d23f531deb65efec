import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import type { Args } from '../../src/plan/query.js'
import { touchesOf } from '../../src/plan/touches-of-write.js'
import { trackedOf } from './tracked-keys.js'

const tracked = trackedOf(parseSchema(readFileSync('prisma/postgresql/schema.prisma', 'utf8')))

/** Returns the names of the tags that a write touches, sorted and without model tags. */
function touched(model: string, operation: string, args: Args, result?: unknown) {
  return touchesOf(tracked, { model, operation, args, dataPath: [] }, result)
    .map(({ name }) => name)
    .filter((name) => name.includes('{'))
    .sort()
}

const post = { id: 7, authorId: 1, editorId: null }
type Case = readonly [
  title: string,
  operation: string,
  args: Args,
  before: string[],
  after: string[],
]

describe('a write of one row announces what it may touch, and touches what its result shows', () => {
  it.each<readonly [...Case, result: unknown]>([
    [
      'a create whose id the database generates',
      'create',
      { data: { title: 't', authorId: 1 } },
      ['Post{+}', 'Post{authorId:1}', 'Post{editorId:}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'a create that connects its author by the id',
      'create',
      { data: { id: 7, author: { connect: { id: 1 } } } },
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'a create that connects its author by another key',
      'create',
      { data: { author: { connect: { email: 'a' } } } },
      ['Post{+}', 'Post{authorId}', 'Post{editorId:}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'an update of a field that is not tracked',
      'update',
      { where: { id: 7 }, data: { title: 'u' } },
      ['Post{authorId}', 'Post{editorId}', 'Post{id:7}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'an update that gives the row another author',
      'update',
      { where: { id: 7 }, data: { authorId: 1 } },
      ['Post{authorId}', 'Post{editorId}', 'Post{id:7}'],
      ['Post{authorId}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'an update that gives the row another author, and whose filter names the author before',
      'update',
      { where: { id: 7, authorId: 2 }, data: { authorId: 1 } },
      ['Post{authorId:1}', 'Post{authorId:2}', 'Post{editorId}', 'Post{id:7}'],
      ['Post{authorId:1}', 'Post{authorId:2}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'an update of the id, which also changes comments and tags',
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
      'an upsert that may create or update',
      'upsert',
      { where: { id: 7 }, create: { authorId: 1 }, update: { title: 'u' } },
      ['Post{+}', 'Post{authorId}', 'Post{editorId}', 'Post{id:7}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      post,
    ],
    [
      'a delete, which also changes comments and tags',
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

  it('and touches the family tag of a key that its result does not show', () => {
    const args = { where: { id: 7 }, data: { title: 'u' } }
    expect(touched('Post', 'update', args, { id: 7 })).toEqual(touched('Post', 'update', args))
  })

  it('but not through the fluent API, whose result is another row', () => {
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
      'that creates them touches the keys in its data, and then those in its result',
      'createManyAndReturn',
      { data: [{ authorId: 1 }, { authorId: 2, editorId: 3 }] },
      ['Post{+}', 'Post{authorId:1}', 'Post{authorId:2}', 'Post{editorId:3}', 'Post{editorId:}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}', 'Post{id:8}'],
      [post, { ...post, id: 8 }],
    ],
    [
      'that updates them touches the key in its filter',
      'updateMany',
      { where: { authorId: 1 }, data: { views: 1 } },
      ['Post{authorId:1}', 'Post{editorId}', 'Post{id}'],
      ['Post{authorId:1}', 'Post{editorId}', 'Post{id}'],
      { count: 2 },
    ],
    [
      'that updates and returns them touches the keys in its result',
      'updateManyAndReturn',
      { where: { authorId: 1 }, data: { views: 1 } },
      ['Post{authorId:1}', 'Post{editorId}', 'Post{id}'],
      ['Post{authorId:1}', 'Post{editorId:}', 'Post{id:7}'],
      [post],
    ],
    [
      'that updates none touches nothing',
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

  it('that deletes them touches the key in its filter', () => {
    expect(touched('Badge', 'deleteMany', { where: { handle: 'h' } })).toEqual([
      'Badge{handle:h}',
      'Badge{id}',
    ])
  })

  it('touches family tags where there are too many values', () => {
    const data = Array.from({ length: 300 }, (_, id) => ({ id, authorId: id }))
    expect(touched('Post', 'createMany', { data })).toEqual([
      'Post{authorId}',
      'Post{editorId:}',
      'Post{id}',
    ])
  })
})

describe('a nested write touches the foreign key of its parent', () => {
  const user = { id: 1, email: 'a', handle: null, managerId: null }
  const own = ['User{email:a}', 'User{handle:}', 'User{id:1}', 'User{managerId:}']

  it.each<readonly [title: string, data: Args, names: readonly string[]]>([
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
      'connect, whichever parent the row had before',
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
      'connect through a join table',
      { followers: { connect: { id: 5 } } },
      ['_Follows{A:1}', '_Follows{B:5}'],
    ],
    [
      'set through a join table',
      { following: { set: [{ id: 5 }] } },
      ['_Follows{A}', '_Follows{B:1}'],
    ],
    [
      'create of the only row that there can be',
      { profile: { create: { id: 4, bio: 'b' } } },
      // The row before loses its user.
      ['Profile{id}', 'Profile{userId:1}', 'Profile{userId:}'],
    ],
  ])('%s', (_, data, names) => {
    const args = { where: { id: 1 }, data }
    expect(touched('User', 'update', args, user)).toEqual([...own, ...names].sort())
  })
})
