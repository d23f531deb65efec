import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseSchema } from '../../src/catalog/schema.js'
import type { Args } from '../../src/plan/query.js'
import { returning } from '../../src/plan/returning.js'
import { trackedOf } from './tracked-keys.js'

const tracked = trackedOf(parseSchema(readFileSync('prisma/sqlite/schema.prisma', 'utf8')))

function returningOf(
  args: Args,
  { operation = 'update', omitted = {}, dataPath = [] as string[] } = {},
) {
  return returning(tracked, { model: 'Post', operation, args, dataPath }, omitted)
}

describe('a write also returns its tracked fields', () => {
  it.each<readonly [title: string, args: Args, sent: Args]>([
    [
      'where it selects other fields',
      { select: { title: true } },
      { select: { title: true, id: true, authorId: true, editorId: true } },
    ],
    [
      'where its selection excludes one of them',
      { select: { title: true, id: false, authorId: true, editorId: true } },
      { select: { title: true, id: true, authorId: true, editorId: true } },
    ],
    [
      'where it omits them',
      { omit: { id: true, title: true } },
      { omit: { id: false, title: true } },
    ],
  ])('%s', (_, args, sent) => {
    expect(returningOf(args).args).toEqual(sent)
  })

  it('where the client omits them', () => {
    const omitted = { authorId: true }
    expect(returningOf({ data: {} }, { omitted }).args).toEqual({
      data: {},
      omit: { authorId: false },
    })
    const shown = { omit: { authorId: false } }
    expect(returningOf(shown, { omitted }).args).toBe(shown)
  })

  it('but the caller gets only the fields that it selected', () => {
    const { strip } = returningOf({ select: { title: true, authorId: true } })
    expect(strip({ id: 1, title: 't', authorId: 2, editorId: null })).toEqual({
      title: 't',
      authorId: 2,
    })
    const many = returningOf({ select: { title: true } }, { operation: 'createManyAndReturn' })
    expect(many.strip([{ id: 1, title: 't' }])).toEqual([{ title: 't' }])
  })
})

describe('a write is sent unchanged', () => {
  it.each<readonly [title: string, args: Args, options: Parameters<typeof returningOf>[1]]>([
    ['where it returns all fields', { data: {} }, {}],
    ['where it includes a relation', { include: { author: true } }, {}],
    [
      'where it returns a count',
      { data: {}, select: { title: true } },
      { operation: 'updateMany' },
    ],
    [
      'where the fluent API returns another row',
      { select: { author: true } },
      { dataPath: ['select', 'author'] },
    ],
    ['where Prisma refuses an empty selection', { select: {} }, {}],
    ['where Prisma refuses a selection that excludes every field', { select: { id: false } }, {}],
    [
      'where Prisma refuses to omit every field',
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
    ['where Prisma refuses a selection that is no object', { select: 'all' }, {}],
  ])('%s', (_, args, options) => {
    const { args: sent, strip } = returningOf(args, options)
    expect(sent).toBe(args)
    const result = { id: 1 }
    expect(strip(result)).toBe(result)
  })
})
