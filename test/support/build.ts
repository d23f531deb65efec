import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The path of the built ES module, for tests that start processes of their own. */
    readonly built: string
    /** The path of the folder with the CommonJS. */
    readonly builtForRequire: string
  }
}

const root = join(import.meta.dirname, '../..')

const dist = 'node_modules/.cache/cache-aside'

/** Builds the package once for the run, as it is published: Node 20 does not run TypeScript. */
export default function setup(project: TestProject): void {
  const { status, stderr } = spawnSync(process.execPath, ['build.mjs', dist], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the package does not build:\n${stderr}`)
  project.provide('built', join(root, dist, 'node/index.js'))
  project.provide('builtForRequire', join(root, dist, 'cjs'))
}
