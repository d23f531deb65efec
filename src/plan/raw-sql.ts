import type { Model } from '../catalog/catalog.js'
import { type SqlToken, sqlTokens } from './sql-tokens.js'

/** The effects that raw SQL may have, as far as its text says. */
export interface SqlEffect {
  /** The models whose rows may change; `'all'` where the text does not say which. */
  readonly models: readonly Model[] | 'all'
  /** Whether the rows of models that refer to these may go, whatever their `onDelete` says. */
  readonly cascades: boolean
  /** Whether it may commit the transaction that it runs in. */
  readonly mayCommit: boolean
}

/** The functions that change rows, see `effectOf`. */
export type WritingFunctions = true | readonly string[]

interface Schema {
  readonly models: readonly Model[]
  readonly writingFunctions: WritingFunctions
}

/** The effects of SQL that changes no rows. */
export const NO_EFFECT: SqlEffect = { models: [], cascades: false, mayCommit: false }

const ANY_EFFECT: SqlEffect = { models: 'all', cascades: true, mayCommit: true }

/**
 * Finds the effects of raw SQL. SQL that is not understood counts as changing every model.
 *
 * A SELECT changes no rows, unless it calls a function that does: `writingFunctions` names these, in lower case,
 * or is `true` for every function that is not known to be harmless.
 */
export function effectOf(
  models: Iterable<Model>,
  sql: string,
  writingFunctions: WritingFunctions = [],
): SqlEffect {
  const tokens = sqlTokens(sql)
  if (tokens === undefined) return ANY_EFFECT
  const schema = { models: [...models], writingFunctions }
  return statementsIn(tokens)
    .map((statement) => effectOfStatement(schema, statement))
    .reduce(both, NO_EFFECT)
}

function both(one: SqlEffect, other: SqlEffect): SqlEffect {
  const isAll = one.models === 'all' || other.models === 'all'
  return {
    models: isAll
      ? 'all'
      : [...new Set([...(one.models as Model[]), ...(other.models as Model[])])],
    cascades: one.cascades || other.cascades,
    mayCommit: one.mayCommit || other.mayCommit,
  }
}

function statementsIn(tokens: readonly SqlToken[]): readonly (readonly SqlToken[])[] {
  const statements: SqlToken[][] = [[]]
  for (const token of tokens) {
    if (isSymbol(token, ';')) statements.push([])
    else statements.at(-1)?.push(token)
  }
  return statements.filter((statement) => statement.length > 0)
}

function effectOfStatement(schema: Schema, statement: readonly SqlToken[]): SqlEffect {
  const first = statement.find((token) => !isSymbol(token, '('))
  if (first?.kind !== 'word') return ANY_EFFECT
  const verb = first.value
  if (verb === 'explain') return effectOfExplained(schema, statement.slice(1))
  if (verb === 'prepare') {
    return isWord(statement[1], 'transaction') ? { ...NO_EFFECT, mayCommit: true } : ANY_EFFECT
  }
  // Prisma releases its own savepoints, for nested transactions.
  if (verb === 'release' && statement.at(-1)?.value.startsWith('prisma_sp_')) return NO_EFFECT
  // COMMIT PREPARED commits what another connection wrote.
  if (committing.has(verb)) {
    return isWord(statement[1], 'prepared') ? ANY_EFFECT : { ...NO_EFFECT, mayCommit: true }
  }
  if (harmless.has(verb)) return NO_EFFECT
  if (reading.has(verb)) return effectOfRead(schema, statement)
  if (!writing.has(verb)) return ANY_EFFECT
  return effectOfWrite(schema, statement)
}

/** EXPLAIN runs its statement only with ANALYZE. */
function effectOfExplained(schema: Schema, rest: readonly SqlToken[]): SqlEffect {
  if (!rest.some((token) => isWord(token, 'analyze') || isWord(token, 'analyse'))) return NO_EFFECT
  const start = rest.findIndex(
    ({ kind, value }) => kind === 'word' && (writing.has(value) || reading.has(value)),
  )
  return start === -1 ? ANY_EFFECT : effectOfStatement(schema, rest.slice(start))
}

/**
 * A query changes rows where a part of it (`WITH gone AS (DELETE ...)`), text that it may run, or a function that
 * it calls does.
 */
function effectOfRead(schema: Schema, statement: readonly SqlToken[]): SqlEffect {
  if (verbsIn(statement).length > 0) return effectOfWrite(schema, statement)
  const functions = statement
    .filter((_, index) => isCall(statement, index))
    .map(({ value }) => value.toLowerCase())
    .filter((name) => !harmlessFunctions.has(name))
  const { writingFunctions } = schema
  const writes = functions.some(
    (name) => writingFunctions === true || writingFunctions.includes(name),
  )
  if (writes) return effectOfWrite(schema, statement)
  const holdsSql = statement.some(({ kind, value }) => kind === 'text' && sqlInText.test(value))
  return functions.length > 0 && holdsSql ? ANY_EFFECT : NO_EFFECT
}

