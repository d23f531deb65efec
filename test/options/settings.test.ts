import { describe, expect, it } from 'vitest'
import type { PrismaClient } from '../../generated/sqlite/client/client.js'
import { parseSchema } from '../../src/catalog/schema.js'
import { ConfigurationError, cacheAside, memory } from '../../src/index.js'
import type { CacheAsideOptions } from '../../src/options/options.js'
import { settingsOf } from '../../src/options/settings.js'
import { createDatabase } from '../support/databases.js'

/** The schema of a shop, with options in its comments. */
const schema = `
datasource db {
  provider = "sqlite"
}
model User {
  id Int @id
  version BigInt @default(0)
  name String
  maybe Int? @default(1)
  bare Int
  drawn Int @default(dbgenerated("1"))
  posts Post[]
}
/// @cache(ttl: "10m")
model Post {
  id Int @id
  author User @relation(fields: [authorId], references: [id])
  authorId Int
}
/// @cache(false)
model AuditLog {
  id Int @id
}`

const catalog = parseSchema(schema)

/** Accepts any value, because options may come from a file without types. */
function settings(options: unknown) {
  return settingsOf(options as CacheAsideOptions, catalog)
}

const duration = "expected seconds above zero or a string such as '5m', got"

const orZero = "expected seconds, 0 or a string such as '5m', got"
const withUnit = (seconds: number) =>
  `expected a string with a unit where it is more than ${seconds} seconds`

