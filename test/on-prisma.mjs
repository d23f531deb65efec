// Runs the main suites on another version of Prisma: `npm run test:prisma 7.0.0`. It copies the project to a
// temporary folder, installs that version there, and runs them.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const [version = '7.0.0', ...suites] = process.argv.slice(2)
const mainSuites = [
  'test/extension.test.ts',
  'test/write',
  'test/read',
  'test/control',
  'test/prisma-client',
]
const hasNestedTransactions = !/^7\.[0-4]\./.test(version)
const withoutNested = '^(?!.*(inside it|may contain a batch|why a read bypassed)).*$'
const root = join(import.meta.dirname, '..')
const copy = mkdtempSync(join(tmpdir(), 'cache-aside-prisma-'))
const skipped = ['node_modules', 'generated', 'dist', '.git'].map((name) => join(root, name))

function run(command, ...args) {
  const { status } = spawnSync(command, args, { cwd: copy, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`)
}

try {
  cpSync(root, copy, { recursive: true, filter: (path) => !skipped.includes(path) })
  const packages = ['prisma', '@prisma/client', '@prisma/adapter-pg', '@prisma/adapter-libsql']
  run('npm', 'ci', '--no-audit', '--no-fund')
  const versions = packages.map((name) => `${name}@${version}`)
  run('npm', 'install', '--no-save', '--force', '--no-audit', '--no-fund', ...versions)
  run('npm', 'run', 'generate')
  const chosen = suites.length > 0 ? suites : mainSuites
  const only = hasNestedTransactions ? [] : ['-t', withoutNested]
  if (!hasNestedTransactions) console.log(`without nested transactions, which ${version} lacks`)
  run('npx', 'vitest', 'run', '--typecheck.enabled=false', ...only, ...chosen)
} finally {
  rmSync(copy, { recursive: true, force: true })
}
