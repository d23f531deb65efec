import { describe, expect, it } from 'vitest'
import { type Api, cachedWorlds, draft, type Person, startApi, worlds } from './worlds.js'

/** Ann and Bob have an article each; Cleo follows Ann, and reads everything until the cache has it. */
async function openBlog(start: () => Promise<Api>) {
  const api = await start()
  const [ann, bob, cleo] = [
    await api.register('ann'),
    await api.register('bob'),
    await api.register('cleo'),
  ]
  await api.call('POST', '/api/articles', { as: ann, body: draft('By Ann', 'a') })
  await api.call('POST', '/api/articles', { as: bob, body: draft('By Bob', 'b') })
  await api.call('POST', '/api/profiles/ann/follow', { as: cleo })
  const reads: Readonly<Record<string, () => Promise<{ readonly cache: string }>>> = {
    // Before the lists by author, which look the same profiles up.
    "Ann's profile": () => api.call('GET', '/api/profiles/ann'),
    "Bob's profile": () => api.call('GET', '/api/profiles/bob'),
    home: () => api.call('GET', '/api/articles'),
    "Ann's list": () => api.call('GET', '/api/articles?author=ann'),
    "Bob's list": () => api.call('GET', '/api/articles?author=bob'),
    'tag a': () => api.call('GET', '/api/articles?tag=a'),
    "Cleo's feed": () => api.call('GET', '/api/articles/feed', { as: cleo }),
    "Ann's article": () => api.call('GET', '/api/articles/by-ann'),
    "Bob's article": () => api.call('GET', '/api/articles/by-bob'),
    'comments on Ann': () => api.call('GET', '/api/articles/by-ann/comments'),
    'comments on Bob': () => api.call('GET', '/api/articles/by-bob/comments'),
    'popular tags': () => api.call('GET', '/api/tags'),
  }
  /** The reads that the cache does not have now; afterwards it has. */
  const missing = async () => {
    const names: string[] = []
    for (const [name, read] of Object.entries(reads)) {
      const { cache } = await read()
      if (cache !== 'hit') names.push(name)
    }
    return names
  }
  await missing()
  return { api, ann, bob, cleo, missing, reads: Object.keys(reads) }
}

interface Write {
  readonly what: string
  readonly run: (api: Api, people: Record<'ann' | 'bob' | 'cleo', Person>) => Promise<unknown>
  readonly invalidates: readonly string[]
}

// The answer to a favourite, an edit or a changed profile shows the article or user as it is now, so
// that these are in the cache again before the next request.
const writes: readonly Write[] = [
  {
    what: 'nothing',
    run: async () => undefined,
    invalidates: [],
  },
  {
    what: 'a new user',
    run: (api) => api.register('dan'),
    invalidates: [],
  },
  {
    what: 'a login',
    run: (api) =>
      api.call('POST', '/api/users/login', {
        body: { user: { email: 'ann@example.org', password: 'secret' } },
      }),
    invalidates: [],
  },
  {
    what: 'a comment under one article',
    run: (api, { bob }) =>
      api.call('POST', '/api/articles/by-ann/comments', {
        as: bob,
        body: { comment: { body: 'Yes' } },
      }),
    invalidates: ['comments on Ann'],
  },
  {
    what: 'a favourite',
    run: (api, { bob }) => api.call('POST', '/api/articles/by-ann/favorite', { as: bob }),
    invalidates: ['home', "Ann's list", 'tag a', "Cleo's feed"],
  },
  {
    what: 'a follow by another',
    run: (api, { ann }) => api.call('POST', '/api/profiles/bob/follow', { as: ann }),
    invalidates: [],
  },
  {
    what: 'a follow of one’s own',
    run: (api, { cleo }) => api.call('POST', '/api/profiles/bob/follow', { as: cleo }),
    invalidates: ["Cleo's feed"],
  },
  {
    what: 'an edit',
    run: (api, { bob }) =>
      api.call('PUT', '/api/articles/by-bob', {
        as: bob,
        body: { article: { body: 'new' } },
        ifMatch: '"1"',
      }),
    // The list of a tag depends on all articles: any of them might have got the tag.
    invalidates: ['home', "Bob's list", 'tag a', 'comments on Bob'],
  },
  {
    what: 'an edit that came too late',
    run: (api, { bob }) =>
      api.call('PUT', '/api/articles/by-bob', {
        as: bob,
        body: { article: { body: 'late' } },
        ifMatch: '"7"',
      }),
    // So that whoever was too late is shown what is there.
    invalidates: ['home', "Bob's list", 'tag a', "Bob's article", 'comments on Bob'],
  },
  {
    what: 'a new article',
    run: (api, { bob }) => api.call('POST', '/api/articles', { as: bob, body: draft('New', 'c') }),
    invalidates: ['home', "Bob's list", 'tag a', 'popular tags'],
  },
  {
    what: 'a deleted article',
    run: (api, { bob }) => api.call('DELETE', '/api/articles/by-bob', { as: bob }),
    // Whose favourites go with it is not known, so nobody's are taken to be as they were: Cleo's neither.
    invalidates: [
      'home',
      "Bob's list",
      'tag a',
      "Cleo's feed",
      "Bob's article",
      'comments on Bob',
      'popular tags',
    ],
  },
  {
    what: 'a changed profile',
    run: (api, { ann }) => api.call('PUT', '/api/user', { as: ann, body: { user: { bio: 'x' } } }),
    invalidates: ["Ann's profile", 'home', "Ann's list", 'tag a', "Cleo's feed", "Ann's article"],
  },
]

describe.each(cachedWorlds)('on %s', (world) => {
  it.each(writes)('$what invalidates $invalidates', async ({ run, invalidates }) => {
    const blog = await openBlog(() => startApi(world))
    expect(await blog.missing()).toEqual([])
    await run(blog.api, blog)
    expect(await blog.missing()).toEqual(invalidates)
  })

  it('a hit asks the database nothing, but who is logged in', async () => {
    const { api, cleo } = await openBlog(() => startApi(world))
    const statementsOf = async (path: string, as?: Person) => {
      const before = api.statements()
      await api.call('GET', path, { as })
      return api.statements() - before
    }
    expect(await statementsOf('/api/articles')).toBe(0)
    expect(await statementsOf('/api/tags')).toBe(0)
    expect(await statementsOf('/api/articles/feed', cleo)).toBe(1)
  })

  it('what one process writes, another reads', async () => {
    const { start } = await worlds[world]()
    const { api, bob, missing } = await openBlog(start)
    const other = await start()
    expect((await other.call('GET', '/api/articles/by-bob')).cache).toBe('hit')
    await other.call('PUT', '/api/articles/by-bob', { as: bob, body: { article: { body: 'x' } } })
    // The answer to the edit has put the article into the cache that both share.
    expect(await api.call('GET', '/api/articles/by-bob')).toMatchObject({
      cache: 'hit',
      json: { article: { body: 'x' } },
    })
    expect(await missing()).toEqual(['home', "Bob's list", 'tag a', 'comments on Bob'])
  })
})
