import type { GeneratedCatalog } from '../catalog/generated-catalog.js'

/** A file to write. */
export interface GeneratedFile {
  readonly path: string
  readonly text: string
}

const HEADER = `// 'prisma generate' writes this file, by the generator of prisma-extension-cache-aside. Do not edit it.
// biome-ignore-all lint: generated file
/* eslint-disable */
`

const TYPE = `{
  readonly format: number
  readonly schema: string
  readonly checksum: string
  readonly index: string
  readonly models: readonly string[]
}`

/** @param output ends in the extension that says the language: `.ts`, `.mts`, `.cts`, `.mjs` or `.cjs`. */
export function filesOf(output: string, catalog: GeneratedCatalog): readonly GeneratedFile[] {
  const value = literalOf(catalog)
  if (/ts$/.test(output)) {
    return [{ path: output, text: `${HEADER}export const catalog: ${TYPE} = ${value}\n` }]
  }
  const assigned = output.endsWith('.cjs') ? 'exports.catalog' : 'export const catalog'
  return [
    { path: output, text: `${HEADER}${assigned} = ${value}\n` },
    {
      path: output.replace(/([cm])js$/, 'd.$1ts'),
      text: `${HEADER}export declare const catalog: ${TYPE}\n`,
    },
  ]
}

function literalOf({ format, schema, checksum, index, models }: GeneratedCatalog): string {
  const lines = [
    `format: ${format},`,
    `schema: '${schema}',`,
    `checksum: '${checksum}',`,
    `index:\n    ${quoted(index)},`,
    `models: [\n${models.map((model) => `    ${quoted(model)},\n`).join('')}  ],`,
  ]
  return `{\n${lines.map((line) => `  ${line}\n`).join('')}}`
}

/** JSON is full of double quotes, so the literal has single ones. */
function quoted(json: string): string {
  const escaped = json.replace(/[\\'\u2028\u2029]/g, (char) => {
    if (char === '\u2028') return '\\u2028'
    return char === '\u2029' ? '\\u2029' : `\\${char}`
  })
  return `'${escaped}'`
}
