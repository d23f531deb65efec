import type { Client } from './database.js'
import { hashPassword } from './sessions.js'

const authors = ['ann', 'bob', 'cleo']
const topics = ['aerospike', 'caching', 'prisma', 'sqlite', 'typescript']

/**
 * Fills an empty database with users, articles and drafts. The password of all users is `conduit`.
 */
export async function seed(client: Client, articles: number): Promise<void> {
  if ((await client.user.count()) > 0) return
  const passwordHash = await hashPassword('conduit')
  await client.user.createMany({
    data: authors.map((username) => ({
      username,
      email: `${username}@example.org`,
      passwordHash,
    })),
  })
  await client.tag.createMany({ data: topics.map((name) => ({ name })) })
  const people = await client.user.findMany({ orderBy: { id: 'asc' } })
  for (let n = 1; n <= articles; n += 1) {
    const topic = (turn: number) => ({ name: topics[(n * turn) % topics.length] as string })
    await client.article.create({
      data: {
        slug: `article-${n}`,
        title: `Article ${n}`,
        description: `Number ${n} of ${articles}`,
        body: 'What is written here is read a hundred times more often than it changes. '.repeat(
          10,
        ),
        createdAt: new Date(Date.UTC(2026, 0, 1) + n * 60_000),
        author: { connect: { id: people[n % people.length]?.id as number } },
        tags: { connect: [topic(1), topic(2)] },
        comments: {
          create: people.map(({ id }) => ({ body: `Comment on ${n}`, authorId: id })),
        },
      },
    })
  }
  await client.article.createMany({
    data: people.map(({ id, username }) => ({
      slug: `draft-of-${username}`,
      title: `Draft of ${username}`,
      description: 'Only its author sees this',
      body: 'Save it as often as you like: the list stays in the cache until this is published.',
      status: 'draft',
      authorId: id,
    })),
  })
}
