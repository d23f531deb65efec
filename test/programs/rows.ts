import fc from 'fast-check'

/**
 * What random programs know of the schema in prisma/: few values for each column, so that rows meet.
 * Written out by hand, so that a relation which the catalog overlooked is exercised all the same.
 */
export interface ModelRows {
  /** The columns that a row may be given directly, foreign keys among them. */
  readonly columns: Readonly<Record<string, fc.Arbitrary<unknown>>>
  /** Those that a row must be given. */
  readonly required: readonly string[]
  readonly foreignKeys: readonly string[]
  /** The columns that the database computes, so that no write gives them a value. */
  readonly computed?: readonly string[]
  /** Each a way to name one row. */
  readonly uniques: readonly (readonly string[])[]
  readonly relations: Readonly<Record<string, RelationRows>>
  /** Columns whose values can be summed. */
  readonly numbers: readonly string[]
}

export interface RelationRows {
  readonly model: string
  readonly list: boolean
  /** Of a to-one relation: whether the other model has the foreign key. */
  readonly held?: boolean
  /** The columns of the other model that the foreign key refers to. */
  readonly refersTo?: readonly string[]
}

const oneOf = (...values: readonly unknown[]) => fc.constantFrom(...values)
const id = (max: number) => fc.integer({ min: 1, max })
const one = (model: string, refersTo = ['id']) => ({ model, list: false, refersTo })
const many = (model: string) => ({ model, list: true })

const handle = oneOf(null, 'h1', 'h2', 'h3')

const TOKEN = '0000abcd-0000-4000-8000-00000000000f'

/** What the clients under test track besides keys. */
export const trackBy: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  Post: ['title', ['authorId', 'published']],
  Everything: ['string', 'int', 'bigint', 'boolean', 'date', 'bytes', 'role'],
  Peculiar: ['short', 'lower', 'moment', 'big', 'bytes'],
}

