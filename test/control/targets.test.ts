import { describe, expect, it, onTestFinished } from 'vitest'
import { cacheAside, memory } from '../../src/index.js'
import { createDatabase } from '../support/databases.js'
import { openShop } from '../support/shop.js'

/** Opens a blog with two authors who have a post each. */
async function openBlog() {
  const database = await createDatabase('sqlite')
  onTestFinished(() => database.drop())
  const { client, statements } = database.connect()
  for (const email of ['ann', 'bob']) {
    await client.user.create({ data: { email, posts: { create: { title: email } } } })
  }
  const prisma = client.$extends(cacheAside({ store: memory() }))
  const reads = {
    'the post': () => prisma.post.findUnique({ where: { id: 1 } }),
    'the posts of its author': () => prisma.post.findMany({ where: { authorId: 1 } }),
    'another post': () => prisma.post.findUnique({ where: { id: 2 } }),
    'the posts of another author': () => prisma.post.findMany({ where: { authorId: 2 } }),
    'all posts': () => prisma.post.findMany(),
    'a user': () => prisma.user.findUnique({ where: { id: 1 } }),
  }

  /** Returns the names of the reads that the call invalidates. */
  async function invalidated(call: () => PromiseLike<unknown>): Promise<readonly string[]> {
    for (const read of Object.values(reads)) await read()
    await call()
    const missed: string[] = []
    for (const [name, read] of Object.entries(reads)) {
      const before = statements.length
      await read()
      if (statements.length > before) missed.push(name)
    }
    return missed
  }
  return { prisma, invalidated }
}

describe('rows that a call of $cache names', () => {
  it('are invalidated, with the lists that may contain them', async () => {
    const { prisma, invalidated } = await openBlog()
    const where = { id: 1, authorId: 1, editorId: null }
    expect(await invalidated(() => prisma.$cache.invalidate({ Post: where }))).toEqual([
      'the post',
      'the posts of its author',
      'all posts',
    ])
  })

  it('may have any value in the fields that are not named', async () => {
    const { prisma, invalidated } = await openBlog()
    const where = { id: 1 }
    expect(await invalidated(() => prisma.$cache.invalidate({ Post: where }))).toEqual([
      'the post',
      'the posts of its author',
      'the posts of another author',
      'all posts',
    ])
  })

  it('are the rows that raw SQL inside `changing` touches', async () => {
    const { prisma, invalidated } = await openBlog()
    const keys = { Post: { id: 1, authorId: 1, editorId: null } }
    const write = () =>
      prisma.$cache.changing(
        keys,
        () => prisma.$executeRaw`UPDATE posts SET views = views + 1 WHERE id = 1`,
      )
    expect(await invalidated(write)).toEqual(['the post', 'the posts of its author', 'all posts'])
  })

  it('may be rows that raw SQL creates', async () => {
    const { prisma } = await openBlog()
    const third = () => prisma.post.findUnique({ where: { id: 3 } })
    expect(await third()).toBeNull()
    await prisma.$cache.changing(
      { Post: { authorId: 1 } },
      () => prisma.$executeRaw`INSERT INTO posts (title, author_id) VALUES ('new', 1)`,
    )
    expect(await third()).toMatchObject({ title: 'new' })
  })

  it('may be rows that a loaded value depends on', async () => {
    const { prisma } = await openBlog()
    let loads = 0
    const titles = () =>
      prisma.$cache.getOrLoad(
        'titles of ann',
        () => {
          loads += 1
          return loads
        },
        { dependsOn: ['Tag', { Post: { authorId: 1 } }] },
      )
    await titles()
    await prisma.post.create({ data: { title: 'x', authorId: 2 } })
    expect(await titles()).toBe(1)
    await prisma.post.create({ data: { title: 'x', authorId: 1 } })
    expect(await titles()).toBe(2)
    await prisma.tag.create({ data: { name: 'x' } })
    expect(await titles()).toBe(3)
  })

  it('must be named by a tracked key if a value depends on them', async () => {
    const { prisma } = await openBlog()
    const load = (dependsOn: never[]) => prisma.$cache.getOrLoad('n', () => 1, { dependsOn })
    await expect(load([{ Post: { title: 'x' } }] as never[])).rejects.toThrow(
      "getOrLoad.dependsOn: expected values of a tracked key of Post: `title` is not a tracked key: add trackBy: ['title']",
    )
    await expect(load([{ Post: { titel: 'x' } }] as never[])).rejects.toThrow(
      "unknown field 'titel' in getOrLoad.dependsOn.Post; did you mean 'title'?",
    )
    await expect(load([7] as never[])).rejects.toThrow(
      "getOrLoad.dependsOn: expected a model or rows of a model, such as 'Post' or { Post: { id: 7 } }, got 7",
    )
  })
})

describe('a model that is named as a whole has its join tables with it', () => {
  async function openTags() {
    const shop = await openShop()
    const { plain, prisma } = shop
    await plain.user.create({ data: { id: 1, email: 'ann' } })
    await plain.post.create({ data: { id: 1, title: 'p', authorId: 1 } })
    await plain.tag.create({ data: { id: 1, name: 't' } })
    const count = (client: typeof plain) => async () => {
      const tags = await client.tag.findMany({ include: { _count: { select: { posts: true } } } })
      return tags.map(({ _count }) => _count.posts)
    }
    const connect = (client: typeof plain) =>
      client.tag.update({ where: { id: 1 }, data: { posts: { connect: { id: 1 } } } })
    const cached = prisma as unknown as typeof plain
    return { ...shop, plain, cached, count, connect }
  }

  it.each(['Post', 'Tag'] as const)('in $cache.invalidate(%j)', async (model) => {
    const { plain, prisma, cached, count, connect } = await openTags()
    expect(await count(cached)()).toEqual([0])
    await connect(plain)
    await prisma.$cache.invalidate(model)
    expect(await count(cached)()).toEqual([1])
  })

  it.each(['Post', 'Tag'] as const)('in dependsOn: [%j]', async (model) => {
    const { plain, prisma, cached, count, connect } = await openTags()
    const load = () => prisma.$cache.getOrLoad('count', count(plain), { dependsOn: [model] })
    expect(await load()).toEqual([0])
    await connect(cached)
    expect(await load()).toEqual([1])
  })
})
