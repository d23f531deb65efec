import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Catalog, modelOf, modelsOfClient } from '../../src/catalog/catalog.js'
import { parseSchema } from '../../src/catalog/schema.js'
import { ConfigurationError } from '../../src/errors.js'

const shop = parseSchema(readFileSync('prisma/sqlite/schema.prisma', 'utf8'))

/** Parses models whose fields may be on one line, with semicolons between them. */
function catalogOf(models: string): Catalog {
  const text = `
    generator client { provider = "prisma-client"; output = "out"; previewFeatures = ["views"] }
    datasource db { provider = "postgresql" }
    ${models}`
  return parseSchema(text.replaceAll(';', '\n').replaceAll('{', '{\n').replaceAll('}', '\n}\n'))
}

function relation(catalog: Catalog, model: string, field: string) {
  return modelOf(catalog, model).relations.get(field)
}

describe('a model', () => {
  it('is found by its name, with its table and its scalar and enum fields', () => {
    const post = modelOf(shop, 'Post')
    expect(post).toMatchObject({ name: 'Post', table: 'posts', kind: 'table' })
    expect([...post.fields.keys()]).toEqual([
      'id',
      'title',
      'published',
      'views',
      'authorId',
      'editorId',
    ])
    expect([...modelOf(shop, 'User').fields.keys()]).toContain('role')
  })

  it('has a table with its own name if no other is mapped', () => {
    expect(modelOf(shop, 'Org').table).toBe('Org')
  })

  it('has relations on both sides', () => {
    const { relations } = modelOf(shop, 'Post')
    expect(relations.get('author')).toEqual({
      name: 'author',
      target: 'User',
      list: false,
      exclusive: false,
      holder: 'here',
      here: ['authorId'],
      there: ['id'],
    })
    expect(relations.get('comments')).toEqual({
      name: 'comments',
      target: 'Comment',
      list: true,
      exclusive: true,
      holder: 'there',
      here: ['id'],
      there: ['postId'],
    })
    expect(relation(shop, 'Profile', 'user')).toMatchObject({ list: false, exclusive: true })
    expect(relation(shop, 'Badge', 'owner')).toMatchObject({ here: ['handle'], there: ['handle'] })
  })

  it('has its id, unique fields and foreign keys as keys, each once', () => {
    const keysOf = (model: string) =>
      modelOf(shop, model).keys.map(({ fields, unique }) => [fields.join(), unique])
    expect(keysOf('User')).toEqual([
      ['id', true],
      ['email', true],
      ['handle', true],
      ['managerId', false],
    ])
    expect(keysOf('Profile')).toEqual([
      ['id', true],
      ['userId', true],
    ])
    expect(keysOf('Membership').slice(0, 1)).toEqual([['userId,orgId', true]])
    expect(keysOf('_PostToTag')).toEqual([
      ['A', false],
      ['B', false],
    ])
  })

  it('has its compound keys under their names in `where`', () => {
    const catalog = catalogOf(`
      model A {
        a Int
        b Int
        c Int
        @@id([a, b])
        @@unique([b, c], name: "pair")
        @@unique([a, c])
      }`)
    expect([...modelOf(catalog, 'A').compounds]).toEqual([
      ['b_c', ['b', 'c']],
      ['a_c', ['a', 'c']],
      ['a_b', ['a', 'b']],
      ['pair', ['b', 'c']],
    ])
  })

  it('has columns, native types and defaults', () => {
    const catalog = catalogOf(`
      model A {
        id Int @id @default(autoincrement()) @map("key")
        name String @default("x") @db.VarChar(20)
        at DateTime @updatedAt
        no Int?
      }`)
    const { fields } = modelOf(catalog, 'A')
    expect(fields.get('id')).toMatchObject({ column: 'key', default: { kind: 'generated' } })
    expect(fields.get('name')).toMatchObject({
      column: 'name',
      native: { name: 'VarChar', args: ['20'] },
      default: { kind: 'value', value: 'x' },
    })
    expect(fields.get('at')).toMatchObject({ updatedAt: true, required: true })
    expect(fields.get('no')).toMatchObject({ default: { kind: 'none' }, required: false })
  })

  it('says which columns the database may compute from others, if the schema shows it', () => {
    const catalog = catalogOf(`
      model A {
        id String @id @default(dbgenerated("gen_random_uuid()")) @db.Uuid
        title String @map("the_title")
        other String @default("lower")
        slug String @default(dbgenerated())
        short String @default(dbgenerated("lower(\\"the_title\\")"))
        day String @default(dbgenerated("to_char(now(), 'id_2')"))
      }`)
    const { fields } = modelOf(catalog, 'A')
    const computed = [...fields.values()].filter((field) => field.computed)
    expect(computed.map(({ name }) => name)).toEqual(['slug', 'short'])
  })

  it('that is not in the schema is an error', () => {
    expect(() => modelOf(shop, 'Usr')).toThrow("the catalog has no model 'Usr'")
  })
})

