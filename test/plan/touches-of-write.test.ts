import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import type { Args } from '../../src/plan/query.js'
import { touchesOf } from '../../src/plan/touches-of-write.js'
import { trackedOf } from './tracked-keys.js'

const shop = readFileSync('prisma/sqlite/schema.prisma', 'utf8')

/** Returns the models whose tags the write touches. */
function written(schema: string, model: string, operation: string, args: unknown) {
  const query = { model, operation, args, dataPath: [] }
  const tags = touchesOf(trackedOf(parseSchema(schema)), query).map(({ name }) => name)
  return tags.filter((name) => !name.includes('{')).sort()
}

/** Returns the models that an update with this data may change. */
function updated(model: string, data: Args): readonly string[] {
  return written(shop, model, 'update', { where: { id: 1 }, data })
}

/** Makes a schema of these models. Semicolons separate fields on one line. */
function schemaOf(models: string): string {
  const text = `datasource db { provider = "postgresql" } ${models}`
  return text.replaceAll(';', '\n').replaceAll('{', '{\n').replaceAll('}', '\n}\n')
}

/** These models change when a user is deleted. */
const changedWithUser = [
  'Badge', // SetNull
  'Comment', // through its posts
  'Membership',
  'Post', // by author Cascade, by editor SetNull
  'Profile',
  'User',
  '_Follows',
  '_PostToTag', // through its posts
]

describe('a write without nested writes changes only its own model', () => {
  it.each<[string, Args]>([
    ['create', { data: { name: 'o' } }],
    ['createMany', { data: [{ name: 'o' }, { name: 'p' }] }],
    ['createManyAndReturn', { data: { name: 'o' } }],
    ['update', { where: { id: 1 }, data: { name: 'o' } }],
    ['updateMany', { data: { name: { set: 'o' } } }],
    ['updateManyAndReturn', { data: { name: 'o' } }],
    ['upsert', { where: { id: 1 }, create: { name: 'o' }, update: { name: 'p' } }],
  ])('%s', (operation, args) => {
    expect(written(shop, 'Org', operation, args)).toEqual(['Org'])
  })
})

describe('a nested write also changes the models at the other end:', () => {
  const comment = { body: 'c', authorId: 1 }

  it.each<[string, Args, readonly string[]]>([
    ['create', { comments: { create: comment } }, ['Comment', 'Post']],
    ['a list of creates', { comments: { create: [comment, comment] } }, ['Comment', 'Post']],
    ['createMany', { comments: { createMany: { data: [comment] } } }, ['Comment', 'Post']],
    ['connect', { comments: { connect: { id: 1 } } }, ['Comment', 'Post']],
    ['connectOrCreate', { comments: { connectOrCreate: {} } }, ['Comment', 'Post']],
    ['disconnect', { comments: { disconnect: { id: 1 } } }, ['Comment', 'Post']],
    ['set', { comments: { set: [] } }, ['Comment', 'Post']],
    ['update', { comments: { update: { where: {}, data: {} } } }, ['Comment', 'Post']],
    ['updateMany', { comments: { updateMany: { where: {}, data: {} } } }, ['Comment', 'Post']],
    ['upsert', { comments: { upsert: { where: {} } } }, ['Comment', 'Post']],
    ['delete', { comments: { delete: { id: 1 } } }, ['Comment', 'Post']],
    ['deleteMany', { comments: { deleteMany: {} } }, ['Comment', 'Post']],
    ['an operation of a later Prisma', { comments: { replace: {} } }, ['Comment', 'Post']],
    ['connect through a join table', { tags: { connect: { id: 1 } } }, ['Post', '_PostToTag']],
    [
      'disconnect through a join table',
      { tags: { disconnect: { id: 1 } } },
      ['Post', '_PostToTag'],
    ],
    ['set through a join table', { tags: { set: [] } }, ['Post', '_PostToTag']],
    [
      'create through a join table',
      { tags: { create: { name: 't' } } },
      ['Post', 'Tag', '_PostToTag'],
    ],
    [
      'deleteMany through a join table',
      { tags: { deleteMany: {} } },
      ['Post', 'Tag', '_PostToTag'],
    ],
    ['connect to the row that it refers to', { author: { connect: { id: 1 } } }, ['Post']],
    ['disconnect from the row that it refers to', { editor: { disconnect: true } }, ['Post']],
    ['delete of the row that it refers to', { editor: { delete: true } }, changedWithUser],
  ])('%s', (_, data, models) => {
    expect(updated('Post', data)).toEqual(models)
  })

  it('at any depth', () => {
    const data = {
      posts: { update: { where: { id: 1 }, data: { comments: { create: { body: 'c' } } } } },
    }
    expect(updated('User', data)).toEqual(['Comment', 'Post', 'User'])
  })

  it('in the data of a to-one relation, with or without a filter', () => {
    const badges = { badges: { create: { label: 'b' } } }
    expect(updated('Post', { author: { update: badges } })).toEqual(['Badge', 'Post', 'User'])
    expect(updated('Post', { author: { update: { where: {}, data: badges } } })).toEqual([
      'Badge',
      'Post',
      'User',
    ])
  })

  it('in both branches of an upsert', () => {
    const posts = { posts: { create: { title: 't' } } }
    const badges = { badges: { connectOrCreate: { where: {}, create: { label: 'b' } } } }
    const args = { where: { id: 1 }, create: posts, update: badges }
    expect(written(shop, 'User', 'upsert', args)).toEqual(['Badge', 'Post', 'User'])
  })

  it('in a relation of a model with itself', () => {
    expect(updated('User', { followers: { connect: { id: 2 } } })).toEqual(['User', '_Follows'])
    expect(updated('User', { reports: { create: { email: 'e' } } })).toEqual(['User'])
  })
})

