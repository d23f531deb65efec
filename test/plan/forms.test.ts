import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import type { Args } from '../../src/plan/query.js'
import { survey } from '../../src/plan/survey.js'
import { touchesOf } from '../../src/plan/touches-of-write.js'
import { trackedOf } from './tracked-keys.js'

const ID = '0000abcd-0000-4000-8000-00000000000f'

/** Databases without foreign keys let columns of different types refer to each other. */
const tracked = trackedOf(
  parseSchema(`
    datasource db {
      provider     = "postgresql"
      relationMode = "prisma"
    }
    model User {
      id     String  @id @db.Uuid
      number Int     @unique @db.SmallInt
      code   String  @unique @db.VarChar(3)
      posts  Post[]
      likes  Like[]
      codes  Code[]
    }
    model Post {
      id       Int    @id
      authorId String
      author   User   @relation(fields: [authorId], references: [id], onDelete: Cascade)
    }
    model Like {
      id       Int  @id
      number   Int
      user     User @relation(fields: [number], references: [number])
    }
    model Code {
      id   Int     @id
      code String?
      user User?   @relation(fields: [code], references: [code])
    }
  `),
)

function depends(model: string, args: Args, answer: unknown) {
  const query = { model, operation: 'findMany', args, dataPath: [] }
  const { dependencies } = survey({ tracked }, query)
  const { replaced } = dependencies.narrow(answer)
  const kept = [...dependencies.firm(), ...dependencies.wide()]
  return kept.filter(({ id }) => !replaced.includes(id)).map(({ name }) => name)
}

describe('a value does not say which rows are related if the two columns store it in different forms:', () => {
  it('a value in a filter on the related row', () => {
    expect(depends('Post', { where: { author: { id: ID } } }, [])).toContain('Post')
    expect(depends('Code', { where: { user: { code: 'a' } } }, [])).toContain('Code')
    expect(depends('Like', { where: { user: { number: 1 } } }, [])).not.toContain('Like')
  })

  it('a value of the parent of an included row', () => {
    const posts = { include: { posts: true } }
    expect(depends('User', { where: { id: ID }, ...posts }, [])).toContain('Post')
    expect(depends('User', posts, [{ id: ID, posts: [] }])).toContain('Post')
    const likes = { include: { likes: true } }
    expect(depends('User', likes, [{ number: 1, likes: [] }])).not.toContain('Like')
  })

  it.each<readonly [title: string, model: string, operation: string, args: Args, name: string]>([
    [
      'a value of a deleted row, in a referential action',
      'User',
      'delete',
      { where: { id: ID } },
      'Post{authorId}',
    ],
    [
      'a value in connect',
      'Post',
      'update',
      { where: { id: 1 }, data: { author: { connect: { id: ID } } } },
      'Post{authorId}',
    ],
    [
      'a value of the parent of a nested create',
      'User',
      'update',
      { where: { id: ID }, data: { posts: { create: { id: 1 } } } },
      'Post{authorId}',
    ],
  ])('%s', (_, model, operation, args, name) => {
    const query = { model, operation, args, dataPath: [] }
    expect(touchesOf(tracked, query).map((tag) => tag.name)).toContain(name)
  })
})