describe('a view', () => {
  it('is distinguished from a table', () => {
    expect(modelOf(shop, 'AuthorStats').kind).toBe('view')
  })

  it('is distinguished from a model that only mentions one', () => {
    const catalog = catalogOf(`
      // view Sales
      /// view Sales
      model Sales { id Int @id; view Int }
        view  Report { id Int @unique; @@map("v_report") }`)
    expect(modelOf(catalog, 'Sales').kind).toBe('table')
    expect(modelOf(catalog, 'Report')).toMatchObject({ kind: 'view', table: 'v_report' })
  })
})

describe('an implicit many-to-many relation', () => {
  it('has a join table, which both sides refer to', () => {
    expect(modelOf(shop, '_PostToTag')).toMatchObject({ kind: 'join', table: '_PostToTag' })
    expect(relation(shop, 'Post', 'tags')?.holder).toEqual({
      name: '_PostToTag',
      here: 'A',
      there: 'B',
    })
    expect(relation(shop, 'Tag', 'posts')?.holder).toEqual({
      name: '_PostToTag',
      here: 'B',
      there: 'A',
    })
  })

  it('of a model with itself has one join table', () => {
    const sides = (field: string) => relation(shop, 'User', field)?.holder
    expect(sides('followers')).toEqual({ name: '_Follows', here: 'A', there: 'B' })
    expect(sides('following')).toEqual({ name: '_Follows', here: 'B', there: 'A' })
  })

  it('has rows that are deleted and updated together with the rows that they join', () => {
    const keys = modelOf(shop, 'Tag').referencedBy
    expect(keys).toEqual([
      {
        holder: '_PostToTag',
        fields: ['B'],
        target: 'Tag',
        references: ['id'],
        onDelete: 'Cascade',
        onUpdate: 'Cascade',
      },
    ])
  })

  it('is distinguished from another one between the same two models', () => {
    const catalog = catalogOf(`
      model A { id Int @id; likes B[] @relation("Likes"); owns B[] @relation("Owns") }
      model B { id Int @id; likedBy A[] @relation("Likes"); ownedBy A[] @relation("Owns") }`)
    expect(relation(catalog, 'A', 'likes')?.holder).toMatchObject({ name: '_Likes' })
    expect(relation(catalog, 'B', 'ownedBy')?.holder).toMatchObject({ name: '_Owns' })
    expect(modelOf(catalog, 'A').referencedBy.map(({ holder }) => holder)).toEqual([
      '_Likes',
      '_Owns',
    ])
  })

  it('is distinguished from a relation of the same name between other models', () => {
    const catalog = catalogOf(`
      model A { id Int @id; bs B[] @relation("R"); cs C[] @relation("R") }
      model B { id Int @id; aId Int; a A @relation("R", fields: [aId], references: [id]) }
      model C { id Int @id; as A[] @relation("R") }`)
    expect(relation(catalog, 'A', 'bs')?.holder).toBe('there')
    expect(relation(catalog, 'A', 'cs')?.holder).toMatchObject({ name: '_R' })
  })

  it('is not created for an explicit relation', () => {
    expect(relation(shop, 'User', 'memberships')?.holder).toBe('there')
  })
})

describe('a foreign key', () => {
  it('has the actions in the schema, or the defaults for required and optional relations', () => {
    const byField = new Map(
      modelOf(shop, 'User').referencedBy.map(({ holder, fields, onDelete, onUpdate }) => [
        `${holder}.${fields}`,
        [onDelete, onUpdate],
      ]),
    )
    expect(byField.get('User.managerId')).toEqual(['SetNull', 'NoAction'])
    expect(byField.get('Post.authorId')).toEqual(['Cascade', 'Cascade'])
    expect(byField.get('Post.editorId')).toEqual(['SetNull', 'Cascade'])
    expect(byField.get('Comment.authorId')).toEqual(['Restrict', 'Cascade'])
    expect(modelOf(shop, 'Team').referencedBy[0]?.onDelete).toBe('SetDefault')
  })

  it('of several fields refers to the same number of fields', () => {
    const catalog = catalogOf(`
      model Parent { a Int; b Int; children Child[]; @@id([a, b]) }
      model Child {
        id Int @id
        x Int
        y Int
        parent Parent @relation(fields: [x, y], references: [a, b])
      }`)
    expect(modelOf(catalog, 'Parent').referencedBy).toEqual([
      {
        holder: 'Child',
        fields: ['x', 'y'],
        target: 'Parent',
        references: ['a', 'b'],
        onDelete: 'Restrict',
        onUpdate: 'Cascade',
      },
    ])
    expect(relation(catalog, 'Child', 'parent')?.here).toEqual(['x', 'y'])
  })
})

