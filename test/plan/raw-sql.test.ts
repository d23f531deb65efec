import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../src/catalog/catalog.js'
import { parseSchema } from '../../src/catalog/schema.js'
import { effectOf, type WritingFunctions } from '../../src/plan/raw-sql.js'

const shop = parseSchema(readFileSync('prisma/sqlite/schema.prisma', 'utf8'))

/** The names of the models that the SQL may change, or `'all'`. */
function changedIn({ models }: Catalog, sql: string): readonly string[] | 'all' {
  const effect = effectOf(models.values(), sql)
  return effect.models === 'all' ? 'all' : effect.models.map(({ name }) => name).sort()
}

function changed(sql: string): readonly string[] | 'all' {
  return changedIn(shop, sql)
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
    expect(changed(sql)).toEqual(['Post'])
  })

  it('each table that it names', () => {
    expect(changed(`DELETE FROM "Tag" USING "Team"`)).toEqual(['Tag', 'Team'])
  })

  it('a join table', () => {
    expect(changed(`DELETE FROM "_PostToTag" WHERE "A" = 1`)).toEqual(['_PostToTag'])
  })

  it.each([
    ['calls a procedure', 'CALL merge_posts("posts")'],
    ['runs a block', `DO $$ BEGIN UPDATE posts SET views = 1; END $$`],
    ['executes text as SQL', `EXECUTE 'UPDATE posts SET views = 1'`],
    ['passes text to a function that may run it', `SELECT run('UPDATE posts SET views = 1')`],
    ['names a table that only looks like a model’s', `DELETE FROM archived_posts`],
    ['names a model by its name, not its table', `DELETE FROM "Post"`],
    [
      'writes to a table that is no model, and reads a model',
      `UPDATE posts_eu SET a = b.id FROM "Tag" b`,
    ],
    [
      'writes to an unknown table in a common table expression',
      `WITH a AS (DELETE FROM posts_eu RETURNING *) SELECT * FROM posts`,
    ],
    ['names a view', `DELETE FROM "AuthorStats"`],
    ['names a view beside a table', `DELETE FROM "AuthorStats" USING posts`],
    ['begins with an unknown word', 'FROBNICATE posts'],
    ['does not end a string', `UPDATE posts SET title = 'x`],
    ['does not end a comment', 'UPDATE posts SET title = 1 /* x'],
    [
      'has a string that databases read differently',
      String.raw`UPDATE posts SET title = 'x\', views = 'y'`,
    ],
    ['commits a transaction that another connection has prepared', `COMMIT PREPARED 'a'`],
  ])('every table where it %s', (_, sql) => {
    expect(changed(sql)).toBe('all')
  })

  it.each([
    [`UPDATE posts SET title = 'DELETE FROM "Tag"'`, ['Post']],
    [`UPDATE posts SET title = 'it''s' -- and "Tag"`, ['Post']],
    [`UPDATE /* "Tag" /* nested */ */ posts SET title = $a$ "Tag" $a$`, ['Post']],
    [`SELECT 1; DELETE FROM "Tag"; UPDATE posts SET views = 1`, ['Post', 'Tag']],
    [`WITH gone AS (DELETE FROM "Tag" RETURNING id) SELECT * FROM gone`, ['Tag']],
    [`WITH a AS (SELECT 1) UPDATE posts SET views = 1`, ['Post']],
    [`INSERT INTO "Tag" (name) VALUES ('x') ON CONFLICT DO UPDATE SET name = 'y'`, ['Tag']],
    ['INSERT INTO `Tag` (name) VALUES (1) ON DUPLICATE KEY UPDATE name = 2', ['Tag']],
    ['EXPLAIN ANALYZE DELETE FROM posts', ['Post']],
    ['TRUNCATE TABLE posts, "Tag"', ['Post', 'Tag']],
    ['INSERT OR REPLACE INTO "Tag" VALUES (1)', ['Tag']],
    ['ALTER TABLE posts DROP COLUMN views', ['Post']],
  ])('only the tables that it writes to: %s', (sql, expected) => {
    expect(changed(sql)).toEqual(expected)
  })

  it('a table whose name is not a plain word', () => {
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
    expect(changedIn(catalog, `DELETE FROM "shop orders"`)).toEqual(['Order'])
    expect(changedIn(catalog, `DELETE FROM "straße"`)).toEqual(['Client'])
  })
})

describe('raw SQL changes no model where it only reads or changes no rows:', () => {
  it.each([
    '',
    ' -- nothing ',
    'SELECT 1',
    'SELECT * FROM posts FOR UPDATE',
    'SELECT * FROM posts FOR NO KEY UPDATE',
    `SELECT * FROM posts WHERE title = 'update posts set'`,
    `SELECT replace(title, 'a', 'b'), lower(replace(title, 'a', 'b')) FROM posts`,
    `SELECT "update", "deleted" FROM posts`,
    'select updated_at from posts',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'EXPLAIN DELETE FROM posts',
    `SELECT set_config('app.tenant', 'a', true)`,
    `SET LOCAL app.tenant = 'a'`,
    'SELECT pg_advisory_xact_lock(1)',
    `SELECT pg_notify('changes', 'update posts set x')`,
    'ANALYZE posts',
    'LOCK TABLE posts',
    'SAVEPOINT a',
    'PRAGMA foreign_keys',
  ])('%s', (sql) => {
    expect(changed(sql)).toEqual([])
  })
})

describe('a SELECT that calls a function', () => {
  const changedWith = (writingFunctions: WritingFunctions, sql: string) => {
    const effect = effectOf(shop.models.values(), sql, writingFunctions)
    return effect.models === 'all' ? 'all' : effect.models.map(({ name }) => name)
  }

  it.each<[WritingFunctions, string, readonly string[] | 'all']>([
    [['merge_tags'], 'SELECT merge_tags(1) FROM "Tag"', ['Tag']],
    [['merge_tags'], 'SELECT MERGE_TAGS(1)', 'all'],
    [['merge_tags'], 'SELECT other(1) FROM "Tag"', []],
    [true, 'SELECT other(1) FROM "Tag"', ['Tag']],
    [true, 'SELECT count(*), lower(title) FROM posts', []],
    [[], 'SELECT other(1) FROM "Tag"', []],
  ])('with writingFunctions %j: %s', (writingFunctions, sql, expected) => {
    expect(changedWith(writingFunctions, sql)).toEqual(expected)
  })
})

describe('raw SQL', () => {
  it.each([
    'COMMIT',
    'END',
    'COMMIT AND CHAIN',
    `PREPARE TRANSACTION 'a'`,
    'RELEASE a',
    'SELECT 1; COMMIT',
  ])('may commit its transaction: %s', (sql) => {
    expect(effectOf(shop.models.values(), sql).mayCommit).toBe(true)
  })

  it.each(['SELECT 1', 'ROLLBACK', 'SAVEPOINT a', 'UPDATE posts SET views = 1'])(
    'does not commit its transaction: %s',
    (sql) => {
      expect(effectOf(shop.models.values(), sql).mayCommit).toBe(false)
    },
  )

  it('changes the tables that refer to a truncated table only with CASCADE', () => {
    expect(effectOf(shop.models.values(), 'TRUNCATE "Org" CASCADE')).toMatchObject({
      cascades: true,
    })
    expect(effectOf(shop.models.values(), 'TRUNCATE "Org"')).toMatchObject({ cascades: false })
  })
})