export const rows: Readonly<Record<string, ModelRows>> = {
  User: {
    columns: {
      id: id(4),
      email: oneOf('u1', 'u2', 'u3', 'u4', 'u5'),
      name: oneOf(null, 'a', 'b'),
      role: oneOf('ADMIN', 'MEMBER', 'GUEST'),
      score: oneOf(0, 1.5, -2),
      handle,
      managerId: fc.option(id(4)),
    },
    required: ['email'],
    foreignKeys: ['managerId'],
    uniques: [['id'], ['email'], ['handle']],
    relations: {
      manager: one('User'),
      reports: many('User'),
      followers: many('User'),
      following: many('User'),
      profile: { ...one('Profile', []), held: true },
      posts: many('Post'),
      edited: many('Post'),
      comments: many('Comment'),
      memberships: many('Membership'),
      badges: many('Badge'),
    },
    numbers: ['id', 'score'],
  },
  Profile: {
    columns: { id: id(4), bio: oneOf('x', 'y'), userId: id(4) },
    required: ['bio', 'userId'],
    foreignKeys: ['userId'],
    uniques: [['id'], ['userId']],
    relations: { user: one('User') },
    numbers: ['userId'],
  },
  Post: {
    columns: {
      id: id(5),
      title: oneOf('t1', 't2', 't3'),
      published: fc.boolean(),
      views: fc.integer({ min: 0, max: 3 }),
      authorId: id(4),
      editorId: fc.option(id(4)),
    },
    required: ['title', 'authorId'],
    foreignKeys: ['authorId', 'editorId'],
    uniques: [['id']],
    relations: {
      author: one('User'),
      editor: one('User'),
      tags: many('Tag'),
      comments: many('Comment'),
    },
    numbers: ['views', 'authorId'],
  },
  Comment: {
    columns: { id: id(5), body: oneOf('c1', 'c2'), postId: id(5), authorId: id(4) },
    required: ['body', 'postId', 'authorId'],
    foreignKeys: ['postId', 'authorId'],
    uniques: [['id']],
    relations: { post: one('Post'), author: one('User') },
    numbers: ['postId'],
  },
  Tag: {
    columns: { id: id(3), name: oneOf('n1', 'n2', 'n3', 'n4') },
    required: ['name'],
    foreignKeys: [],
    uniques: [['id'], ['name']],
    relations: { posts: many('Post') },
    numbers: ['id'],
  },
  Membership: {
    columns: {
      userId: id(4),
      orgId: id(2),
      title: oneOf('member', 'owner'),
      teamId: fc.option(id(3)),
    },
    required: ['userId', 'orgId'],
    foreignKeys: ['userId', 'orgId', 'teamId'],
    uniques: [['userId', 'orgId']],
    relations: { user: one('User'), org: one('Org'), team: one('Team') },
    numbers: ['teamId'],
  },
  Org: {
    columns: { id: id(2), name: oneOf('o1', 'o2', 'o3') },
    required: ['name'],
    foreignKeys: [],
    uniques: [['id'], ['name']],
    relations: { memberships: many('Membership') },
    numbers: ['id'],
  },
  Team: {
    columns: { id: id(3), name: oneOf('red', 'blue') },
    required: ['id', 'name'],
    foreignKeys: [],
    uniques: [['id']],
    relations: { memberships: many('Membership') },
    numbers: ['id'],
  },
  Badge: {
    columns: { id: id(3), label: oneOf('gold', 'tin'), handle },
    required: ['label'],
    foreignKeys: ['handle'],
    uniques: [['id']],
    relations: { owner: one('User', ['handle']) },
    numbers: ['id'],
  },
  Everything: {
    columns: {
      id: id(3),
      string: oneOf(null, '', 'é', 'a', 'a\0b', 'a"b\\c'),
      boolean: fc.option(fc.boolean()),
      int: oneOf(null, 0, -2147483648, 2147483647),
      bigint: oneOf(null, 0n, 9007199254740991n, -5n),
      float: oneOf(null, 0.1, -1e300, 5e-324),
      decimal: oneOf(null, '0', '1.10', '-12345678901234.5'),
      date: oneOf(null, new Date(0), new Date('1969-12-31T23:59:59.999Z'), new Date(1e12)),
      json: oneOf({ a: [1, null, { b: 'x' }] }, [], 'text', 7, {
        constructor: 1,
        'a.b': { '': null },
      }),
      bytes: oneOf(null, new Uint8Array(), new Uint8Array([0, 255, 128])),
      role: oneOf(null, 'ADMIN'),
    },
    required: [],
    foreignKeys: [],
    uniques: [['id']],
    relations: {},
    numbers: ['int', 'float'],
  },
  /** The same value in several forms, and values that some database holds equal. */
  Peculiar: {
    columns: {
      id: id(4),
      short: oneOf(null, 'a', 'A', 'a  ', 'abc', 'abc ', 'á'),
      lower: oneOf(null, 'a', 'a  ', 'abc'),
      folded: oneOf(null, 'x', 'X', 'y'),
      padded: oneOf(null, 'p', 'p ', 'P'),
      amount: oneOf(null, 1, '1', '1.0', '1.10', 1.1, '1.104', '0', '-0'),
      second: oneOf(null, new Date(1000), new Date(1400), new Date(1600), new Date(2000)),
      moment: oneOf(null, new Date(7), '1970-01-01T00:00:00.007Z', '1970-01-01T01:00:00.007+01:00'),
      token: oneOf(null, TOKEN, TOKEN.toUpperCase(), TOKEN.replaceAll('0', '1')),
      big: oneOf(null, 5, 5n, 9007199254740991n),
      bytes: oneOf(
        null,
        new Uint8Array(),
        new Uint8Array([1]),
        new Uint8Array([1, 2]).subarray(0, 1),
      ),
    },
    required: [],
    foreignKeys: [],
    computed: ['lower'],
    uniques: [['id'], ['folded'], ['token'], ['short', 'amount']],
    relations: {},
    numbers: ['id'],
  },
}

export const modelNames = Object.keys(rows)

const known = new Map(Object.entries(rows))

/** Makes the models of another schema known; names are of all schemas. */
export function addRows(more: Readonly<Record<string, ModelRows>>): void {
  for (const [name, model] of Object.entries(more)) known.set(name, model)
}

export function rowsOf(model: string): ModelRows {
  const found = known.get(model)
  if (found === undefined) throw new Error(`no rows for ${model}`)
  return found
}
