import { describe, expect, it, onTestFinished } from 'vitest'
import type { PrismaClient } from '../generated/sqlite/client/client.js'
import { type CacheAsideOptions, cacheAside, memory } from '../src/index.js'
import { createDatabase } from './support/databases.js'

/** Opens a blog: two authors with two posts each, a comment on the first post, and a client that counts its SQL. */
async function openBlog(
  options: CacheAsideOptions = {},
  prepare: (client: PrismaClient) => PrismaClient = (client) => client,
) {
  const database = await createDatabase('sqlite')
  onTestFinished(() => database.drop())
  const { client, statements } = database.connect()
  for (const email of ['ann', 'bob']) {
    await client.user.create({
      data: { email, posts: { create: [{ title: `${email} 1` }, { title: `${email} 2` }] } },
    })
  }
  await client.comment.create({ data: { body: 'c', postId: 1, authorId: 2 } })
  const prisma = prepare(client).$extends(cacheAside({ store: memory(), ...options }))

  /** Whether the read is answered without SQL. */
  async function isHit(read: () => PromiseLike<unknown>): Promise<boolean> {
    const before = statements.length
    await read()
    return statements.length === before
  }
  /** Returns the names of the reads that the write invalidates. */
  async function invalidated(
    write: () => PromiseLike<unknown>,
    reads: Readonly<Record<string, () => PromiseLike<unknown>>>,
  ): Promise<readonly string[]> {
    for (const read of Object.values(reads)) {
      await read()
      expect(await isHit(read)).toBe(true)
    }
    await write()
    const missed: string[] = []
    for (const [name, read] of Object.entries(reads)) if (!(await isHit(read))) missed.push(name)
    return missed
  }
  return { client, prisma, statements, invalidated }
}

describe('a write invalidates few reads', () => {
  it('a new comment invalidates the lists that may contain it', async () => {
    const { prisma, invalidated } = await openBlog()
    const commentsOf = (postId: number) => () => prisma.comment.findMany({ where: { postId } })
    const write = () => prisma.comment.create({ data: { body: 'd', postId: 1, authorId: 1 } })
    expect(
      await invalidated(write, {
        'its post': commentsOf(1),
        'another post': commentsOf(3),
        'its author': () => prisma.comment.findMany({ where: { authorId: 1 } }),
        'another author': () => prisma.comment.findMany({ where: { authorId: 2 } }),
        'the post itself': () => prisma.post.findUnique({ where: { id: 1 } }),
        'the post and its comments': () =>
          prisma.post.findUnique({ where: { id: 1 }, include: { comments: true } }),
        'another post and its comments': () =>
          prisma.post.findUnique({ where: { id: 2 }, include: { comments: true } }),
        'a comment that was there': () => prisma.comment.findUnique({ where: { id: 1 } }),
        'all comments': () => prisma.comment.findMany(),
        'the number of its author’s comments': () =>
          prisma.user.findUnique({
            where: { id: 1 },
            select: { _count: { select: { comments: true } } },
          }),
        'the number of another author’s comments': () =>
          prisma.user.findUnique({
            where: { id: 2 },
            select: { _count: { select: { comments: true } } },
          }),
      }),
    ).toEqual([
      'its post',
      'its author',
      'the post and its comments',
      'all comments',
      'the number of its author’s comments',
    ])
  })

  it('a new name of a user invalidates the answers that show the user', async () => {
    const { prisma, invalidated } = await openBlog()
    const write = () => prisma.user.update({ where: { email: 'ann' }, data: { name: 'Ann' } })
    expect(
      await invalidated(write, {
        'her by id': () => prisma.user.findUnique({ where: { id: 1 } }),
        'her by email': () => prisma.user.findUnique({ where: { email: 'ann' } }),
        'another user': () => prisma.user.findUnique({ where: { id: 2 } }),
        'her post with its author': () =>
          prisma.post.findUnique({ where: { id: 1 }, include: { author: true } }),
        'another’s post with its author': () =>
          prisma.post.findUnique({ where: { id: 3 }, include: { author: true } }),
        'her posts': () => prisma.user.findUnique({ where: { id: 1 } }).posts(),
        'a post, its comments and their authors': () =>
          prisma.post.findUnique({
            where: { id: 1 },
            include: { comments: { include: { author: true } } },
          }),
      }),
    ).toEqual(['her by id', 'her by email', 'her post with its author', 'her posts'])
  })

  it('a new row invalidates only lists with the same value in a `trackBy` field', async () => {
    const { prisma, invalidated } = await openBlog({ models: { Post: { trackBy: ['title'] } } })
    const titled = (title: string) => () => prisma.post.findMany({ where: { title } })
    const write = () => prisma.post.create({ data: { title: 'ann 1', authorId: 2 } })
    expect(await invalidated(write, { same: titled('ann 1'), other: titled('ann 2') })).toEqual([
      'same',
    ])
  })

  it('writes in a transaction and in a batch are as precise', async () => {
    const { prisma, invalidated } = await openBlog()
    const postsOf = (authorId: number) => () => prisma.post.findMany({ where: { authorId } })
    const reads = { ann: postsOf(1), bob: postsOf(2) }
    const data = { title: 'new', authorId: 1 }
    expect(
      await invalidated(() => prisma.$transaction((tx) => tx.post.create({ data })), reads),
    ).toEqual(['ann'])
    expect(
      await invalidated(() => prisma.$transaction([prisma.post.create({ data })]), reads),
    ).toEqual(['ann'])
  })
})

