import fc from 'fast-check'
import { filter, selection, uniqueWhere } from './reads.js'
import { type RelationRows, rowsOf } from './rows.js'

/** One call of a client, as data, so that a failing program can be printed. */
export type Call =
  | {
      readonly model: string
      readonly operation: string
      readonly args: Record<string, unknown>
      readonly fluent?: string
      readonly fluentArgs?: Record<string, unknown>
    }
  | { readonly sql: string }

type Args = Record<string, unknown>

/** Every write operation, nested as deep as Prisma takes them; many are refused, as in real life. */
export const writesOf = (models: readonly string[]): fc.Arbitrary<Call> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...models).chain(modelWrites) },
    ...(models.includes('User') ? [{ weight: 1, arbitrary: rawWrites() }] : []),
  )

function modelWrites(model: string): fc.Arbitrary<Call> {
  const where = uniqueWhere(model)
  const some = filter(model, 0)
  const rows = fc.array(row(model), { minLength: 1, maxLength: 2 })
  const answered = (operation: string, args: Record<string, fc.Arbitrary<unknown>>, depth = 1) =>
    fc
      .tuple(call(model, operation, args), selection(model, depth))
      .map(([one, selected]) => ({ ...one, args: { ...one.args, ...selected } }))
  return fc.oneof(
    { weight: 4, arbitrary: answered('create', { data: created(model, 1) }) },
    { weight: 1, arbitrary: call(model, 'createMany', { data: rows }) },
    { weight: 1, arbitrary: answered('createManyAndReturn', { data: rows }, 0) },
    { weight: 5, arbitrary: answered('update', { where, data: updated(model, 1) }) },
    { weight: 1, arbitrary: call(model, 'updateMany', { where: some, data: values(model) }) },
    {
      weight: 1,
      arbitrary: answered('updateManyAndReturn', { where: some, data: values(model) }, 0),
    },
    {
      weight: 2,
      arbitrary: answered('upsert', {
        where,
        create: created(model, 1),
        update: updated(model, 1),
      }),
    },
    { weight: 3, arbitrary: answered('delete', { where }) },
    { weight: 1, arbitrary: call(model, 'deleteMany', { where: some }) },
  )
}

function call(
  model: string,
  operation: string,
  args: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<Exclude<Call, { sql: string }>> {
  return fc.record(args).map((given) => ({ model, operation, args: given }))
}

function rawWrites(): fc.Arbitrary<Call> {
  return fc
    .integer({ min: 1, max: 4 })
    .chain((id) =>
      fc.constantFrom(
        { sql: `UPDATE "posts" SET "views" = "views" + 1 WHERE "author_id" = ${id}` },
        { sql: `DELETE FROM "User" WHERE "id" = ${id}` },
        { sql: `UPDATE "User" SET "handle" = 'h${id}' WHERE "id" = ${id}` },
        { sql: `DELETE FROM "_PostToTag" WHERE "A" = ${id}` },
      ),
    )
}

/** A whole row, its foreign keys given directly. */
function row(model: string): fc.Arbitrary<Args> {
  const { required } = rowsOf(model)
  return fc.record(writable(model), { requiredKeys: [...required] })
}

/** The columns that a write may give values. */
function writable(model: string): Readonly<Record<string, fc.Arbitrary<unknown>>> {
  const { columns, computed = [] } = rowsOf(model)
  return Object.fromEntries(Object.entries(columns).filter(([name]) => !computed.includes(name)))
}

/** Some values of a row, its foreign keys given directly. */
function values(model: string): fc.Arbitrary<Args> {
  const columns = Object.entries(writable(model))
  return fc
    .subarray(columns, { minLength: 1, maxLength: Math.min(3, columns.length) })
    .chain((some) => fc.record(Object.fromEntries(some)))
}

/** A row with nested writes. Prisma takes foreign keys or relations that hold them, not both. */
function created(model: string, depth: number): fc.Arbitrary<Args> {
  if (depth === 0) return row(model)
  return fc
    .oneof(
      {
        weight: 2,
        arbitrary: fc.tuple(row(model), nestedWrites(model, depth, isHeldElsewhere, true)),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(
          withoutForeignKeys(model, row(model)),
          nestedWrites(model, depth, any, true),
        ),
      },
    )
    .map(([own, nested]) => ({ ...own, ...nested }))
}

export function updated(model: string, depth: number): fc.Arbitrary<Args> {
  if (depth === 0) return values(model)
  return fc
    .oneof(
      {
        weight: 2,
        arbitrary: fc.tuple(values(model), nestedWrites(model, depth, isHeldElsewhere, false)),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(
          withoutForeignKeys(model, values(model)),
          nestedWrites(model, depth, any, false),
        ),
      },
    )
    .map(([own, nested]) => ({ ...own, ...nested }))
}

function withoutForeignKeys(model: string, data: fc.Arbitrary<Args>): fc.Arbitrary<Args> {
  const { foreignKeys } = rowsOf(model)
  return data.map((all) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !foreignKeys.includes(name))),
  )
}

type RelationTest = (relation: RelationRows) => boolean
const any: RelationTest = () => true
const isHeldElsewhere: RelationTest = ({ list, held }) => list || held === true

function nestedWrites(
  model: string,
  depth: number,
  isAllowed: RelationTest,
  creating: boolean,
): fc.Arbitrary<Args> {
  const relations = Object.entries(rowsOf(model).relations).filter(([, relation]) =>
    isAllowed(relation),
  )
  if (relations.length === 0) return fc.constant({})
  return fc
    .array(
      fc
        .constantFrom(...relations)
        .chain(([name, relation]) =>
          nestedWrite(relation.model, relation.list, depth - 1, creating).map(
            (operation) => [name, operation] as const,
          ),
        ),
      { maxLength: 2 },
    )
    .map((entries) => Object.fromEntries(entries))
}

function nestedWrite(
  target: string,
  list: boolean,
  depth: number,
  creating: boolean,
): fc.Arbitrary<Args> {
  const where = uniqueWhere(target)
  const some = filter(target, 0)
  const create = nestedRow(target)
  const always = [
    create.map((data) => ({ create: data })),
    where.map((row) => ({ connect: row })),
    fc.record({ where, create }).map((both) => ({ connectOrCreate: both })),
  ]
  const onList = [
    where.map((row) => ({ disconnect: row })),
    fc.array(where, { maxLength: 2 }).map((set) => ({ set })),
    fc.record({ where, data: updated(target, depth) }).map((update) => ({ update })),
    fc.record({ where: some, data: values(target) }).map((updateMany) => ({ updateMany })),
    fc.record({ where, create, update: values(target) }).map((upsert) => ({ upsert })),
    where.map((row) => ({ delete: row })),
    some.map((deleteMany) => ({ deleteMany })),
  ]
  const onOne = [
    fc.constant({ disconnect: true }),
    fc.constant({ delete: true }),
    updated(target, depth).map((update) => ({ update })),
    fc.record({ create, update: values(target) }).map((upsert) => ({ upsert })),
  ]
  return fc.oneof(...always, ...(creating ? [] : list ? onList : onOne))
}

/** The relation through which it is nested sets one foreign key; which one, Prisma knows. */
function nestedRow(model: string): fc.Arbitrary<Args> {
  const { foreignKeys } = rowsOf(model)
  return fc
    .tuple(
      row(model),
      fc.subarray([...foreignKeys], { maxLength: Math.min(1, foreignKeys.length) }),
    )
    .map(([data, kept]) =>
      Object.fromEntries(
        Object.entries(data).filter(([name]) => !foreignKeys.includes(name) || kept.includes(name)),
      ),
    )
}
