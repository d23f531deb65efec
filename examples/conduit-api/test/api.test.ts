import { describe, expect, it } from 'vitest'
import { draft, startApi, worldNames } from './worlds.js'

describe.each(worldNames)('the API on %s', (world) => {
  it('registers, logs in, and changes a user', async () => {
    const { call, register } = await startApi(world)
    const ann = await register('ann')
    const login = { user: { email: 'ann@example.org', password: 'secret' } }
    const loggedIn = await call('POST', '/api/users/login', { body: login })
    expect(loggedIn.json.user).toMatchObject({ username: 'ann', bio: '', image: null })
    expect(loggedIn.json.user.token).not.toBe(ann.token)
    const wrong = { user: { email: 'ann@example.org', password: 'Secret' } }
    expect(await call('POST', '/api/users/login', { body: wrong })).toMatchObject({ status: 401 })

    await call('GET', '/api/user', { as: ann })
    const changes = { user: { bio: 'writes', password: 'new' } }
    expect((await call('PUT', '/api/user', { as: ann, body: changes })).status).toBe(200)
    expect((await call('GET', '/api/user', { as: ann })).json.user).toEqual({
      username: 'ann',
      email: 'ann@example.org',
      bio: 'writes',
      image: null,
      token: ann.token,
    })
    expect((await call('POST', '/api/users/login', { body: login })).status).toBe(401)
  })

  it('refuses missing fields, taken names and changes to what others own', async () => {
    const { call, register } = await startApi(world)
    const [ann, bob] = [await register('ann'), await register('bob')]
    const again = { user: { username: 'ann', email: 'other@example.org', password: 'x' } }
    const blank = { user: { username: 'cleo', email: '', password: 'x' } }
    const status = async (...[method, path, options]: Parameters<typeof call>) =>
      (await call(method, path, options)).status
    await call('POST', '/api/articles', { as: ann, body: draft('Mine') })
    expect([
      await status('POST', '/api/users', { body: again }),
      await status('POST', '/api/users', { body: blank }),
      await status('GET', '/api/user'),
      await status('GET', '/api/user', { as: { username: 'ann', token: 'forged' } }),
      await status('GET', '/api/profiles/nobody'),
      await status('GET', '/api/articles/nothing'),
      await status('GET', '/api/articles?limit=many'),
      await status('GET', '/api/articles/drafts'),
      await status('PUT', '/api/articles/mine', { as: ann, body: { article: { status: 'lost' } } }),
      await status('PUT', '/api/articles/mine', { as: bob, body: draft('Yours') }),
      await status('DELETE', '/api/articles/mine', { as: bob }),
      await status('DELETE', '/api/articles/mine/comments/1', { as: bob }),
    ]).toEqual([422, 422, 401, 401, 404, 404, 422, 401, 422, 403, 403, 404])
  })

  it('writes, lists, changes and deletes articles', async () => {
    const { call, register } = await startApi(world)
    const [ann, bob] = [await register('ann'), await register('bob')]
    const first = await call('POST', '/api/articles', { as: ann, body: draft('First', 'b', 'a') })
    expect(first).toMatchObject({ status: 201, etag: '"1"' })
    expect(first.json.article).toMatchObject({
      slug: 'first',
      title: 'First',
      tagList: ['a', 'b'],
      favorited: false,
      favoritesCount: 0,
      author: { username: 'ann', following: false },
    })
    await call('POST', '/api/articles', { as: bob, body: draft('Second', 'b') })
    await call('POST', '/api/articles/second/favorite', { as: ann })
    await call('POST', '/api/profiles/bob/follow', { as: ann })
    const slugs = async (query: string, as = ann) => {
      const { json } = await call('GET', `/api/articles${query}`, { as })
      return [json.articles.map(({ slug }: { slug: string }) => slug).join(' '), json.articlesCount]
    }
    for (const _ of ['cold', 'warm']) {
      expect(await slugs('')).toEqual(['second first', 2])
      expect(await slugs('?limit=1&offset=1')).toEqual(['first', 2])
      expect(await slugs('?tag=a')).toEqual(['first', 1])
      expect(await slugs('?author=bob')).toEqual(['second', 1])
      expect(await slugs('?favorited=ann')).toEqual(['second', 1])
      expect(await slugs('/feed')).toEqual(['second', 1])
      expect(await slugs('/feed', bob)).toEqual(['', 0])
    }
    expect((await call('GET', '/api/tags')).json).toEqual({ tags: ['b', 'a'] })

    const body = { article: { title: 'Third', tagList: ['c'] } }
    const edited = await call('PUT', '/api/articles/first', { as: ann, body })
    expect(edited.json.article).toMatchObject({ slug: 'third', tagList: ['c'] })
    expect(edited.json.article.body).toBe('First, at length')
    expect((await call('GET', '/api/articles/first')).status).toBe(404)
    expect((await call('DELETE', '/api/articles/second', { as: bob })).status).toBe(204)
    expect(await slugs('')).toEqual(['third', 1])
    expect(await slugs('/feed')).toEqual(['', 0])
    expect((await call('GET', '/api/tags')).json).toEqual({ tags: ['c'] })
  })

  it('gives two articles with the same title different slugs', async () => {
    const { call, register } = await startApi(world)
    const ann = await register('ann')
    const write = async () =>
      (await call('POST', '/api/articles', { as: ann, body: draft('Same') })).json.article.slug
    expect(await write()).toBe('same')
    expect(await write()).toMatch(/^same-[0-9a-f]{6}$/)
  })

  it('does not show what depends on one viewer to another', async () => {
    const { call, register } = await startApi(world)
    const [ann, bob] = [await register('ann'), await register('bob')]
    await call('POST', '/api/articles', { as: ann, body: draft('Shared') })
    await call('POST', '/api/articles/shared/favorite', { as: bob })
    await call('POST', '/api/profiles/ann/follow', { as: bob })
    const view = async (as?: typeof ann) => {
      const { favorited, favoritesCount, author } = (
        await call('GET', '/api/articles/shared', { as })
      ).json.article
      return { favorited, favoritesCount, following: author.following }
    }
    for (const _ of ['cold', 'warm']) {
      expect(await view(bob)).toEqual({ favorited: true, favoritesCount: 1, following: true })
      expect(await view(ann)).toEqual({ favorited: false, favoritesCount: 1, following: false })
      expect(await view()).toEqual({ favorited: false, favoritesCount: 1, following: false })
    }
    await call('DELETE', '/api/articles/shared/favorite', { as: bob })
    await call('DELETE', '/api/profiles/ann/follow', { as: bob })
    expect(await view(bob)).toEqual({ favorited: false, favoritesCount: 0, following: false })
  })

  it('shows comments only under their own article', async () => {
    const { call, register } = await startApi(world)
    const [ann, bob] = [await register('ann'), await register('bob')]
    await call('POST', '/api/articles', { as: ann, body: draft('Talk') })
    const path = '/api/articles/talk/comments'
    const comment = { comment: { body: 'Well said' } }
    const { json } = await call('POST', path, { as: bob, body: comment })
    const read = async () => (await call('GET', path)).json.comments
    expect(await read()).toMatchObject([{ body: 'Well said', author: { username: 'bob' } }])
    const one = `${path}/${json.comment.id}`
    expect((await call('DELETE', one, { as: ann })).status).toBe(403)
    expect((await call('DELETE', one, { as: bob })).status).toBe(204)
    expect(await read()).toEqual([])
    await call('DELETE', '/api/articles/talk', { as: ann })
    expect((await call('GET', path)).status).toBe(404)
  })

  it('refuses an edit of an older version, and answers with the actual version', async () => {
    const { call, register } = await startApi(world)
    const ann = await register('ann')
    const { etag } = await call('POST', '/api/articles', { as: ann, body: draft('Plan', 'a') })
    const edit = (body: string, ifMatch?: string) =>
      call('PUT', '/api/articles/plan', {
        as: ann,
        body: { article: { body, tagList: [body] } },
        ...(ifMatch !== undefined && { ifMatch }),
      })
    const seen = etag as string
    expect(await edit('one', seen)).toMatchObject({ status: 200, etag: '"2"' })
    const late = await edit('two', seen)
    expect(late).toMatchObject({ status: 409, etag: '"2"', json: { version: 2 } })
    const { json } = await call('GET', '/api/articles/plan')
    expect(json.article).toMatchObject({ body: 'one', tagList: ['one'] })
    expect(await edit('three', late.etag as string)).toMatchObject({ status: 200, etag: '"3"' })
    expect(await edit('four')).toMatchObject({ status: 200, etag: '"4"' })
    expect(await edit('five', 'W/"4"')).toMatchObject({ status: 422 })
  })

  it('saves only one of several edits of the same version', async () => {
    const { call, register } = await startApi(world)
    const ann = await register('ann')
    await call('POST', '/api/articles', { as: ann, body: draft('Race') })
    const edits = await Promise.all(
      ['a', 'b', 'c'].map((body) =>
        call('PUT', '/api/articles/race', {
          as: ann,
          body: { article: { body, tagList: [body] } },
          ifMatch: '"1"',
        }),
      ),
    )
    expect(edits.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    const winner = edits.find(({ status }) => status === 200)
    const { json } = await call('GET', '/api/articles/race')
    const { body } = winner?.json.article ?? {}
    expect(json.article).toMatchObject({ body, tagList: [body] })
  })
})