describe('the fingerprint', () => {
  const model = 'model A { id Int @id; name String? }'
  const { fingerprint } = catalogOf(model)

  it.each([
    ['comments', `// one\n/// two\nmodel A { /// three\nid Int @id; name String? // four\n}`],
    ['formatting', 'model  A  {  id   Int  @id;;  name   String?  }'],
  ])('is the same with other %s', (_, text) => {
    expect(catalogOf(text).fingerprint).toBe(fingerprint)
  })

  it.each([
    ['field', 'model A { id Int @id; name String?; more Int? }'],
    ['type of a field', 'model A { id Int @id; name Int? }'],
    ['requirement', 'model A { id Int @id; name String @default("") }'],
    ['table', 'model A { id Int @id; name String?; @@map("a") }'],
    ['model', `${model}\nmodel B { id Int @id }`],
  ])('differs with another %s', (_, text) => {
    expect(catalogOf(text).fingerprint).not.toBe(fingerprint)
  })
})

describe('text that is not a valid schema', () => {
  it.each([
    ['model A {', 'This line is invalid'],
    [
      'datasource db {\n provider = "sqlite"\n}\nmodel A {\n id Int @id\n b B\n}',
      'Type "B" is neither a built-in type',
    ],
  ])("is refused with Prisma's own message: %s", (text, message) => {
    expect(() => parseSchema(text)).toThrow(ConfigurationError)
    expect(() => parseSchema(text)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(`^the Prisma schema does not parse: [^]*${message}`),
      }),
    )
  })
})

describe('a field or model with @ignore', () => {
  const catalog = catalogOf(`
    model A {
      id Int @id // not an @ignore
      bs B[]
      cs C[] @ignore
      ds D[] @ignore
      text String @default("@ignore") @ignore
      aId Int @ignore
      a A? @relation("self", fields: [aId], references: [id]) @ignore
      as A[] @relation("self")
    }
    model B {
      id Int @id
      aId Int
      a A @relation(fields: [aId], references: [id], onDelete: Cascade) @ignore
    }
    model C {
      aId Int
      a A @relation(fields: [aId], references: [id], onDelete: Cascade)
      code String @unique
      ds D[]
      @@map("c_rows")
      @@ignore
    }
    model D {
      id Int @id
      code String
      c C @relation(fields: [code], references: [code], onDelete: Cascade) @ignore
      as A[] @ignore
    }`)

  it('is not part of the client', () => {
    expect([...modelOf(catalog, 'A').fields.keys()]).toEqual(['id'])
    expect([...modelOf(catalog, 'A').relations.keys()]).toEqual(['bs', 'as'])
    expect(modelsOfClient(catalog).map(({ name }) => name)).toEqual(['A', 'B', 'D'])
    expect(modelOf(catalog, 'C')).toMatchObject({ kind: 'hidden', table: 'c_rows' })
  })

  it('still has its foreign keys and join tables', () => {
    const holders = modelOf(catalog, 'A').referencedBy.map(({ holder }) => holder)
    expect(holders).toEqual(['A', 'B', 'C', '_AToD'])
    expect(modelOf(catalog, 'C').referencedBy.map(({ holder }) => holder)).toEqual(['D'])
    expect(relation(catalog, 'A', 'bs')).toMatchObject({ here: ['id'], there: ['aId'] })
  })
})

describe('a view', () => {
  it.each([
    ['a field of that name', 'model A {; view B? @relation("v"); id Int @id; }'],
    ['a comment', '/* view A {; */ model A { id Int @id }'],
  ])('is not found in %s', (_, text) => {
    const b =
      'model B {; id Int @id; aId Int @unique; a A @relation("v", fields: [aId], references: [id]); }'
    const catalog = catalogOf(text.includes('B?') ? `${text} ${b}` : text)
    for (const { kind } of catalog.models.values()) expect(kind).toBe('table')
  })

  it('is not found in a string', () => {
    const model = 'model A {\nid Int @id\ntext String @default("\\"view A {")\n}'
    const { models } = parseSchema(`datasource db {\nprovider = "sqlite"\n}\n${model}`)
    expect(models.get('A')?.kind).toBe('table')
  })

  it('is found behind a comment on the same line', () => {
    const catalog = catalogOf('model A { id Int @id } /* one */   view   V  {; id Int @unique; }')
    expect(modelOf(catalog, 'V').kind).toBe('view')
  })
})