function effectOfWrite(schema: Schema, statement: readonly SqlToken[]): SqlEffect {
  const cascades = statement.some((token) => isWord(token, 'cascade'))
  const named = schema.models.filter(({ table }) =>
    statement.some(({ kind, value }) => isNaming(kind) && isSameName(table, value)),
  )
  const targets = verbsIn(statement).flatMap((index) => targetsAt(statement, index))
  const isKnown =
    named.length > 0 && targets.every((name) => named.some(({ table }) => isSameName(table, name)))
  // A write through a view changes tables that the text does not name.
  const isThroughView = named.some(({ kind }) => kind === 'view')
  if (!isKnown || isThroughView) return { ...ANY_EFFECT, mayCommit: false }
  return { models: named, cascades, mayCommit: false }
}

/**
 * The places of verbs that change rows: at the beginning of the statement, of a part of it in parentheses,
 * or after such parts. Elsewhere they are other words, as in FOR UPDATE or ON CONFLICT DO UPDATE.
 */
function verbsIn(statement: readonly SqlToken[]): readonly number[] {
  return [...statement.keys()].filter((index) => {
    const before = statement[index - 1]
    const isFirst = before === undefined || isSymbol(before, '(') || isSymbol(before, ')')
    const token = statement[index]
    return (
      isFirst && token?.kind === 'word' && changing.has(token.value) && !isCall(statement, index)
    )
  })
}

/** The names of the tables that the verb at that place changes; an empty name where there is none. */
function targetsAt(statement: readonly SqlToken[], verb: number): readonly string[] {
  const targets: string[] = []
  let at = verb + 1
  while (statement[at]?.kind === 'word' && beforeTarget.has(statement[at]?.value ?? '')) at += 1
  for (;;) {
    const { name, end } = nameAt(statement, at)
    targets.push(name)
    if (!isSymbol(statement[end], ',') || !isWord(statement[verb], 'truncate')) return targets
    at = end + 1
  }
}

/** A table's name that begins there, without its schema; empty where there is none. */
function nameAt(statement: readonly SqlToken[], start: number): { name: string; end: number } {
  let at = start
  let name = ''
  for (;;) {
    const token = statement[at]
    if (token === undefined || !isNaming(token.kind)) return { name, end: at }
    name = token.value
    at += 1
    if (!isSymbol(statement[at], '.')) return { name, end: at }
    at += 1
  }
}

function isNaming(kind: SqlToken['kind']): boolean {
  return kind === 'word' || kind === 'name'
}

/** Databases differ in whether the case of a name counts, so it does not here. */
function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

function isWord(token: SqlToken | undefined, value: string): boolean {
  return token?.kind === 'word' && token.value === value
}

function isSymbol(token: SqlToken | undefined, value: string): boolean {
  return token?.kind === 'symbol' && token.value === value
}

function isCall(statement: readonly SqlToken[], index: number): boolean {
  const token = statement[index]
  return (
    token !== undefined &&
    isNaming(token.kind) &&
    isSymbol(statement[index + 1], '(') &&
    !notAFunction.has(token.value)
  )
}

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '))

/** The verbs that change rows. */
const changing = words('insert update delete merge replace truncate upsert')
/** The verbs that change rows or tables of those that they name. */
const writing = new Set([...changing, ...words('create alter drop rename copy load refresh')])
const reading = words('select with values table from')
/** In SQLite, RELEASE of the outermost savepoint commits. */
const committing = words('commit end release')
/** The verbs that change no row of a table. */
const harmless = words(
  'begin start rollback abort savepoint set reset show lock analyze analyse vacuum pragma listen notify unlisten discard checkpoint deallocate declare fetch move close describe desc use kill optimize check',
)
/** The words that are allowed between a verb and its table. */
const beforeTarget = words(
  'into from only table low_priority delayed high_priority ignore quick or abort fail rollback replace overwrite top',
)
/** The words before a parenthesis that are not functions. */
const notAFunction = words(
  'in values and or not as from join on where having select using exists any all some with over filter by then else when case into lateral row array interval cast union except intersect distinct',
)
/** Functions that change no rows. Others might run SQL that they get as text. */
const harmlessFunctions = words(
  'count sum min max avg coalesce nullif lower upper length trim now set_config current_setting pg_notify pg_advisory_lock pg_advisory_xact_lock pg_advisory_unlock pg_try_advisory_lock pg_try_advisory_xact_lock to_char to_date to_timestamp date_trunc extract concat concat_ws substring replace regexp_replace like json_build_object jsonb_build_object json_agg jsonb_agg array_agg string_agg group_concat ifnull isnull abs round floor ceil greatest least row_number rank dense_rank lag lead unnest generate_series json_extract strftime date datetime md5 gen_random_uuid random',
)
const sqlInText =
  /\b(insert\s+into|update\s+\S+\s+set|delete\s+from|merge\s+into|truncate|call|exec(ute)?)\b/i
