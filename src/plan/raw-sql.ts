import type { Model } from '../catalog/catalog.js'

/**
 * Whether the text of a raw query may write. A keyword anywhere in the text is enough: `SELECT ... FOR
 * UPDATE` counts as a write, which costs some hits but never gives a wrong answer.
 */
export function mayWrite(sql: string): boolean {
  return writingKeyword.test(sql)
}

const writingKeyword =
  /\b(insert|update|delete|merge|replace|upsert|truncate|create|alter|drop|rename|call|exec|execute|do|copy|load|refresh)\b/i

/** The models whose tables the text of raw SQL names; every model where it names none. */
export function modelsNamedIn(models: Iterable<Model>, sql: string): readonly Model[] {
  const all = [...models]
  const named = all.filter(namedIn(sql))
  // A write through a view changes tables that the text does not name.
  return named.length === 0 || named.some((model) => model.kind === 'view') ? all : named
}

function namedIn(sql: string): (model: Model) => boolean {
  const text = sql.toLowerCase()
  const words = new Set(text.match(/[\p{L}\p{N}_$]+/gu))
  return ({ table }) => {
    const name = table.toLowerCase()
    return words.has(name) || (/[^\p{L}\p{N}_$]/u.test(name) && text.includes(name))
  }
}
