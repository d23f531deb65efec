import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { asAuthor } from '../src/drafts.js'
import {
  type Api,
  cachedWorlds,
  draft,
  type Person,
  startApi,
  worldNames,
  worlds,
} from './worlds.js'

/** Ann and Bob have one draft each, and Cleo follows both. */
async function openDesk(start: () => Promise<Api>) {
  const api = await start()
  const [ann, bob, cleo] = [
    await api.register('ann'),
    await api.register('bob'),
    await api.register('cleo'),
  ]
  for (const as of [ann, bob]) {
    const { article } = draft(`${as.username} plans`, as.username)
    const body = { article: { ...article, status: 'draft' } }
    await api.call('POST', '/api/articles', { as, body })
    await api.call('POST', `/api/profiles/${as.username}/follow`, { as: cleo })
  }
  const edit = (as: Person, slug: string, article: object, ifMatch = '*') =>
    api.call('PUT', `/api/articles/${slug}`, { as, body: { article }, ifMatch })
  /** Returns the titles of all articles by Ann and Bob that a user sees anywhere. */
  const seenBy = async (as?: Person) => {
    const titles = new Set<string>()
    const lists = ['', '?author=ann', '?author=bob', '?tag=ann', '?tag=bob', '/feed', '/drafts']
    for (const path of [...lists, '/ann-plans', '/bob-plans']) {
      const { json } = await api.call('GET', `/api/articles${path}`, { as })
      for (const { title } of json.articles ?? [json.article ?? []].flat()) titles.add(title)
    }
    return [...titles].sort()
  }
  const idOf = async ({ username }: Person) =>
    (await api.prisma.user.findUniqueOrThrow({ where: { username } })).id
  return { api, ann, bob, cleo, edit, seenBy, idOf }
}

describe.each(worldNames)('drafts on %s', (world) => {
  it('are seen only by their authors, whoever looks first, also after writes', async () => {
    const { ann, bob, cleo, edit, seenBy } = await openDesk(() => startApi(world))
    const everyoneLooks = async () => {
      for (const as of [bob, cleo, ann, undefined, bob, ann, cleo]) {
        const own = as === ann || as === bob ? [`${as.username} plans`] : []
        expect(await seenBy(as)).toEqual(own)
      }
    }
    await everyoneLooks()
    expect(await edit(bob, 'ann-plans', { body: 'stolen' })).toMatchObject({ status: 404 })
    expect(await edit(ann, 'ann-plans', { body: 'better' })).toMatchObject({
      status: 200,
      json: { article: { body: 'better', status: 'draft' } },
    })
    expect(await edit(ann, 'ann-plans', { body: 'late' }, '"1"')).toMatchObject({
      status: 409,
      etag: '"2"',
    })
    await everyoneLooks()

    await edit(ann, 'ann-plans', { status: 'published' })
    for (const as of [undefined, cleo, ann]) expect(await seenBy(as)).toEqual(['ann plans'])
    expect(await seenBy(bob)).toEqual(['ann plans', 'bob plans'])
    await edit(ann, 'ann-plans', { status: 'draft' })
    await everyoneLooks()
  })

  it('are not mixed up when all users read at once', async () => {
    const { api, ann, bob, idOf } = await openDesk(() => startApi(world))
    const [mine, theirs] = [await idOf(ann), await idOf(bob)]
    const find = () => api.prisma.article.findUnique({ where: { slug: 'ann-plans' } })
    const found = await Promise.all([find(), asAuthor(theirs, find), asAuthor(mine, find)])
    expect(found).toEqual([null, null, expect.objectContaining({ authorId: mine })])
  })

  it('have no tags, comments or favourites before they are published', async () => {
    const { api, ann, cleo, edit } = await openDesk(() => startApi(world))
    const comment = { comment: { body: 'I saw it' } }
    const respond = async (as: Person) => [
      (await api.call('POST', '/api/articles/ann-plans/comments', { as, body: comment })).status,
      (await api.call('POST', '/api/articles/ann-plans/favorite', { as })).status,
      (await api.call('GET', '/api/tags')).json.tags,
    ]
    expect(await respond(cleo)).toEqual([404, 404, []])
    await edit(ann, 'ann-plans', { status: 'published' })
    expect(await respond(cleo)).toEqual([201, 200, ['ann']])
  })
})

describe.each(cachedWorlds)('entries on %s', (world) => {
  it('of published articles are shared by everyone', async () => {
    const { api, ann, bob, cleo, edit } = await openDesk(() => startApi(world))
    await edit(ann, 'ann-plans', { status: 'published' })
    const missesOf = async (as?: Person) => {
      const before = api.prisma.$cache.stats().models.Article?.misses ?? 0
      for (const path of ['', '?tag=ann', '?author=ann', '/ann-plans']) {
        await api.call('GET', `/api/articles${path}`, { as })
      }
      return (api.prisma.$cache.stats().models.Article?.misses ?? 0) - before
    }
    expect(await missesOf()).toBeGreaterThan(0)
    for (const as of [undefined, ann, bob, cleo]) expect(await missesOf(as)).toBe(0)
  })

  it('of drafts are separated by `scope`, and without it they leak', async () => {
    const seen = async (options: object) => {
      const { start } = await worlds[world]()
      const { api, ann, bob, cleo, idOf } = await openDesk(() => start(options))
      // This query has no condition on authors. Only the rule has, and the cache does not see the
      // rule.
      const titles = async () => (await api.prisma.article.findMany()).map(({ title }) => title)
      const byPerson: string[][] = []
      for (const person of [ann, bob, cleo])
        byPerson.push(await asAuthor(await idOf(person), titles))
      return [...byPerson, await titles()]
    }
    expect(await seen({})).toEqual([['ann plans'], ['bob plans'], [], []])
    const leaked = ['ann plans']
    expect(await seen({ scope: undefined })).toEqual([leaked, leaked, leaked, leaked])
  })

  it('of drafts still belong to the author after they were read again in the background', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const { api, ann, idOf } = await openDesk(() => startApi(world))
    const id = await idOf(ann)
    const read = () => asAuthor(id, () => api.prisma.article.findMany().withCacheInfo())
    await read()
    vi.advanceTimersByTime(61 * 60_000)
    expect((await read()).info.status).toBe('stale')
    await vi.waitFor(async () => {
      const { data, info } = await read()
      expect(info.status).toBe('hit')
      expect(data).toMatchObject([{ slug: 'ann-plans' }])
    })
  })
})

it('the page gets an event that something was written, but not which draft', async () => {
  const { api, ann, edit } = await openDesk(startApi)
  const { body } = await api.app.request('/events')
  const events = (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())
  const received: string[] = []
  await edit(ann, 'ann-plans', { body: 'better' })
  for await (const chunk of events) {
    received.push(chunk)
    if (chunk.includes('event: invalidate')) break
  }
  expect(received.join('')).toContain('"Article{id:1}"')
  expect(received.join('')).not.toContain('ann-plans')
})
