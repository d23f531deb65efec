import type { Model } from '../catalog/catalog.js'

/**
 * Whether the text of a raw query may write. A word is enough, wherever it stands: `SELECT ... FOR
 * UPDATE` counts as a write, which costs some hits and never a wrong answer.
 */
export function mayWrite(sql: string): boolean {
  return writingKeyword.test(sql)
}

const writingKeyword =
  /\b(insert|update|delete|merge|replace|upsert|truncate|create|alter|drop|rename|call|exec|execute|do|copy|load|refresh)\b/i

/**
 * The models that raw SQL may change: those whose tables its text names; every model where it names
 * none.
 */
export function modelsNamedIn(models: Iterable<Model>, sql: string): readonly Model[] {
  const all = [...models]
  const named = all.filter(namedIn(sql))
  // Writing through a view changes tables that the text does not name.
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
