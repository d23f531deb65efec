import { join } from 'node:path'

// A comment in the text that lists the names that an editor must offer at its place.
const marker = /\/\*offers ([^*]+)\*\//g

/** Asks the language service of TypeScript, as an editor does, for completions at each marker of a text. */
export function completionsIn(typescript, folder, text) {
  const file = join(folder, 'test/types/fixtures/completions.ts')
  const options = {
    target: typescript.ScriptTarget.ES2022,
    module: typescript.ModuleKind.NodeNext,
    moduleResolution: typescript.ModuleResolutionKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    types: [],
  }
  const service = typescript.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (name) => {
      const content = typescript.sys.readFile(name)
      return content === undefined ? undefined : typescript.ScriptSnapshot.fromString(content)
    },
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: typescript.getDefaultLibFilePath,
    fileExists: typescript.sys.fileExists,
    readFile: typescript.sys.readFile,
    readDirectory: typescript.sys.readDirectory,
    directoryExists: typescript.sys.directoryExists,
    getDirectories: typescript.sys.getDirectories,
    realpath: typescript.sys.realpath,
  })
  return Array.from(text.matchAll(marker), (match) => ({
    expected: match[1].trim().split(/,\s*/),
    found: (service.getCompletionsAtPosition(file, match.index, {})?.entries ?? []).map(
      ({ name }) => name,
    ),
  }))
}
