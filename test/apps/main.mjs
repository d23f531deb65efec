// Runs the package as applications do: `npm run test:apps`, or `npm run test:apps next` for one suite. It packs the
// package, installs it from the tarball in a temporary folder with what the applications need, and runs them there.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundles } from './bundles.mjs'
import { next } from './next.mjs'
import { processes } from './processes.mjs'
import { run } from './run.mjs'
import { runtimes } from './runtimes.mjs'

const suites = { bundles, processes, runtimes, next }

const root = join(import.meta.dirname, '../..')
const chosen = process.argv.slice(2).filter((name) => !name.startsWith('--'))
const unknown = chosen.filter((name) => !Object.hasOwn(suites, name))
if (unknown.length > 0)
  throw new Error(`no such suite: ${unknown}; there are ${Object.keys(suites)}`)
const folder = mkdtempSync(join(tmpdir(), 'cache-aside-apps-'))
const results = []

/** The folder with everything installed and generated, and an empty database in it. */
async function prepare() {
  cpSync(join(import.meta.dirname, 'project'), folder, { recursive: true })
  run('npm', ['run', 'build'], { cwd: root })
  const [{ filename }] = JSON.parse(
    run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root }),
  )
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  manifest.dependencies['prisma-extension-cache-aside'] = `file:${filename}`
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline']
  // Aerospike and Bun come with their binaries, so that no install script has to run.
  run('npm', ['install', '--ignore-scripts', ...quiet], { cwd: folder })
  run('npx', ['prisma', 'generate'], { cwd: folder })
  const database = `file:${join(folder, 'app.db')}`
  const { createClient } = createRequire(join(folder, 'package.json'))('@libsql/client')
  const client = createClient({ url: database })
  await client.execute(
    'CREATE TABLE "Note" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "text" TEXT NOT NULL)',
  )
  client.close()
  return { folder, env: { DATABASE_URL: database } }
}

async function test(name, body) {
  const start = performance.now()
  try {
    const left = await body()
    results.push({ name, status: left === undefined ? 'passed' : 'could not run', left })
  } catch (error) {
    results.push({ name, status: 'failed' })
    console.error(error)
  }
  const { status, left } = results.at(-1)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${status}: ${name} (${seconds} s)${left === undefined ? '' : `: ${left}`}`)
}

try {
  let project
  await test('the tarball installs, and prisma generate runs its generator', async () => {
    project = await prepare()
  })
  for (const [name, suite] of project === undefined ? [] : Object.entries(suites)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue
    for (const [title, body] of Object.entries(suite)) {
      await test(`${name}: ${title}`, () => body(project))
    }
  }
} finally {
  if (!process.argv.includes('--keep')) rmSync(folder, { recursive: true, force: true })
  else console.log(`kept: ${folder}`)
}

const count = (status) => results.filter((result) => result.status === status).length
for (const { name, left } of results.filter(({ status }) => status === 'could not run')) {
  console.log(`could not run: ${name}: ${left}`)
}
console.log(`${count('passed')} passed, ${count('failed')} failed`)
process.exitCode = count('failed') === 0 ? 0 : 1
