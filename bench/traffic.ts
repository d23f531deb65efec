// Draws random calls of a blog's users. A few rows are used far more often than most others.
import type { PrismaClient } from '../examples/conduit-api/generated/sqlite/client.js'
import { articleRow, type Size, tagOf } from './blog.js'

export interface Call {
  /** Equal queries have equal names. */
  readonly name: string
  readonly run: (client: PrismaClient) => PromiseLike<unknown>
}

/** The names of the calls that write. */
export const writes: ReadonlySet<string> = new Set([
  'comment',
  'favor',
  'disfavor',
  'follow',
  'edit',
  'publish',
  'rename',
])

export interface Traffic {
  readCall(): Call
  writeCall(): Call
}

/** @param random returns numbers from 0 to 1, without 1. */
export function traffic(size: Size, random: () => number): Traffic {
  const draw = {
    article: zipf(size.articles, random),
    user: zipf(size.users, random),
    tag: zipf(size.tags, random),
  }
  let newest = size.articles
  return { readCall, writeCall }

  function readCall(): Call {
    const summary = {
      author: { select: { id: true, username: true, image: true } },
      tags: { orderBy: { name: 'asc' } },
      _count: { select: { favorites: true } },
    } as const
    const latest = { orderBy: { createdAt: 'desc' }, take: 20, include: summary } as const
    const choice = random()
    if (choice < 0.4) {
      const slug = `article-${draw.article()}`
      return {
        name: `article ${slug}`,
        run: (c) => c.article.findUnique({ where: { slug }, include: summary }),
      }
    }
    if (choice < 0.6) {
      const articleId = draw.article()
      const include = { author: { select: { id: true, username: true } } }
      return {
        name: `comments ${articleId}`,
        run: (c) => c.comment.findMany({ where: { articleId }, include, orderBy: { id: 'asc' } }),
      }
    }
    if (choice < 0.7) {
      const username = `user${draw.user()}`
      const include = { _count: { select: { followers: true, articles: true } } }
      return {
        name: `profile ${username}`,
        run: (c) => c.user.findUnique({ where: { username }, include }),
      }
    }
    if (choice < 0.8) {
      const authorId = draw.user()
      return {
        name: `author ${authorId}`,
        run: (c) => c.article.findMany({ where: { authorId }, ...latest }),
      }
    }
    if (choice < 0.85) return { name: 'home', run: (c) => c.article.findMany(latest) }
    if (choice < 0.9) {
      const tag = tagOf(draw.tag() - 1)
      return {
        name: `tagged ${tag}`,
        run: (c) => c.article.findMany({ where: { tags: { some: { name: tag } } }, ...latest }),
      }
    }
    if (choice < 0.95) {
      const [followerId, followedId] = [draw.user(), draw.user()]
      return {
        name: `follows ${followerId} ${followedId}`,
        run: (c) =>
          c.follow.findUnique({ where: { followerId_followedId: { followerId, followedId } } }),
      }
    }
    const [userId, articleId] = [draw.user(), draw.article()]
    return {
      name: `favored ${userId} ${articleId}`,
      run: (c) => c.favorite.findUnique({ where: { userId_articleId: { userId, articleId } } }),
    }
  }

  function writeCall(): Call {
    const choice = random()
    const [userId, articleId] = [draw.user(), draw.article()]
    const named = (name: string, run: Call['run']): Call => ({ name, run })
    if (choice < 0.4) {
      return named('comment', (c) =>
        c.comment.create({ data: { body: 'new', articleId, authorId: userId } }),
      )
    }
    if (choice < 0.6) {
      const key = { userId, articleId }
      return named('favor', (c) =>
        c.favorite.upsert({ where: { userId_articleId: key }, create: key, update: {} }),
      )
    }
    if (choice < 0.7)
      return named('disfavor', (c) => c.favorite.deleteMany({ where: { userId, articleId } }))
    if (choice < 0.8) {
      const key = { followerId: userId, followedId: draw.user() }
      return named('follow', (c) =>
        c.follow.upsert({ where: { followerId_followedId: key }, create: key, update: {} }),
      )
    }
    if (choice < 0.9) {
      const data = { body: `edited ${random()}` }
      return named('edit', (c) => c.article.update({ where: { id: articleId }, data }))
    }
    if (choice < 0.95) {
      newest += 1
      const tags = { connect: [{ name: tagOf(draw.tag() - 1) }, { name: tagOf(draw.tag() - 1) }] }
      const { authorId, ...article } = articleRow(newest, userId - 1)
      const data = { ...article, author: { connect: { id: authorId } }, tags }
      return named('publish', (c) => c.article.create({ data }))
    }
    return named('rename', (c) =>
      c.user.update({ where: { id: userId }, data: { bio: `bio ${random()}` } }),
    )
  }
}

/**
 * Returns a random number generator that gives the same numbers for the same seed: splitmix64,
 * reduced to 32 bits (https://prng.di.unimi.it/splitmix64.c).
 */
export function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

/** Draws numbers from 1 to `count`, where n has the weight 1/n (Zipf's law). */
export function zipf(count: number, random: () => number): () => number {
  const sums: number[] = []
  let sum = 0
  for (let n = 1; n <= count; n += 1) {
    sum += 1 / n
    sums.push(sum)
  }
  return () => {
    const drawn = random() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] as number) < drawn) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}
