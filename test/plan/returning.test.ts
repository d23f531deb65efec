import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import type { Args } from '../../src/plan/query.js'
import { returning } from '../../src/plan/returning.js'
import { trackedOf } from './tracked-keys.js'

const tracked = trackedOf(parseSchema(readFileSync('prisma/sqlite/schema.prisma', 'utf8')))

function asked(args: Args, { operation = 'update', omitted = {}, dataPath = [] as string[] } = {}) {
  return returning(tracked, { model: 'Post', operation, args, dataPath }, omitted)
}

describe('a write is asked for its tracked fields as well', () => {
  it.each<readonly [what: string, args: Args, sent: Args]>([
    [
      'where it selects',
      { select: { title: true } },
      { select: { title: true, id: true, authorId: true, editorId: true } },
    ],
    [
      'where it says no to one',
      { select: { title: true, id: false, authorId: true, editorId: true } },
      { select: { title: true, id: true, authorId: true, editorId: true } },
    ],
    ['where it omits', { omit: { id: true, title: true } }, { omit: { id: false, title: true } }],
  ])('%s', (_, args, sent) => {
    expect(asked(args).args).toEqual(sent)
  })

  it('where the client omits for it', () => {
    const omitted = { authorId: true }
    expect(asked({ data: {} }, { omitted }).args).toEqual({ data: {}, omit: { authorId: false } })
    const shown = { omit: { authorId: false } }
    expect(asked(shown, { omitted }).args).toBe(shown)
  })

  it('and the caller gets what it asked for', () => {
    const { strip } = asked({ select: { title: true, authorId: true } })
    expect(strip({ id: 1, title: 't', authorId: 2, editorId: null })).toEqual({
      title: 't',
      authorId: 2,
    })
    const many = asked({ select: { title: true } }, { operation: 'createManyAndReturn' })
    expect(many.strip([{ id: 1, title: 't' }])).toEqual([{ title: 't' }])
  })
})

describe('a write is sent as it is', () => {
  it.each<readonly [what: string, args: Args, options: Parameters<typeof asked>[1]]>([
    ['where it returns all', { data: {} }, {}],
    ['where it includes', { include: { author: true } }, {}],
    [
      'where it returns a count',
      { data: {}, select: { title: true } },
      { operation: 'updateMany' },
    ],
    [
      'where the fluent API takes another row',
      { select: { author: true } },
      { dataPath: ['select', 'author'] },
    ],
    ['where Prisma refuses an empty selection', { select: {} }, {}],
    ['where Prisma refuses a selection of nothing', { select: { id: false } }, {}],
    [
      'where Prisma refuses to omit all',
      {
        omit: {
          id: true,
          title: true,
          published: true,
          views: true,
          authorId: true,
          editorId: true,
        },
      },
      {},
    ],
    ['where Prisma refuses the selection', { select: 'all' }, {}],
  ])('%s', (_, args, options) => {
    const { args: sent, strip } = asked(args, options)
    expect(sent).toBe(args)
    const result = { id: 1 }
    expect(strip(result)).toBe(result)
  })
})
