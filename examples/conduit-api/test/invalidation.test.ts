import { describe, expect, it } from 'vitest'
import { published } from '../src/drafts.js'
import { type Api, cachedWorlds, draft, type Person, startApi, worlds } from './worlds.js'

/**
 * Ann and Bob have one article each, and Bob also has a draft. Cleo follows Ann and Dan. All reads
 * are in the cache.
 */
async function openBlog(start: () => Promise<Api>) {
  const api = await start()
  const [ann, bob, cleo] = [
    await api.register('ann'),
    await api.register('bob'),
    await api.register('cleo'),
    await api.register('dan'),
  ]
  await api.call('POST', '/api/articles', { as: ann, body: draft('By Ann', 'a') })
  await api.call('POST', '/api/articles', { as: bob, body: draft('By Bob', 'b') })
  const planned = { article: { ...draft('Planned', 'a').article, status: 'draft' } }
  await api.call('POST', '/api/articles', { as: bob, body: planned })
  await api.call('POST', '/api/profiles/ann/follow', { as: cleo })
  await api.call('POST', '/api/profiles/dan/follow', { as: cleo })
  const reads: Readonly<Record<string, () => Promise<{ readonly cache: string }>>> = {
    // The profiles come before the lists by author, because those look up the same profiles.
    "Ann's profile": () => api.call('GET', '/api/profiles/ann'),
    "Bob's profile": () => api.call('GET', '/api/profiles/bob'),
    home: () => api.call('GET', '/api/articles'),
    "Ann's list": () => api.call('GET', '/api/articles?author=ann'),
    "Bob's list": () => api.call('GET', '/api/articles?author=bob'),
    'tag a': () => api.call('GET', '/api/articles?tag=a'),
    "Cleo's feed": () => api.call('GET', '/api/articles/feed', { as: cleo }),
    "Bob's drafts": () => api.call('GET', '/api/articles/drafts', { as: bob }),
    "Bob's draft": () => api.call('GET', '/api/articles/planned', { as: bob }),
    "Ann's article": () => api.call('GET', '/api/articles/by-ann'),
    "Bob's article": () => api.call('GET', '/api/articles/by-bob'),
    'comments on Ann': () => api.call('GET', '/api/articles/by-ann/comments'),
    'comments on Bob': () => api.call('GET', '/api/articles/by-bob/comments'),
    'popular tags': () => api.call('GET', '/api/tags'),
  }
  /** Returns the reads that are not in the cache. After this call they are. */
  const missing = async () => {
    const names: string[] = []
    for (const [name, read] of Object.entries(reads)) {
      const { cache } = await read()
      if (cache !== 'hit') names.push(name)
    }
    return names
  }
  await missing()
  // The first entry in a shared store that shows a row depends on the whole model, and the next one on the row.
  await api.prisma.$cache.clear()
  await missing()
  return { api, ann, bob, cleo, missing, reads: Object.keys(reads) }
}

interface Write {
  readonly what: string
  readonly run: (api: Api, people: Record<'ann' | 'bob' | 'cleo', Person>) => Promise<unknown>
  readonly invalidates: readonly string[]
}

// The API answers a favourite, an edit or a changed profile with the current article or user. These
// are read for the answer, so they are in the cache again before the next request.
const writes: readonly Write[] = [
  {
    what: 'nothing',
    run: async () => undefined,
    invalidates: [],
  },
  {
    what: 'a new user',
    run: (api) => api.register('eve'),
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
    // The list of a tag depends on all published articles, because an edit may add the tag to any.
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
    // The article is invalidated too, so that the user who was too late sees the current version.
    invalidates: ['home', "Bob's list", 'tag a', "Bob's article", 'comments on Bob'],
  },
  {
    what: 'a new article',
    run: (api, { bob }) => api.call('POST', '/api/articles', { as: bob, body: draft('New', 'c') }),
    invalidates: ['home', "Bob's list", 'tag a', 'popular tags'],
  },
  {
    what: 'a saved draft',
    run: (api, { bob }) =>
      api.call('PUT', '/api/articles/planned', { as: bob, body: { article: { body: 'more' } } }),
    // Lists of published articles stay in the cache, because of `trackBy`.
    invalidates: ["Bob's drafts"],
  },
  {
    what: 'a draft that is published',
    run: (api, { bob }) =>
      api.call('PUT', '/api/articles/planned', {
        as: bob,
        body: { article: { status: 'published' } },
      }),
    // The cache does not know the status before the update, so all lists that filter by a status
    // are invalidated.
    invalidates: [
      'home',
      "Ann's list",
      "Bob's list",
      'tag a',
      "Cleo's feed",
      "Bob's drafts",
      'popular tags',
    ],
  },
  {
    what: 'a deleted article',
    run: (api, { bob }) => api.call('DELETE', '/api/articles/by-bob', { as: bob }),
    // The deletion cascades to favourites, and the cache does not know whose. So all users'
    // favourites are invalidated, also those that Cleo's feed reads.
    invalidates: [
      'home',
      "Bob's list",
      'tag a',
      "Cleo's feed",
      "Bob's drafts",
      "Bob's draft",
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

  it('a hit runs no SQL, except to find the session', async () => {
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

  it('home depends only on published articles, and without `trackBy` also on drafts', async () => {
    const { start } = await worlds[world]()
    const homeDependsOn = async ({ prisma }: Api) => {
      const home = () => prisma.article.findMany({ where: published })
      return (await prisma.$cache.explain(home)).tags.map(({ name }) => name)
    }
    expect(await homeDependsOn(await start())).toEqual(['Article{status:published}'])
    expect(await homeDependsOn(await start({ models: {} }))).toEqual(['Article'])
  })

  it('a process reads what another process writes', async () => {
    const { start } = await worlds[world]()
    const { api, bob, missing } = await openBlog(start)
    const other = await start()
    expect((await other.call('GET', '/api/articles/by-bob')).cache).toBe('hit')
    await other.call('PUT', '/api/articles/by-bob', { as: bob, body: { article: { body: 'x' } } })
    // The API read the article again to answer the edit, which stored it in the shared cache.
    expect(await api.call('GET', '/api/articles/by-bob')).toMatchObject({
      cache: 'hit',
      json: { article: { body: 'x' } },
    })
    const missed = ['home', "Bob's list", 'tag a', 'comments on Bob']
    expect(await missing()).toEqual(missed)
  })
})