describe('the result of a write is that of a client without a cache', () => {
  it('with the same fields in the same order', async () => {
    const { client, prisma } = await openBlog()
    const args = { where: { id: 1 }, data: { views: 1 } }
    for (const selection of [
      { select: { title: true } },
      { select: { views: true, author: { select: { name: true } } } },
      { select: { _count: true } },
      { omit: { id: true, authorId: true } as const },
      { include: { author: true } },
    ]) {
      const expected = await client.post.update({ ...args, ...selection } as never)
      const actual = await prisma.post.update({ ...args, ...selection } as never)
      expect(actual).toEqual(expected)
      expect(Object.keys(actual)).toEqual(Object.keys(expected))
    }
  })

  it('also with computed fields', async () => {
    const computes = (client: PrismaClient) =>
      client.$extends({
        result: {
          user: {
            // This computed field replaces a field of the database.
            email: { needs: { email: true }, compute: ({ email }) => `<${email}>` },
            label: { needs: { id: true, email: true }, compute: ({ id }) => `#${id}` },
          },
        },
      }) as unknown as PrismaClient
    const { prisma, invalidated } = await openBlog({}, computes)
    const ann = () => prisma.user.findUnique({ where: { email: 'ann' } })
    const select = { label: true } as never
    let result: unknown
    const write = async () => {
      result = await prisma.user.update({ where: { id: 1 }, data: { name: 'A' }, select })
    }
    expect(await invalidated(write, { ann })).toEqual(['ann'])
    expect(JSON.stringify(result)).toBe('{"label":"#1"}')
    expect(await ann()).toMatchObject({ name: 'A', email: '<ann>' })
  })

  it('also where Prisma refuses the selection', async () => {
    const { prisma } = await openBlog()
    const args = { where: { id: 1 }, data: { views: 1 } }
    await expect(prisma.post.update({ ...args, select: {} })).rejects.toThrow('select')
    await expect(prisma.post.update({ ...args, select: { id: false } })).rejects.toThrow('select')
  })
})

