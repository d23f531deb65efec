/** One token of SQL. Comments and white space are none. */
export interface SqlToken {
  /** `name`: a quoted identifier. `text`: a string, a dollar-quoted body among them. */
  readonly kind: 'word' | 'name' | 'text' | 'symbol'
  /** The token without its quotes; a word in lower case. */
  readonly value: string
}

/**
 * Splits SQL into tokens, by the rules that PostgreSQL, MySQL, SQLite and SQL Server have in common: it
 * knows strings, quoted identifiers, dollar quotes and comments, nested ones among them.
 *
 * @returns undefined where a quote or a comment does not end: then the text is not understood.
 */
export function sqlTokens(sql: string): readonly SqlToken[] | undefined {
  const tokens: SqlToken[] = []
  for (let at = 0; at < sql.length; ) {
    const found = tokenAt(sql, at)
    if (found === undefined) return undefined
    if (found.token !== undefined) tokens.push(found.token)
    at = found.end
  }
  return tokens
}

interface Found {
  readonly token?: SqlToken
  readonly end: number
}

function tokenAt(sql: string, at: number): Found | undefined {
  for (const [pattern, kind] of patterns) {
    pattern.lastIndex = at
    const match = pattern.exec(sql)
    if (match === null) continue
    const value = match.at(-1) ?? ''
    const end = pattern.lastIndex
    if (kind === 'space') return { end }
    return { token: { kind, value: kind === 'word' ? value.toLowerCase() : value }, end }
  }
  if (sql.startsWith('/*', at)) {
    const end = endOfComment(sql, at)
    return end === undefined ? undefined : { end }
  }
  const quote = sql[at] as string
  return '\'"`$'.includes(quote)
    ? unquoted(sql, at)
    : { token: { kind: 'symbol', value: quote }, end: at + 1 }
}

const patterns: readonly (readonly [RegExp, SqlToken['kind'] | 'space'])[] = [
  [/\s+|--[^\n]*/uy, 'space'],
  // A backslash may escape the quote (MySQL, and E'...' in PostgreSQL) or not: both readings are tried.
  [/'((?:[^'\\]|'')*)'(?!')/uy, 'text'],
  [/"((?:[^"]|"")*)"(?!")/uy, 'name'],
  [/`((?:[^`]|``)*)`(?!`)/uy, 'name'],
  [/\[([\p{L}\p{N}_$ ]*\p{L}[\p{L}\p{N}_$ ]*)\]/uy, 'name'],
  [/\$((?:[\p{L}_][\p{L}\p{N}_]*)?)\$([\s\S]*?)\$\1\$/uy, 'text'],
  [/(\$\d+|[\p{L}\p{N}_@#][\p{L}\p{N}_$@#]*)/uy, 'word'],
]

/** A string with backslashes, a `$` that begins no dollar quote, or a quote that does not end. */
function unquoted(sql: string, at: number): Found | undefined {
  if (sql[at] === '$') return { token: { kind: 'symbol', value: '$' }, end: at + 1 }
  const escaped = /'((?:[^'\\]|''|\\[\s\S])*)'(?!')/uy
  escaped.lastIndex = at
  const match = escaped.exec(sql)
  const plain = /'((?:[^']|'')*)'(?!')/uy
  plain.lastIndex = at
  const other = plain.exec(sql)
  // Where the two readings differ, what follows may be inside the string or not.
  if (match === null || other === null || escaped.lastIndex !== plain.lastIndex) return undefined
  return { token: { kind: 'text', value: match[1] as string }, end: escaped.lastIndex }
}

/** The end of a comment that begins there. PostgreSQL and SQL Server nest comments. */
function endOfComment(sql: string, at: number): number | undefined {
  const edges = /\/\*|\*\//g
  edges.lastIndex = at
  let depth = 0
  for (let edge = edges.exec(sql); edge !== null; edge = edges.exec(sql)) {
    depth += edge[0] === '/*' ? 1 : -1
    if (depth === 0) return edges.lastIndex
  }
  return undefined
}