describe('invalid options', () => {
  it.each<[unknown, string]>([
    [null, 'cacheAside(): expected an object, got null'],
    [[], 'cacheAside(): expected an object, got []'],
    ['5m', "cacheAside(): expected an object, got '5m'"],
    [{ tll: 5 }, "unknown option 'tll'; did you mean 'ttl'?"],
    [{ ttl: undefined, modls: {} }, "unknown option 'modls'; did you mean 'models'?"],

    [{ ttl: 0 }, `ttl: ${duration} 0`],
    [{ ttl: -1 }, `ttl: ${duration} -1`],
    [{ ttl: Number.NaN }, `ttl: ${duration} NaN`],
    [{ ttl: Number.POSITIVE_INFINITY }, `ttl: ${duration} Infinity`],
    [{ ttl: null }, `ttl: ${duration} null`],
    [{ ttl: true }, `ttl: ${duration} true`],
    [{ ttl: 5n }, `ttl: ${duration} 5n`],
    [{ ttl: {} }, `ttl: ${duration} {}`],
    [{ ttl: '5' }, `ttl: ${duration} '5'`],
    [{ ttl: '' }, `ttl: ${duration} ''`],
    [{ ttl: 'm' }, `ttl: ${duration} 'm'`],
    [{ ttl: '5 minuts' }, `ttl: ${duration} '5 minuts'`],
    [{ ttl: '-5m' }, `ttl: ${duration} '-5m'`],
    [{ ttl: '0s' }, `ttl: ${duration} '0s'`],
    [{ ttl: '999999999y' }, `ttl: ${duration} '999999999y'`],
    // Such numbers are more often meant as milliseconds than as seconds.
    [{ ttl: 60_000 }, `ttl: ${withUnit(3600)}, such as '60000ms' or '60000s', got 60000`],
    [{ leaseWait: 500 }, `leaseWait: ${withUnit(60)}, such as '500ms' or '500s', got 500`],
    [
      { near: { maxStaleness: 1000 } },
      `near.maxStaleness: ${withUnit(60)}, such as '1000ms' or '1000s', got 1000`,
    ],

    [{ negativeTtl: 0 }, `negativeTtl: ${duration} 0`],
    [{ staleWhileRevalidate: -1 }, `staleWhileRevalidate: ${orZero} -1`],
    [{ staleWhileRevalidate: Number.NaN }, `staleWhileRevalidate: ${orZero} NaN`],
    [{ staleIfError: '5 minuts' }, `staleIfError: ${orZero} '5 minuts'`],
    [{ jitter: -0.1 }, 'jitter: expected a number from 0 to 1, got -0.1'],
    [{ jitter: 1.1 }, 'jitter: expected a number from 0 to 1, got 1.1'],
    [{ jitter: Number.NaN }, 'jitter: expected a number from 0 to 1, got NaN'],
    [{ jitter: '5%' }, "jitter: expected a number from 0 to 1, got '5%'"],
    [{ scope: 'tenant' }, "scope: expected a function, got 'tenant'"],
    [{ near: null }, 'near: expected an object, got null'],
    [
      { near: { maxBytes: '1 MB' } },
      "near.maxBytes: expected a whole number above zero, got '1 MB'",
    ],
    [
      { models: { User: { staleWhileRevalidate: true } } },
      `models.User.staleWhileRevalidate: ${orZero} true`,
    ],
    [{ models: { User: { negativeTtl: -1 } } }, `models.User.negativeTtl: ${duration} -1`],
    [{ models: { User: { staleIfError: {} } } }, `models.User.staleIfError: ${orZero} {}`],

    [{ mode: 'optin' }, "unknown value 'optin' in mode; did you mean 'opt-in'?"],
    [{ mode: true }, 'mode: expected one of all, opt-in, off, got true'],
    [{ operations: 'findMany' }, "operations: expected a list, got 'findMany'"],
    [
      { operations: ['findMany', 'findall'] },
      "unknown value 'findall' in operations; did you mean 'findMany'?",
    ],
    [
      { operations: [1] },
      'operations: expected one of findUnique, findUniqueOrThrow, findFirst, findFirstOrThrow, findMany, count, aggregate, groupBy, got 1',
    ],
    [
      { operations: [] },
      "operations: expected at least one read operation, or mode: 'off' to cache none, got []",
    ],
    [{ writingFunctions: 'f' }, "writingFunctions: expected a list, got 'f'"],
    [{ writingFunctions: [1] }, 'writingFunctions: expected names, got [ 1 ]'],
    [{ keyspace: 5 }, 'keyspace: expected a string, got 5'],
    [{ schema: 5 }, 'schema: expected a string, got 5'],
    [{ store: 'redis' }, "store: expected a store such as memory() or aerospike(), got 'redis'"],
    [{ store: null }, 'store: expected a store such as memory() or aerospike(), got null'],
    [{ store: {} }, 'store: expected a store such as memory() or aerospike(), got {}'],

    [{ models: [] }, 'models: expected an object, got []'],
    [{ models: { Usr: {} } }, "unknown model 'Usr' in models; did you mean 'User'?"],
    [{ models: { user: false } }, "unknown model 'user' in models; did you mean 'User'?"],
    [{ models: { User: true } }, 'models.User: expected an object, got true'],
    [{ models: { User: null } }, 'models.User: expected an object, got null'],
    [{ models: { User: { tl: 5 } } }, "unknown option 'tl' in models.User; did you mean 'ttl'?"],
    [{ models: { User: { ttl: '5' } } }, `models.User.ttl: ${duration} '5'`],
    [
      { models: { Post: { trackBy: ['author'] } } },
      "models.Post.trackBy: expected a field with a value of its own such as 'authorId' (author is a relation), got 'author'",
    ],
    [
      { models: { User: { trackBy: ['posts'] } } },
      "models.User.trackBy: expected a field with a value of its own (posts is a relation), got 'posts'",
    ],
    [
      { models: { User: { dependsOn: 'Post' } } },
      "models.User.dependsOn: expected a list, got 'Post'",
    ],
    [
      { models: { User: { dependsOn: ['Pst'] } } },
      "unknown model 'Pst' in models.User.dependsOn; did you mean 'Post'?",
    ],
    [
      { models: { User: { dependsOn: [1] } } },
      'models.User.dependsOn: expected one of User, Post, AuditLog, got 1',
    ],
    [
      { models: { User: { version: 'verson' } } },
      "unknown field 'verson' in models.User.version; did you mean 'version'?",
    ],
    [
      { models: { User: { version: 1 } } },
      'models.User.version: expected one of id, version, name, maybe, bare, drawn, got 1',
    ],
    ...[
      ['name', 'is of type String'],
      ['maybe', 'is optional'],
      ['bare', 'has none'],
      ['drawn', 'has none'],
    ].map(([version, why]): [unknown, string] => [
      { models: { User: { version } } },
      `models.User.version: expected an Int or BigInt that is required and has a value as its default, such as @default(1) (User.${version} ${why}), got '${version}'`,
    ]),
  ])('are refused: %o: %s', (options, message) => {
    expect(() => settings(options)).toThrow(new ConfigurationError(message))
  })

  it.each<[string, string]>([
    ['ttl: 0', `the @cache comment of model Sale.ttl: ${duration} 0`],
    [
      'version: "rev"',
      "unknown field 'rev' in the @cache comment of model Sale.version; did you mean 'id'?",
    ],
    ['tll: 5', "unknown option 'tll' in the @cache comment of model Sale; did you mean 'ttl'?"],
    [
      'dependsOn: ["Sales"]',
      "unknown model 'Sales' in the @cache comment of model Sale.dependsOn; did you mean 'Sale'?",
    ],
  ])('are refused in the schema, too: @cache(%s): %s', (comment, message) => {
    const commented = `datasource db {\n provider = "sqlite"\n}\n/// @cache(${comment})\nmodel Sale {\n id Int @id\n}`
    expect(() => settingsOf({}, parseSchema(commented))).toThrow(new ConfigurationError(message))
  })

  it('are refused where a store lacks a method', () => {
    const store = { ...memory(), unmark: undefined }
    expect(() => settings({ store })).toThrow(/^store: expected a store such as memory\(\)/)
  })

  it('cause an error with a stable code', () => {
    expect(new ConfigurationError('ttl')).toMatchObject({
      code: 'CACHE_CONFIGURATION',
      name: 'ConfigurationError',
    })
  })
})

