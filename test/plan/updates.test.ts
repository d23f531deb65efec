import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import type { Args } from '../../src/plan/query.js'
import { touchesOf } from '../../src/plan/touches-of-write.js'
import { openShop } from '../support/shop.js'
import { trackedOf } from './tracked-keys.js'

const tracked = trackedOf(
  parseSchema(`
    datasource db {
      provider = "postgresql"
    }
    model Org {
      id    Int    @id
      code  String @unique
      users User[]
    }
    model User {
      id      Int      @id
      email   String   @unique
      orgCode String   @unique
      org     Org      @relation(fields: [orgCode], references: [code])
      posts   Post[]
      profile Profile?
      bossId  Int?
      boss    User?    @relation("boss", fields: [bossId], references: [id])
      team    User[]   @relation("boss")
    }
    model Post {
      id     Int    @id
      title  String
      author String
      user   User   @relation(fields: [author], references: [orgCode])
    }
    model Profile {
      id     Int   @id
      userId Int?  @unique
      user   User? @relation(fields: [userId], references: [id])
    }
    model Place {
      x      Int
      y      Int
      visits Visit[]
      @@id([x, y])
    }
    model Visit {
      id    Int    @id
      x     Int?
      y     Int?
      place Place? @relation(fields: [x, y], references: [x, y])
    }
  `),
  { User: [['bossId', 'email']] },
)

function touched(model: string, args: Args, result: unknown, operation = 'update') {
  return touchesOf(tracked, { model, operation, args, dataPath: [] }, result)
    .map(({ name }) => name)
    .filter((name) => name.includes('{'))
    .sort()
}

describe('a value in a result does not count as the value before, if another part of the write may change', () => {
  type Case = readonly [
    title: string,
    model: string,
    data: Args,
    result: Args,
    names: readonly string[],
  ]

  it.each<Case>([
    [
      'the key that the row refers to, in an update',
      'Profile',
      { user: { update: { id: 9 } } },
      { id: 1, userId: 9 },
      ['Profile{userId}', 'User{id}', 'User{bossId}', 'Profile{id:1}'],
    ],
    [
      'that key, in an update with a filter',
      'Profile',
      { user: { update: { where: { email: 'a' }, data: { id: 9 } } } },
      { id: 1, userId: 9 },
      ['Profile{userId}', 'User{id}', 'Profile{id:1}'],
    ],
    [
      'that key, in an upsert',
      'Profile',
      { user: { upsert: { create: { id: 8, email: 'e', orgCode: 'o' }, update: { id: 9 } } } },
      { id: 1, userId: 9 },
      ['Profile{userId}', 'User{id}'],
    ],
    [
      'one field of a compound key that the row refers to',
      'Visit',
      { place: { update: { y: 9 } } },
      { id: 1, x: 2, y: 9 },
      ['Visit{x,y}', 'Place{x,y}', 'Visit{id:1}'],
    ],
    [
      'a key that is two relations away',
      'Post',
      { user: { update: { org: { update: { code: 'new' } } } } },
      { id: 1, author: 'new' },
      ['Post{author}', 'User{orgCode}', 'Org{code}', 'Post{id:1}'],
    ],
    [
      'a field of a related row that may be the same row',
      'User',
      { boss: { update: { email: 'new' } } },
      { id: 1, email: 'new', bossId: 1, orgCode: 'o' },
      ['User{email}', 'User{bossId,email}', 'User{orgCode:o}', 'User{id:1}'],
    ],
    [
      'the id of a row that refers to itself',
      'User',
      { id: 9 },
      { id: 9, email: 'a', bossId: 9, orgCode: 'o' },
      ['User{bossId}', 'User{bossId,email}', 'User{email:a}', 'User{id:1}', 'User{id:9}'],
    ],
  ])('%s', (_, model, data, result, names) => {
    const all = touched(model, { where: { id: 1 }, data }, result)
    const isCovered = (name: string) => all.includes(name) || all.includes(name.replace(/:.*/, '}'))
    expect(names.filter((name) => !isCovered(name))).toEqual([])
  })

  it('but it does if the other part changes another field or another row', () => {
    const user = { id: 1, email: 'a', bossId: null, orgCode: 'o' }
    const own = ['User{bossId,email:,a}', 'User{bossId:}', 'User{email:a}', 'User{id:1}']
    const title = { posts: { update: { where: { id: 5 }, data: { title: 't' } } } }
    expect(touched('User', { where: { id: 1 }, data: title }, user)).toEqual([
      'Post{author:o}',
      'Post{id:5}',
      ...own,
      'User{orgCode:o}',
    ])
    const where = { id: 5, email: 'b', orgCode: 'p' }
    const team = { team: { update: { where, data: { email: 'c' } } } }
    expect(touched('User', { where: { id: 1 }, data: team }, user)).toEqual(
      expect.arrayContaining([...own, 'User{email:b}', 'User{email:c}']),
    )
  })
})

it('after a nested write has changed a key, its old value finds no rows', async () => {
  const { plain, prisma } = await openShop()
  await plain.user.create({ data: { id: 1, email: 'u', handle: 'old' } })
  await plain.badge.create({ data: { id: 1, label: 'gold', handle: 'old' } })
  const reads = async () => [
    await prisma.user.findUnique({ where: { handle: 'old' } }),
    await prisma.badge.findMany({ where: { handle: 'old' } }),
  ]
  expect(await reads()).toMatchObject([{ id: 1 }, [{ id: 1 }]])
  await prisma.badge.update({ where: { id: 1 }, data: { owner: { update: { handle: 'new' } } } })
  expect(await reads()).toEqual([null, []])
})
