import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The path of the built `index.js`, for tests that start processes of their own. */
    readonly built: string
  }
}

const root = join(import.meta.dirname, '../..')

/** Builds the package once for the run: Node 20 does not run TypeScript. */
export default function setup(project: TestProject): void {
  const folder = join(root, 'node_modules/.cache/cache-aside')
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      'tsconfig.build.json',
      '--outDir',
      folder,
    ],
    { cwd: root, encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`the package does not build:\n${stdout}`)
  project.provide('built', join(folder, 'index.js'))
}