describe('settings', () => {
  it('have defaults', () => {
    expect(settings({})).toMatchObject({ ttl: 60_000, mode: 'all', keyspace: '' })
    expect(settings({}).operations.size).toBe(8)
  })

  it('are the given options, where undefined means not given', () => {
    const options = { mode: 'opt-in', operations: ['count'], keyspace: 'shop', ttl: undefined }
    expect(settings({ ...options, models: { User: undefined } })).toMatchObject({
      ttl: 60_000,
      mode: 'opt-in',
      operations: new Set(['count']),
      keyspace: 'shop',
    })
  })

  it.each<[unknown, number]>([
    [5, 5_000],
    [0.25, 250],
    ['250ms', 250],
    ['5m', 300_000],
    ['1.5 h', 5_400_000],
    ['2 Days', 172_800_000],
  ])('take %o for %i milliseconds', (ttl, expected) => {
    expect(settings({ ttl }).ttl).toBe(expected)
  })

  it('are zero where zero switches a feature off', () => {
    const options = {
      ttl: 5,
      staleWhileRevalidate: '0s',
      staleIfError: 0,
      jitter: 0,
      near: { maxStaleness: 0 },
    }
    expect(settings(options)).toMatchObject({
      ttl: 5_000,
      staleWhileRevalidate: 0,
      staleIfError: 0,
      jitter: 0,
      near: { maxEntries: 1_000, maxBytes: 2 ** 24, maxStaleness: 0 },
    })
    expect(settings({})).toMatchObject({
      staleWhileRevalidate: 0,
      staleIfError: 0,
      jitter: 0.05,
      near: undefined,
    })
  })

  it('come from the comment of a model, unless options in code override it', () => {
    const all = settings({ models: { Post: { ttl: 5 }, AuditLog: { ttl: 7 } } }).models
    expect(all.get('Post')?.ttl).toBe(5_000)
    expect(all.get('AuditLog')).toMatchObject({ enabled: true, ttl: 7_000 })
    expect(
      settings({ models: { Post: { dependsOn: ['User'] } } }).models.get('Post'),
    ).toMatchObject({
      enabled: true,
      ttl: 600_000,
      dependsOn: ['User'],
    })
    expect(settings({ models: { Post: false } }).models.get('Post')?.enabled).toBe(false)
    expect(settings({}).models.get('AuditLog')?.enabled).toBe(false)
    expect(settings({}).models.get('User')).toBeUndefined()
  })
})

