/** The names of the views that a schema declares, because the DMMF does not distinguish them from models. */
export function viewNames(text: string): ReadonlySet<string> {
  const names = blocksIn(text).flatMap(({ keyword, name }) => (keyword === 'view' ? name : []))
  return new Set(names)
}

/**
 * Returns the schema without `@ignore` and `@@ignore`; undefined where it has none. The DMMF omits ignored
 * models and fields, but the database still has their tables and foreign keys.
 */
export function withoutIgnore(text: string): string | undefined {
  const plain = blanked(text)
  const attributes = [...plain.matchAll(/@@?ignore(?![\p{L}\p{N}_-])/gu)]
  if (attributes.length === 0) return undefined
  let shown = ''
  let end = 0
  for (const { 0: attribute, index } of attributes) {
    // A model may be ignored because it has no unique field, without which Prisma refuses it.
    shown += text.slice(end, index) + (attribute === '@@ignore' ? UNIQUE_FIELD : '')
    end = index + attribute.length
  }
  return shown + text.slice(end)
}

const UNIQUE_FIELD = 'uniqueForCacheAside Int @unique'

interface Block {
  /** Such as `model` or `view`. */
  readonly keyword: string
  readonly name: string
}

/** The blocks at the top level of the schema. */
function blocksIn(text: string): readonly Block[] {
  const plain = blanked(text)
  const blocks: Block[] = []
  let depth = 0
  let start = 0
  for (const { 0: brace, index } of plain.matchAll(/[{}]/g)) {
    if (brace === '{' && depth === 0) {
      const [name = '', keyword = ''] = plain.slice(start, index).trim().split(/\s+/).reverse()
      blocks.push({ keyword, name })
    }
    depth += brace === '{' ? 1 : -1
    start = index + 1
  }
  return blocks
}

/** Replaces comments and strings by blanks, so that the rest of the text keeps its position. */
function blanked(text: string): string {
  return text.replace(notCode, (part) => part.replace(/[^\n]/g, ' '))
}

const notCode = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"/g
