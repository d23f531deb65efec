// Checks the types as applications see them, on several versions of TypeScript: `npm run test:types`, or
// `npm run test:types 5.4 7.0`. It makes a temporary application with the built package and without
// `aerospike`, and compiles there the type tests, the fixtures, and queries of a schema with 150 models.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { completionsIn } from './completions.mjs'
import { bytesOf, largeSchema, largeSources } from './large-schema.mjs'

const releases = { 5.4: '5.4.5', 5.9: '5.9.3', '6.0': '6.0.3', '7.0': '7.0.2' }
const asked = process.argv.slice(2)
const versions = asked.length > 0 ? asked : Object.keys(releases)
const root = join(import.meta.dirname, '../..')
const app = mkdtempSync(join(tmpdir(), 'cache-aside-types-'))
const failures = []

function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: app, encoding: 'utf8', ...options })
}

function expect(condition, text) {
  console.log(`${condition ? 'ok  ' : 'FAIL'} ${text}`)
  if (!condition) failures.push(text)
}

/** The application: its packages are those of the project, except that this package is a copy of its own. */
function install() {
  const modules = join(app, 'node_modules')
  const self = join(modules, 'prisma-extension-cache-aside')
  writeFileSync(join(app, 'package.json'), '{ "type": "module", "private": true }')
  const packages = versions.map(
    (version) => `typescript-${version}@npm:typescript@${releases[version]}`,
  )
  run('npm', ['install', '--no-audit', '--no-fund', ...packages], { stdio: 'inherit' })
  for (const name of ['@prisma', '@types', 'vitest']) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  mkdirSync(self, { recursive: true })
  for (const name of ['dist', 'package.json']) {
    cpSync(join(root, name), join(self, name), { recursive: true })
  }
  cpSync(join(root, 'generated/sqlite'), join(app, 'generated/sqlite'), { recursive: true })
  cpSync(join(root, 'test/types/fixtures'), join(app, 'test/types/fixtures'), { recursive: true })
  cpSync(join(root, 'test/extension-types.test-d.ts'), join(app, 'test/extension-types.test-d.ts'))
  mkdirSync(join(app, 'src'))
  // The type tests import the package by this path.
  writeFileSync(join(app, 'src/index.d.ts'), "export * from 'prisma-extension-cache-aside'\n")
}

function generateLargeClient() {
  writeFileSync(join(app, 'schema.prisma'), largeSchema)
  for (const [file, text] of Object.entries(largeSources)) {
    mkdirSync(join(app, 'large'), { recursive: true })
    writeFileSync(join(app, 'large', file), text)
  }
  const prisma = join(
    dirname(createRequire(import.meta.url).resolve('prisma/package.json')),
    'build/index.js',
  )
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath }
  run(process.execPath, [prisma, 'generate', '--schema', 'schema.prisma'], { env })
}

/** Compiles files, and returns the errors that TypeScript prints. */
function compile(version, files, options) {
  const config = join(app, 'tsconfig.json')
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    ...options,
  }
  writeFileSync(config, JSON.stringify({ compilerOptions, files }))
  const tsc = join(app, 'node_modules', `typescript-${version}`, 'bin/tsc')
  const { stdout } = run(process.execPath, ['--max-old-space-size=4096', tsc, '-p', config])
  return stdout.split('\n').filter((line) => line.includes('error TS'))
}

function report(errors, text) {
  expect(errors.length === 0, text)
  for (const error of errors.slice(0, 5)) console.log(`     ${error.slice(0, 300)}`)
}

function checkVersion(version) {
  const fixtures = ['test/types/fixtures/application.ts', 'test/types/fixtures/accelerate.ts']
  const small = ['test/extension-types.test-d.ts', ...fixtures]
  report(compile(version, small, { noEmit: true }), `TypeScript ${version}: the type tests`)

  // Declarations of other packages may have errors of their own on some version.
  const ours = compile(version, fixtures, {
    noEmit: true,
    skipLibCheck: false,
  }).filter((line) => /cache-aside|fixtures/.test(line))
  report(ours, `TypeScript ${version}: skipLibCheck: false, without aerospike`)

  const large = Object.keys(largeSources).map((file) => `large/${file}`)
  const out = {
    declaration: true,
    emitDeclarationOnly: true,
    outDir: `out-${version}`,
    rootDir: '.',
  }
  report(compile(version, large, out), `TypeScript ${version}: declarations for 150 models`)
  for (const [file, limit] of Object.entries(bytesOf)) {
    const emitted = join(app, `out-${version}/large`, file.replace('.ts', '.d.ts'))
    const { size } = statSync(emitted, { throwIfNoEntry: false }) ?? { size: Number.NaN }
    expect(size <= limit, `TypeScript ${version}: ${file}: ${size} bytes, at most ${limit}`)
  }
}

async function checkCompletions(version) {
  if (!version.startsWith('5.9')) return
  const { default: typescript } = await import(
    join(app, 'node_modules', `typescript-${version}`, 'lib/typescript.js')
  )
  const text = readFileSync(join(app, 'test/types/fixtures/completions.ts'), 'utf8')
  for (const { expected, found } of completionsIn(typescript, app, text)) {
    const isExact = found.length < 60 && expected.every((name) => found.includes(name))
    expect(isExact, `TypeScript ${version}: offers ${expected.join(', ')} (${found.length} names)`)
  }
}

try {
  install()
  generateLargeClient()
  for (const version of versions) {
    checkVersion(version)
    await checkCompletions(version)
  }
} finally {
  rmSync(app, { recursive: true, force: true })
}
console.log(failures.length === 0 ? 'all types passed' : `${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