describe('a delete also changes the models that referential actions reach', () => {
  it.each(['delete', 'deleteMany'])('by %s', (operation) => {
    expect(written(shop, 'User', operation, { where: {} })).toEqual(changedWithUser)
  })

  it('by a nested delete', () => {
    expect(updated('Post', { author: { delete: true } })).toEqual(changedWithUser)
  })

  it.each<[action: string, changes: boolean]>([
    ['onDelete: Cascade', true],
    ['onDelete: SetNull', true],
    ['onDelete: SetDefault', true],
    ['onDelete: Restrict', false],
    ['onDelete: NoAction', false],
    ['', true], // SetNull, as the relation is optional
  ])('%s: %s', (action, changes) => {
    const schema = schemaOf(`
      model Parent { id Int @id; children Child[] }
      model Child {
        id Int @id
        parentId Int? @default(1)
        parent Parent? @relation(fields: [parentId], references: [id]${action && `, ${action}`})
      }`)
    expect(written(schema, 'Parent', 'delete', {})).toEqual(
      changes ? ['Child', 'Parent'] : ['Parent'],
    )
  })

  it('but not those behind a required relation without onDelete', () => {
    const schema = schemaOf(`
      model Parent { id Int @id; children Child[] }
      model Child {
        id Int @id
        parentId Int
        parent Parent @relation(fields: [parentId], references: [id])
      }`)
    expect(written(schema, 'Parent', 'delete', {})).toEqual(['Parent'])
  })

  it('through a circle of cascades', () => {
    const schema = schemaOf(`
      model A {
        id Int @id
        bId Int
        b B @relation("ab", fields: [bId], references: [id], onDelete: Cascade)
        bs B[] @relation("ba")
      }
      model B {
        id Int @id
        aId Int
        a A @relation("ba", fields: [aId], references: [id], onDelete: Cascade)
        as A[] @relation("ab")
      }`)
    expect(written(schema, 'A', 'delete', {})).toEqual(['A', 'B'])
  })

  it('through a foreign key that is set to null and that other rows refer to', () => {
    const schema = schemaOf(`
      model A { id Int @id; bs B? }
      model B { id Int @id; aId Int? @unique; a A? @relation(fields: [aId], references: [id]); cs C[] }
      model C { id Int @id; aId Int?; b B? @relation(fields: [aId], references: [aId]) }`)
    expect(written(schema, 'A', 'delete', {})).toEqual(['A', 'B', 'C'])
  })
})