describe('$cache.explain', () => {
  it('says what a read depends on and what would make it precise, without running it', async () => {
    const { prisma, statements } = await openBlog()
    const before = statements.length
    const explanation = await prisma.$cache.explain(() =>
      prisma.post.findMany({ where: { title: 't' }, include: { comments: true } }),
    )
    expect(explanation).toEqual({
      kind: 'read',
      model: 'Post',
      operation: 'findMany',
      key: expect.any(String),
      ttlMs: 60_000,
      tags: [
        {
          name: 'Post',
          precise: false,
          at: 'where',
          why: "`Post` as a whole, because `title` is not a tracked key: add trackBy: ['title']",
        },
        {
          name: 'Comment{postId:…}',
          precise: true,
          at: 'comments',
          why: 'the values are those of the returned rows',
        },
      ],
    })
    expect(statements.length).toBe(before)
    expect(prisma.$cache.stats()).toMatchObject({ hits: 0, misses: 0, bypasses: 0 })
  })

  it.each<readonly [title: string, where: object, why: string]>([
    ['no filter', {}, 'no condition gives a tracked key a value: any row may match'],
    ['a range', { authorId: { gt: 1 } }, '`authorId` is compared by gt, not by equality'],
    ['NOT', { NOT: { id: 1 } }, 'NOT gives no key a value'],
    [
      'OR',
      { OR: [{ id: 1 }, { title: 't' }] },
      "every branch of OR must give a tracked key a value (`title` is not a tracked key: add trackBy: ['title'])",
    ],
    [
      'many values',
      { id: { in: Array.from({ length: 40 }, (_, id) => id) } },
      '`id` is one of 40 values, more than 32',
    ],
  ])('says why a read with %s is not precise', async (_, where, why) => {
    const { prisma } = await openBlog()
    const { tags } = await prisma.$cache.explain(() => prisma.post.count({ where }))
    expect(tags).toEqual([
      { name: 'Post', precise: false, at: 'where', why: `\`Post\` as a whole, because ${why}` },
    ])
  })

  it('says that the database does not compare a column exactly', async () => {
    const { prisma } = await openBlog()
    const { tags } = await prisma.$cache.explain(() =>
      prisma.user.findMany({ where: { score: 1 } }),
    )
    expect(tags[0]?.why).toContain('this database does not compare `score` exactly (Float)')
  })

  it('says what a write touches', async () => {
    const { prisma, statements } = await openBlog()
    const before = statements.length
    const data = { authorId: 2 }
    const { kind, tags } = await prisma.$cache.explain(() =>
      prisma.post.update({ where: { id: 1 }, data }),
    )
    expect(statements.length).toBe(before)
    expect(kind).toBe('write')
    expect(tags.map(({ name, precise }) => [name, precise])).toEqual([
      ['Post', false],
      ['Post{id:1}', true],
      ['Post{authorId}', false],
      ['Post{editorId}', false],
    ])
    expect(tags[2]?.why).toBe(
      '`authorId` changes, and its value before is not in `where`: add it there to invalidate less',
    )
  })

  it('says what raw SQL touches', async () => {
    const { prisma } = await openBlog()
    const { tags } = await prisma.$cache.explain(() => prisma.$executeRaw`DELETE FROM "Badge"`)
    expect(tags.map(({ name }) => name)).toEqual(['Badge', 'Badge{id}', 'Badge{handle}'])
  })

  it('says why a read is not cached', async () => {
    const { prisma } = await openBlog({ models: { Badge: false } })
    expect(await prisma.$cache.explain(() => prisma.badge.findMany())).toEqual({
      kind: 'read',
      model: 'Badge',
      operation: 'findMany',
      bypass: 'disabled',
      tags: [],
    })
  })

  it('refuses a function that makes no call, and passes on its error', async () => {
    const { prisma } = await openBlog()
    await expect(prisma.$cache.explain(async () => 1)).rejects.toThrow(
      'explain: expected a function that calls',
    )
    await expect(
      prisma.$cache.explain(async () => {
        throw new Error('error of the function')
      }),
    ).rejects.toThrow('error of the function')
  })
})