describe('a client', () => {
  /** Calls the function with a client of an empty database. */
  async function withClient(use: (client: PrismaClient) => unknown): Promise<void> {
    const database = await createDatabase('sqlite')
    try {
      await use(database.connect().client)
    } finally {
      await database.drop()
    }
  }

  const extended = (client: PrismaClient) => client.$extends(cacheAside({ store: memory() }))

  it.each<[unknown, string]>([
    [null, 'cacheAside(): expected an object, got null'],
    [{ schema: 5 }, 'schema: expected a string, got 5'],
    [{ models: { Usr: {} } }, "unknown model 'Usr' in models; did you mean 'User'?"],
  ])('is not extended with the invalid options %o', async (options, message) => {
    await withClient((client) => {
      const extend = () => client.$extends(cacheAside(options as CacheAsideOptions))
      expect(extend).toThrow(new ConfigurationError(message))
    })
  })

  it('is not extended with `cacheAside` instead of `cacheAside()`', async () => {
    await withClient(async (client) => {
      expect(() => client.$extends(cacheAside as never)).toThrow(
        new ConfigurationError(
          'cacheAside: expected options, got a Prisma Client: call it, as in prisma.$extends(cacheAside())',
        ),
      )
    })
  })

  it('refuses unknown events, and listeners that are no functions', async () => {
    await withClient(async (client) => {
      const { $cache } = extended(client)
      const on = $cache.on as (name: string, listener?: unknown) => void
      expect(() => on('hits', () => undefined)).toThrow(
        new ConfigurationError("unknown event 'hits' in on; did you mean 'hit'?"),
      )
      expect(() => on('hit')).toThrow(new ConfigurationError('on: expected a function, got null'))
    })
  })

  it('of another major version is not extended', async () => {
    await withClient(async (client) => {
      for (const version of ['6.19.0', '8.0.0']) {
        const other = Object.create(client, { _clientVersion: { value: version } }) as PrismaClient
        expect(() => other.$extends(cacheAside())).toThrow(
          new ConfigurationError(
            `Prisma 7 is needed, this client is ${version}: install prisma@7 and @prisma/client@7, and generate the client again`,
          ),
        )
      }
    })
  })

  it('that does not carry its schema is extended only with the option `schema`', async () => {
    await withClient(async (client) => {
      const bare = Object.create(client, { _engineConfig: { value: {} } }) as PrismaClient
      expect(() => bare.$extends(cacheAside())).toThrow(
        new ConfigurationError(
          'expected a Prisma Client that carries its schema, got none: pass cacheAside({ catalog }) what the generator of this package writes, or cacheAside({ schema }) the text of schema.prisma',
        ),
      )
      expect(bare.$extends(cacheAside({ schema, store: memory() })).$cache.stats().hits).toBe(0)
    })
  })

  it.each<[unknown, string]>([
    ['5m', "cache: expected true, false or an object, got '5m'"],
    [5, 'cache: expected true, false or an object, got 5'],
    [null, 'cache: expected an object, got null'],
    [[], 'cache: expected an object, got []'],
    [{ tll: 5 }, "unknown option 'tll' in cache; did you mean 'ttl'?"],
    [{ ttl: '5' }, `cache.ttl: ${duration} '5'`],
    [{ ttl: -1 }, `cache.ttl: ${duration} -1`],
    [{ scope: 5 }, 'cache.scope: expected a string, got 5'],
    [{ negativeTtl: 0 }, `cache.negativeTtl: ${duration} 0`],
    [{ swr: '5 minuts' }, `cache.swr: ${orZero} '5 minuts'`],
    [{ staleIfError: -5 }, `cache.staleIfError: ${orZero} -5`],
    [
      { swr: 5, staleWhileRevalidate: 5 },
      'cache.swr: expected no value beside staleWhileRevalidate, which means the same, got 5',
    ],
    [{ ttl: 60_000 }, `cache.ttl: ${withUnit(3600)}, such as '60000ms' or '60000s', got 60000`],
    [{ refresh: 'yes' }, "cache.refresh: expected true or false, got 'yes'"],
    [{ tags: 'home' }, "cache.tags: expected a list, got 'home'"],
    [{ tags: [5] }, 'cache.tags: expected names, got [ 5 ]'],
    [{ tags: [''] }, "cache.tags: expected names, got [ '' ]"],
    [{ jitter: 1 }, "unknown option 'jitter' in cache; did you mean 'ttl'?"],
  ])('refuses a query with cache: %o, also in a transaction', async (cache, message) => {
    await withClient(async (client) => {
      const prisma = extended(client)
      const args = { cache } as object
      await expect(prisma.user.findMany(args)).rejects.toThrow(new ConfigurationError(message))
      await expect(prisma.$transaction([prisma.user.count(args)])).rejects.toThrow(message)
    })
  })

  it('refuses to invalidate a model that is not in the schema', async () => {
    await withClient(async (client) => {
      const { $cache } = extended(client)
      await expect($cache.invalidate('Usr')).rejects.toThrow(
        new ConfigurationError("unknown model 'Usr' in invalidate; did you mean 'User'?"),
      )
      await expect($cache.invalidate(undefined as never)).rejects.toThrow(ConfigurationError)
    })
  })

  it("passes on Prisma's own errors about arguments", async () => {
    await withClient(async (client) => {
      const args = { wher: {} } as object
      await expect(extended(client).user.findMany(args)).rejects.toThrow(/Unknown argument `wher`/)
    })
  })
})
