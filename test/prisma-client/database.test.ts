import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaPg } from '@prisma/adapter-pg'
import { describe, expect, it } from 'vitest'
import { databaseOf } from '../../src/prisma-client/database.js'

const shop = 'postgresql://db.example:6432/shop/public'

describe('the name of a database', () => {
  it.each([
    ['a URL', new PrismaPg({ connectionString: 'postgres://u:p@db.example:6432/shop' }), shop],
    ['a URL in text', new PrismaPg('postgres://u:p@DB.example:6432/shop'), shop],
    [
      'a URL with parameters',
      new PrismaPg('postgres://db.example:6432/shop?sslmode=require'),
      shop,
    ],
    [
      'settings',
      new PrismaPg({ host: 'db.example', port: 6432, database: 'shop', user: 'u', password: 'p' }),
      shop,
    ],
    [
      'a schema',
      new PrismaPg({ connectionString: 'postgres://db.example:6432/shop' }, { schema: 'eu' }),
      'postgresql://db.example:6432/shop/eu',
    ],
    [
      'the defaults of the driver',
      new PrismaPg({ user: 'ann' }),
      'postgresql://localhost:5432/ann/public',
    ],
    ['an adapter that keeps it to itself', new PrismaLibSql({ url: 'file:x.db' }), ''],
    ['no adapter', undefined, ''],
  ])('comes from %s', (_, adapter, expected) => {
    expect(databaseOf(adapter, {})).toBe(expected)
  })

  it('comes from the variables that the driver reads', () => {
    const env = { PGHOST: 'db.example', PGPORT: '6432', PGDATABASE: 'shop' }
    expect(databaseOf(new PrismaPg({}), env)).toBe(shop)
  })

  it('does not contain the user or the password', () => {
    const adapter = new PrismaPg('postgres://ann:secret@db.example:6432/shop')
    expect(databaseOf(adapter, {})).toBe(shop)
  })
})
