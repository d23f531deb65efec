import fc from 'fast-check'
import { rowsOf } from './rows.js'
import type { Call } from './writes.js'

type Args = Record<string, unknown>

/** Every read operation, with whatever its arguments may hold. Lists are ordered, so that they can be compared. */
export const readsOf = (models: readonly string[]): fc.Arbitrary<Call> =>
  fc
    .constantFrom(...models)
    .chain((model) =>
      fc.oneof(
        { weight: 4, arbitrary: call(model, 'findMany', listArgs(model, 2)) },
        { weight: 3, arbitrary: call(model, 'findUnique', uniqueArgs(model, 2)) },
        { weight: 1, arbitrary: call(model, 'findFirst', listArgs(model, 1)) },
        { weight: 1, arbitrary: call(model, 'findUniqueOrThrow', uniqueArgs(model, 1)) },
        { weight: 1, arbitrary: call(model, 'findFirstOrThrow', listArgs(model, 1)) },
        { weight: 1, arbitrary: call(model, 'count', countArgs(model)) },
        { weight: 1, arbitrary: call(model, 'aggregate', aggregateArgs(model)) },
        { weight: 1, arbitrary: call(model, 'groupBy', groupByArgs(model)) },
        { weight: 1, arbitrary: fluentCall(model) },
        ...(model === 'Post' ? [{ weight: 1, arbitrary: viewCall }] : []),
      ),
    )

function call(model: string, operation: string, args: fc.Arbitrary<Args>): fc.Arbitrary<Call> {
  return args.map((given) => ({ model, operation, args: given }))
}

const viewCall = fc.constantFrom<Call>(
  { model: 'AuthorStats', operation: 'findMany', args: { orderBy: { authorId: 'asc' } } },
  { model: 'AuthorStats', operation: 'aggregate', args: { _max: { posts: true } } },
)

/** `findUnique(...).relation(...)` */
function fluentCall(model: string): fc.Arbitrary<Call> {
  const relations = Object.entries(rowsOf(model).relations)
  if (relations.length === 0) return call(model, 'findUnique', uniqueArgs(model, 0))
  return fc.constantFrom(...relations).chain(([name, { model: target, list }]) =>
    fc.record({
      model: fc.constant(model),
      operation: fc.constant('findUnique'),
      args: fc.record({ where: uniqueWhere(model) }),
      fluent: fc.constant(name),
      fluentArgs: list ? listArgs(target, 1) : selection(target, 1),
    }),
  )
}

function listArgs(model: string, depth: number): fc.Arbitrary<Args> {
  return fc
    .tuple(
      fc.record(
        {
          where: filter(model, depth),
          take: fc.integer({ min: -2, max: 3 }),
          skip: fc.integer({ min: 0, max: 1 }),
        },
        { requiredKeys: [] },
      ),
      orderBy(model),
      selection(model, depth),
      fc.option(cursorOrDistinct(model), { freq: 6, nil: {} }),
    )
    .map((parts) => Object.assign({}, parts[0], parts[1], parts[2], parts[3]))
}

function cursorOrDistinct(model: string): fc.Arbitrary<Args> {
  const column = fc.constantFrom(...Object.keys(rowsOf(model).columns).filter((c) => c !== 'json'))
  return fc.oneof(
    uniqueWhere(model).map((cursor) => ({ cursor })),
    column.map((name) => ({ distinct: [name] })),
  )
}

function uniqueArgs(model: string, depth: number): fc.Arbitrary<Args> {
  return fc
    .tuple(uniqueWhere(model), selection(model, depth))
    .map(([where, selected]) => ({ where, ...selected }))
}

function countArgs(model: string): fc.Arbitrary<Args> {
  return fc.record(
    { where: filter(model, 1), select: fc.constant({ _all: true }) },
    { requiredKeys: [] },
  )
}

function aggregateArgs(model: string): fc.Arbitrary<Args> {
  const numbers = Object.fromEntries(rowsOf(model).numbers.map((name) => [name, true]))
  return fc.record(
    { where: filter(model, 1), _sum: fc.constant(numbers), _max: fc.constant(numbers) },
    { requiredKeys: ['_max'] },
  )
}

function groupByArgs(model: string): fc.Arbitrary<Args> {
  const columns = Object.keys(rowsOf(model).columns).filter((name) => name !== 'json')
  return fc.constantFrom(...columns).chain((name) =>
    fc.record(
      {
        by: fc.constant([name]),
        where: filter(model, 1),
        orderBy: fc.constant({ [name]: 'asc' }),
        _count: fc.constant({ _all: true }),
      },
      { requiredKeys: ['by', 'orderBy'] },
    ),
  )
}

