// Bun and Deno, with memory(). Their binaries come from npm.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ANSWERS } from './bundles.mjs'
import { run } from './run.mjs'

/** The binary of a runtime among the packages for this machine; undefined where there is none that runs. */
function binaryOf({ folder }, scope, name) {
  const packages = join(folder, 'node_modules', scope)
  const found = existsSync(packages) ? readdirSync(packages) : []
  const paths = found.flatMap((each) => [
    join(packages, each, 'bin', name),
    join(packages, each, name),
  ])
  return paths.find((path) => spawnSync(path, ['--version']).status === 0)
}

export const runtimes = {
  'Node, from TypeScript by esbuild': ({ folder, env }) => {
    const options = ['--bundle', '--platform=node', '--format=esm', '--packages=external']
    run('npx', ['esbuild', 'src/main.ts', ...options, '--outfile=src/built.mjs'], { cwd: folder })
    const built = (more) =>
      run(process.execPath, ['src/built.mjs'], { cwd: folder, env: { ...env, ...more } })
    assert.equal(built({}), ANSWERS)
    assert.equal(built({ NO_CATALOG: '1' }), ANSWERS)
  },
  Bun: (project) => {
    const bun = binaryOf(project, '@oven', 'bun')
    if (bun === undefined) return 'npm has no Bun for this machine'
    const { folder: cwd, env } = project
    assert.equal(run(bun, ['src/main.ts'], { cwd, env }), ANSWERS)
  },
  Deno: (project) => {
    const deno = binaryOf(project, '@deno', 'deno')
    if (deno === undefined) return 'npm has no Deno for this machine'
    const { folder: cwd, env } = project
    assert.equal(run(deno, ['run', '-A', '--cached-only', 'src/main.ts'], { cwd, env }), ANSWERS)
  },
}
