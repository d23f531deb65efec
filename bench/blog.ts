// Creates the rows of a RealWorld blog, in a SQLite database that is in memory if /dev/shm exists.
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaClient } from '../examples/conduit-api/generated/sqlite/client.js'

export interface Size {
  readonly users: number
  readonly articles: number
  readonly comments: number
  readonly tags: number
}

export interface Blog {
  readonly client: PrismaClient
  remove(): Promise<void>
}

export async function openBlog(size: Size): Promise<Blog> {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const folder = await mkdtemp(join(parent, 'bench-blog-'))
  const adapter = new PrismaLibSql({ url: `file:${join(folder, 'blog.db')}` })
  const connection = await adapter.connect()
  const migration = '../examples/conduit-api/prisma/sqlite/migrations/0001_init/migration.sql'
  await connection.executeScript(await readFile(new URL(migration, import.meta.url), 'utf8'))
  await connection.dispose()
  const client = new PrismaClient({ adapter })
  await fillBlog(client, size)
  return {
    client,
    async remove() {
      await client.$disconnect()
      await rm(folder, { recursive: true })
    },
  }
}

/** Inserts the rows of a blog into any database that has the schema of examples/conduit-api. */
export async function fillBlog(
  client: PrismaClient,
  { users, articles, comments, tags }: Size,
): Promise<void> {
  const many = <T>(count: number, row: (n: number) => T) =>
    Array.from({ length: count }, (_, n) => row(n))
  await inParts(
    many(users, (n) => userRow(n + 1)),
    (data) => client.user.createMany({ data }),
  )
  await inParts(
    many(tags, (n) => ({ name: tagOf(n) })),
    (data) => client.tag.createMany({ data }),
  )
  await inParts(
    many(articles, (n) => articleRow(n + 1, (n * 7 + 3) % users)),
    (data) => client.article.createMany({ data }),
  )
  await inParts(
    many(comments, (n) => ({
      body: `comment ${n}`,
      articleId: ((n * 13) % articles) + 1,
      authorId: ((n * 5) % users) + 1,
    })),
    (data) => client.comment.createMany({ data }),
  )
  await inParts(
    many(
      articles * 2,
      (n) => [(n % articles) + 1, tagOf((n * 11 + Math.floor(n / articles)) % tags)] as const,
    ),
    (pairs) =>
      client.$executeRawUnsafe(
        `INSERT INTO "_ArticleToTag" ("A", "B") VALUES ${pairs.map(([a, b]) => `(${a}, '${b}')`)} ON CONFLICT DO NOTHING`,
      ),
  )
  await inParts(
    unique(
      many(users * 5, (n) => ({
        followerId: (n % users) + 1,
        followedId: ((n * 31 + Math.floor(n / users)) % users) + 1,
      })),
    ),
    (data) => client.follow.createMany({ data }),
  )
  await inParts(
    unique(
      many(articles * 2, (n) => ({
        userId: ((n * 17 + Math.floor(n / articles)) % users) + 1,
        articleId: (n % articles) + 1,
      })),
    ),
    (data) => client.favorite.createMany({ data }),
  )
}

export const userRow = (n: number) => ({
  email: `user${n}@example.org`,
  username: `user${n}`,
  passwordHash: 'x',
})

export const articleRow = (n: number, author: number) => ({
  slug: `article-${n}`,
  title: `Article ${n}`,
  description: 'About something',
  body: 'Lorem ipsum '.repeat(20),
  createdAt: new Date(1_700_000_000_000 + n * 60_000),
  authorId: author + 1,
})

export const tagOf = (n: number) => `tag${n}`

function unique<T>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()]
}

async function inParts<T>(
  rows: readonly T[],
  insert: (part: T[]) => PromiseLike<unknown>,
): Promise<void> {
  for (let at = 0; at < rows.length; at += 1_000) await insert(rows.slice(at, at + 1_000))
}
