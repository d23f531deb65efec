import { expect, it } from 'vitest'
import { type Api, draft, type Person, startApi, worldNames } from './worlds.js'

/**
 * Plays the requests of three people and returns all answers, without the parts that differ in each
 * run.
 */
async function evening({ call, register }: Api): Promise<string[]> {
  const people = [await register('ann'), await register('bob'), await register('cleo')]
  const transcript: string[] = []
  const say = async (as: Person | undefined, method: string, path: string, body?: object) => {
    const { status, json, etag } = await call(method, path, {
      as,
      ...(body !== undefined && { body }),
    })
    const answer = JSON.stringify(json, (name, value) =>
      ['createdAt', 'updatedAt', 'token'].includes(name) ? typeof value : value,
    )
    transcript.push(`${as?.username ?? 'nobody'} ${method} ${path}: ${status} ${etag} ${answer}`)
  }
  const everyoneLooks = async () => {
    for (const as of [undefined, ...people]) {
      for (const list of ['', '?tag=a', '?author=bob', '?favorited=ann', '?limit=2&offset=1']) {
        await say(as, 'GET', `/api/articles${list}`)
      }
      for (const path of ['/articles/feed', '/articles/one', '/articles/one/comments', '/tags']) {
        await say(as, 'GET', `/api${path}`)
      }
      for (const path of ['/articles/drafts', '/articles/plan', '/articles/plan/comments']) {
        await say(as, 'GET', `/api${path}`)
      }
      for (const { username } of people) await say(as, 'GET', `/api/profiles/${username}`)
    }
  }
  const [ann, bob, cleo] = people
  await everyoneLooks()
  await say(ann, 'POST', '/api/articles', draft('One', 'a', 'b'))
  await everyoneLooks()
  await say(bob, 'POST', '/api/articles', draft('Two', 'a'))
  await say(bob, 'POST', '/api/articles', draft('Three'))
  await say(cleo, 'POST', '/api/profiles/bob/follow')
  await everyoneLooks()
  await say(ann, 'POST', '/api/articles/two/favorite')
  await say(ann, 'POST', '/api/articles/two/favorite')
  await say(bob, 'POST', '/api/articles/one/comments', { comment: { body: 'Nice' } })
  await everyoneLooks()
  await say(bob, 'PUT', '/api/user', { user: { username: 'robert', image: 'http://x/y.png' } })
  await everyoneLooks()
  await say(bob, 'PUT', '/api/articles/two', { article: { title: 'One' } })
  await say(bob, 'PUT', '/api/articles/three', { article: { title: 'Four', tagList: ['a', 'z'] } })
  await everyoneLooks()
  const plan = draft('Plan', 'a', 'p').article
  await say(bob, 'POST', '/api/articles', { article: { ...plan, status: 'draft' } })
  await everyoneLooks()
  await say(ann, 'PUT', '/api/articles/plan', { article: { body: 'stolen' } })
  await say(bob, 'PUT', '/api/articles/plan', { article: { body: 'better' } })
  await say(bob, 'PUT', '/api/articles/plan', { article: { status: 'published' } })
  await everyoneLooks()
  await say(bob, 'PUT', '/api/articles/plan', { article: { status: 'draft' } })
  await everyoneLooks()
  await say(ann, 'DELETE', '/api/articles/one')
  await say(cleo, 'DELETE', '/api/profiles/robert/follow')
  await say(ann, 'DELETE', '/api/articles/two/favorite')
  await everyoneLooks()
  return transcript
}

it('gives the same answers with the cache and without, on both databases', async () => {
  const transcripts: string[][] = []
  for (const name of worldNames) transcripts.push(await evening(await startApi(name)))
  const [first, ...others] = transcripts
  expect(first?.length).toBeGreaterThan(300)
  for (const other of others) expect(other).toEqual(first)
}, 120_000)