/** By a relation now and then, and by the key in the end, so that the order is total. */
function orderBy(model: string): fc.Arbitrary<Args> {
  const { uniques, relations } = rowsOf(model)
  const byKey = (uniques[0] ?? []).map((name) => ({ [name]: 'asc' }))
  const byRelation = Object.entries(relations).map(([name, { model: target, list }]) =>
    list
      ? { [name]: { _count: 'desc' } }
      : { [name]: { [rowsOf(target).uniques[0]?.[0] ?? 'id']: 'desc' } },
  )
  const first =
    byRelation.length > 0 ? fc.option(fc.constantFrom(...byRelation), { freq: 4 }) : none
  return first.map((order) => ({ orderBy: order === null ? byKey : [order, ...byKey] }))
}

const none = fc.constant(null)

export function selection(model: string, depth: number): fc.Arbitrary<Args> {
  const { columns, relations } = rowsOf(model)
  const entries = depth > 0 ? Object.entries(relations) : []
  const nested = fc.record(
    Object.fromEntries([
      ...entries.map(([name, { model: target, list }]) => [
        name,
        list
          ? listArgs(target, depth - 1)
          : fc.oneof(fc.constant(true), selection(target, depth - 1)),
      ]),
      ...(entries.some(([, { list }]) => list) ? [['_count', counted(model)]] : []),
    ]),
    { requiredKeys: [] },
  )
  const few = nested.map((all) => Object.fromEntries(Object.entries(all).slice(0, 2)))
  const scalars = fc
    .subarray(Object.keys(columns), { minLength: 1 })
    .map((names) => Object.fromEntries(names.map((name) => [name, true])))
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 3, arbitrary: few.map((include) => (isEmpty(include) ? {} : { include })) },
    {
      weight: 1,
      arbitrary: fc.tuple(scalars, few).map(([one, two]) => ({ select: { ...one, ...two } })),
    },
    { weight: 1, arbitrary: scalars.map((omit) => (covers(omit, columns) ? {} : { omit })) },
  )
}

function counted(model: string): fc.Arbitrary<unknown> {
  const lists = Object.entries(rowsOf(model).relations).filter(([, { list }]) => list)
  return fc.oneof(
    fc.constant(true),
    fc.constantFrom(...lists).chain(([name, { model: target }]) =>
      fc
        .oneof(
          fc.constant(true),
          filter(target, 0).map((where) => ({ where })),
        )
        .map((value) => ({ select: { [name]: value } })),
    ),
  )
}

function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0
}

/** Prisma refuses to omit every column. */
function covers(omit: object, columns: object): boolean {
  return Object.keys(omit).length === Object.keys(columns).length
}

export function uniqueWhere(model: string): fc.Arbitrary<Args> {
  const { uniques, columns } = rowsOf(model)
  return fc
    .constantFrom(...uniques)
    .chain((names) =>
      fc
        .record(Object.fromEntries(names.map((name) => [name, columns[name] ?? none])))
        .map((values) => (names.length === 1 ? values : { [names.join('_')]: values })),
    )
}

export function filter(model: string, depth: number): fc.Arbitrary<Args> {
  const { columns, relations } = rowsOf(model)
  const byColumn = fc
    .constantFrom(...Object.entries(columns).filter(([name]) => name !== 'json'))
    .chain(([name, values]) =>
      fc
        .oneof(
          values,
          fc
            .array(
              values.filter((value) => value !== null),
              { minLength: 1, maxLength: 3 },
            )
            .map((list) => ({ in: list })),
          values.map((value) => ({ not: value })),
        )
        .map((condition) => ({ [name]: condition })),
    )
  if (depth === 0) return byColumn
  const byRelation = Object.entries(relations).map(([name, { model: target, list }]) =>
    fc
      .tuple(
        list ? fc.constantFrom('some', 'every', 'none') : fc.constantFrom('is', 'isNot', ''),
        filter(target, depth - 1),
      )
      .map(([quantifier, nested]) => ({
        [name]: quantifier === '' ? nested : { [quantifier]: nested },
      })),
  )
  const inner = filter(model, depth - 1)
  return fc.oneof(
    { weight: 4, arbitrary: byColumn },
    ...byRelation.map((arbitrary) => ({ weight: 1, arbitrary })),
    { weight: 1, arbitrary: fc.record({ NOT: inner }) },
    { weight: 1, arbitrary: fc.record({ OR: fc.array(inner, { minLength: 1, maxLength: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ AND: fc.array(inner, { minLength: 1, maxLength: 2 }) }) },
  )
}
