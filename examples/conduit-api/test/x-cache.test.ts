import { expect, it, onTestFinished, vi } from 'vitest'
import { draft, startApi } from './worlds.js'

async function openArticle() {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const api = await startApi()
  const ann = await api.register('ann')
  await api.call('POST', '/api/articles', { as: ann, body: draft('Here') })
  const headerOf = async (path: string, headers: Record<string, string> = {}) =>
    (await api.app.request(path, { headers })).headers.get('X-Cache')
  return { ...api, ann, headerOf }
}

it('a hit reports the age of the oldest answer', async () => {
  const { headerOf } = await openArticle()
  expect(await headerOf('/api/articles')).toBe('miss')
  vi.advanceTimersByTime(2_000)
  expect(await headerOf('/api/articles/here')).toMatch(/^(miss|hit)/)
  vi.advanceTimersByTime(1_000)
  expect(await headerOf('/api/articles')).toBe('hit; age=3')
})

it('an expired answer is stale, and is read again in the background', async () => {
  const { headerOf } = await openArticle()
  await headerOf('/api/articles/here')
  vi.advanceTimersByTime(61 * 60_000)
  expect(await headerOf('/api/articles/here')).toBe('stale; age=3660')
  await vi.waitFor(async () => expect(await headerOf('/api/articles/here')).toBe('hit; age=0'))
})

it('a session is read each time, and counted separately', async () => {
  const { headerOf, ann } = await openArticle()
  const headers = { Authorization: `Token ${ann.token}` }
  await headerOf('/api/user', headers)
  expect(await headerOf('/api/user', headers)).toBe('hit; age=0; uncached=1')
})

it('a request with several reads counts as the worst of them', async () => {
  const { headerOf, register } = await openArticle()
  const headers = { Authorization: `Token ${(await register('bob')).token}` }
  expect(await headerOf('/api/articles/here')).toBe('hit; age=0')
  // The article is in the cache, but Bob's favourites and the users he follows are not yet.
  expect(await headerOf('/api/articles/here', headers)).toBe('miss; uncached=1')
  expect(await headerOf('/api/articles/here', headers)).toBe('hit; age=0; uncached=1')
})

it('concurrent requests are counted separately', async () => {
  const { headerOf } = await openArticle()
  await headerOf('/api/articles/here')
  const [known, unknown] = await Promise.all([
    headerOf('/api/articles/here'),
    headerOf('/api/articles/elsewhere'),
  ])
  expect([known, unknown]).toEqual(['hit; age=0', 'miss'])
})

it('/stats counts by model', async () => {
  const { headerOf, app } = await openArticle()
  for (const _ of [1, 2, 3, 4]) await headerOf('/api/profiles/nobody')
  const stats = (await (await app.request('/stats')).json()) as {
    readonly statements: number
    readonly models: Record<string, object>
  }
  expect(stats.models.User).toMatchObject({ hits: 3, misses: 1, hitRatio: 0.75 })
  expect(stats.statements).toBeGreaterThan(0)
})
