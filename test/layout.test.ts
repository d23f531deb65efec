import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { expect, it } from 'vitest'

const source = join(import.meta.dirname, '../src')

/** The layers of src/, from top to bottom. A file imports only from its own folder, or from lower layers. */
const layers: readonly (readonly string[])[] = [
  ['index.ts', 'accelerate'],
  ['extension.ts'],
  ['cache-aside.ts', 'extension-types.ts'],
  ['control'],
  ['read', 'write'],
  ['context.ts'],
  ['touch', 'optimistic-lock', 'members', 'client-types'],
  ['options'],
  ['prisma-client', 'store'],
  ['plan', 'generator'],
  ['catalog'],
  ['checks.ts'],
  ['codec', 'telemetry', 'event-loop', 'errors.ts', 'process-state.ts'],
  ['testing'],
]

/** The files that a file imports, for their types or for their values, as paths below src/. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(source, file), 'utf8')
  return Array.from(text.matchAll(/(?:from|import\()\s*'(\.{1,2}\/[^']*)\.js'/g), (match) =>
    join(dirname(file), `${match[1]}.ts`),
  )
}

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
)
const folderOf = (file: string) => relative('.', file).split(sep)[0] as string
const layerOf = (folder: string) => layers.findIndex((folders) => folders.includes(folder))

it('every folder has a layer', () => {
  expect(files.map(folderOf).filter((folder) => layerOf(folder) === -1)).toEqual([])
  expect(layers.flat().filter((folder) => !files.map(folderOf).includes(folder))).toEqual([])
})

it('no file imports from a higher layer, or from another folder in its layer', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => {
        const [from, to] = [folderOf(file), folderOf(imported)]
        return from !== to && layerOf(from) >= layerOf(to)
      })
      .map((imported) => `${file} imports ${imported}`),
  )
  expect(files.flatMap(importsOf).length).toBeGreaterThan(300)
  expect(wrong).toEqual([])
})

it('no file imports itself through other files', () => {
  const imports = new Map(files.map((file) => [file, importsOf(file)]))
  const known = new Set<string>()
  const circles: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    if (known.has(file)) return
    known.add(file)
    for (const imported of imports.get(file) ?? []) visit(imported, [...path, file])
  }
  for (const file of files) visit(file, [])
  expect(circles).toEqual([])
})
