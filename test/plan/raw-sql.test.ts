import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../src/catalog/catalog.js'
import { parseSchema } from '../../src/catalog/schema.js'
import { mayWrite, modelsNamedIn } from '../../src/plan/raw-sql.js'

const shop = parseSchema(readFileSync('prisma/sqlite/schema.prisma', 'utf8'))
const everyModel = [...shop.models.keys()].sort()

function namedIn({ models }: Catalog, sql: string): readonly string[] {
  return modelsNamedIn(models.values(), sql)
    .map(({ name }) => name)
    .sort()
}

function written(sql: string): readonly string[] {
  return namedIn(shop, sql)
}

describe('raw SQL changes', () => {
  it.each([
    `UPDATE posts SET views = 1`,
    `UPDATE "posts" SET "views" = 1`,
    'UPDATE `main`.`posts` SET views = 1',
    `UPDATE [posts] SET views = 1`,
    `UPDATE "public"."posts" SET views = 1`,
    `UPDATE public.POSTS SET views = 1`,
    `update Posts set views = 1`,
    `INSERT INTO posts(title) VALUES ('x')`,
    `UPDATE\tposts\nSET views = 1`,
    `MERGE INTO posts AS t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE`,
  ])('the model whose table it names: %s', (sql) => {
    expect(written(sql)).toEqual(['Post'])
  })

  it('each table that it names', () => {
    expect(written(`DELETE FROM "Tag" USING "Team"`)).toEqual(['Tag', 'Team'])
  })

  it('a join table', () => {
    expect(written(`DELETE FROM "_PostToTag" WHERE "A" = 1`)).toEqual(['_PostToTag'])
  })

  it.each([
    ['names none', 'CALL nightly()'],
    ['names a table that only looks like one', `DELETE FROM archived_posts`],
    ['names a model by its name, not its table', `DELETE FROM "Post"`],
    ['is empty', ''],
    ['names a view', `DELETE FROM "AuthorStats"`],
    ['names a view beside a table', `DELETE FROM "AuthorStats" USING posts`],
  ])('every table where it %s', (_, sql) => {
    expect(written(sql)).toEqual(everyModel)
  })

  it('a table whose name no word can be', () => {
    const catalog = parseSchema(`
      datasource db {
        provider = "postgresql"
      }
      model Order {
        id Int @id
        @@map("shop orders")
      }
      model Client {
        id Int @id
        @@map("straße")
      }`)
    expect(namedIn(catalog, `DELETE FROM "shop orders"`)).toEqual(['Order'])
    expect(namedIn(catalog, `DELETE FROM "straße"`)).toEqual(['Client'])
  })
})

describe('a raw query may write', () => {
  it.each([
    'INSERT INTO t VALUES (1)',
    'update t set a = 1',
    'WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone',
    'SELECT * FROM t FOR UPDATE',
    'REPLACE INTO t VALUES (1)',
    'TRUNCATE t',
    'call nightly()',
    'DO $$ BEGIN END $$',
    'REFRESH MATERIALIZED VIEW v',
  ])('%s', (sql) => {
    expect(mayWrite(sql)).toBe(true)
  })
})

describe('a raw query only reads', () => {
  it.each([
    'SELECT 1',
    'select updated_at, "deleted" from t',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'EXPLAIN SELECT 1',
  ])('%s', (sql) => {
    expect(mayWrite(sql)).toBe(false)
  })
})
