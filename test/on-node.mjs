// Runs the main suites on another version of Node: `npm run test:node 24`. The binary comes from the npm registry.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const [version = '24', ...suites] = process.argv.slice(2)
const mainSuites = [
  'test/catalog',
  'test/codec',
  'test/control',
  'test/extension.test.ts',
  'test/options',
  'test/plan/planner.test.ts',
  'test/prisma-client',
  'test/processes/life-cycle.test.ts',
  'test/read',
  'test/store/aerospike.test.ts',
  'test/store/memory.test.ts',
  'test/write',
]
const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'cache-aside-node-'))

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', ...options })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
}

try {
  const name = `node-${process.platform}-${process.arch}@${version}`
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  run('npm', ['install', '--prefix', folder, ...quiet, name], { cwd: folder })
  const bin = join(folder, 'node_modules', name.slice(0, name.lastIndexOf('@')), 'bin')
  const path = `${bin}${delimiter}${process.env.PATH}`
  const env = { ...process.env, PATH: path }
  const node = join(bin, 'node')
  run(node, ['--version'], { cwd: root })
  run(node, [join(root, 'prisma/generate.mjs')], { cwd: root, env })
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const chosen = suites.length > 0 ? suites : mainSuites
  run(node, [vitest, 'run', '--typecheck.enabled=false', ...chosen], { cwd: root, env })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