it('a delete also changes models and relations that the client ignores', () => {
  const schema = schemaOf(`
    model A { id Int @id; bs B[] @ignore }
    model B {
      id Int @id
      aId Int
      a A @relation(fields: [aId], references: [id], onDelete: Cascade)
      cs C[]
      @@ignore
    }
    model C { id Int @id; bId Int; b B @relation(fields: [bId], references: [id], onDelete: Cascade) @ignore }`)
  expect(written(schema, 'A', 'delete', {})).toEqual(['A', 'B', 'C'])
})

describe('a change of a key also changes the models that refer to it', () => {
  it.each<[string, Args]>([
    ['update', { data: { handle: 'h' } }],
    ['updateMany', { data: { handle: { set: 'h' } } }],
    ['upsert', { create: {}, update: { handle: 'h' } }],
  ])('in %s', (operation, args) => {
    expect(written(shop, 'User', operation, args)).toEqual(['Badge', 'User'])
  })

  it('but a change of another field does not', () => {
    expect(updated('User', { name: 'n', email: 'e' })).toEqual(['User'])
  })

  it('in a nested update', () => {
    const data = { author: { update: { handle: 'h' } } }
    expect(updated('Post', data)).toEqual(['Badge', 'Post', 'User'])
  })

  it('in join tables', () => {
    expect(updated('Tag', { id: 9 })).toEqual(['Tag', '_PostToTag'])
  })

  it.each<[action: string, changes: boolean]>([
    ['Cascade', true],
    ['SetNull', true],
    ['SetDefault', true],
    ['Restrict', false],
    ['NoAction', false],
  ])('onUpdate: %s: %s', (action, changes) => {
    const schema = schemaOf(`
      model Parent { id Int @id; code Int @unique; children Child[] }
      model Child {
        id Int @id
        code Int? @default(1)
        parent Parent? @relation(fields: [code], references: [code], onUpdate: ${action})
      }`)
    expect(written(schema, 'Parent', 'update', { data: { code: 2 } })).toEqual(
      changes ? ['Child', 'Parent'] : ['Parent'],
    )
  })

  it('where the key is a foreign key that a nested write sets', () => {
    const schema = schemaOf(`
      model A { id Int @id; b B? }
      model B { id Int @id; aId Int? @unique; a A? @relation(fields: [aId], references: [id]); cs C[] }
      model C { id Int @id; aId Int?; b B? @relation(fields: [aId], references: [aId]) }`)
    const connect = { connect: { id: 1 } }
    expect(written(schema, 'B', 'update', { data: { a: connect } })).toEqual(['B', 'C'])
    expect(written(schema, 'A', 'update', { data: { b: connect } })).toEqual(['A', 'B', 'C'])
  })

  it('where it changes one field of a compound key', () => {
    const schema = schemaOf(`
      model Parent { a Int; b Int; c Int; children Child[]; @@id([a, b]) }
      model Child {
        id Int @id
        a Int
        b Int
        parent Parent @relation(fields: [a, b], references: [a, b])
      }`)
    expect(written(schema, 'Parent', 'update', { data: { b: 2 } })).toEqual(['Child', 'Parent'])
    expect(written(schema, 'Parent', 'update', { data: { c: 2 } })).toEqual(['Parent'])
  })
})

describe('a write that Prisma will refuse', () => {
  const garbage = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true })

  it('touches at least its own model', () => {
    const operations = fc.constantFrom('create', 'update', 'upsert', 'delete', 'createMany')
    const anyArgs = fc.oneof(
      garbage,
      fc.record({ data: garbage, create: garbage, update: garbage }),
      fc.record({ data: fc.dictionary(fc.constantFrom('posts', 'manager', 'tags'), garbage) }),
    )
    fc.assert(
      fc.property(operations, anyArgs, (operation, args) => {
        expect(written(shop, 'User', operation, args)).toContain('User')
      }),
    )
  })

  it('touches every model if its operation is unknown', () => {
    expect(written(shop, 'Org', 'mergeMany', {})).toEqual(
      [...parseSchema(shop).models.keys()].sort(),
    )
  })
})
