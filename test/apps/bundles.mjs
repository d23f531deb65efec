// One file by esbuild, which runs in another folder; and CommonJS by tsc, in Jest.
import assert from 'node:assert'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './run.mjs'

export const ANSWERS = 'miss 0, hit 0, miss 1, hit 1\n'

/** esbuild cannot include the native part of the driver, so it goes beside the bundle. */
const NATIVE = ['libsql', '@libsql', '@neon-rs', 'detect-libc']

/** CommonJS packages in a bundle of ES modules need this, such as the driver's. */
const REQUIRE =
  "import { createRequire as fromHere } from 'node:module'; const require = fromHere(import.meta.url);"

/** Bundles a file, and runs the bundle in a folder without the package. */
function bundleAndRun({ folder, env }, source, { format, banner, ...more }) {
  const place = mkdtempSync(join(tmpdir(), 'cache-aside-bundle-'))
  try {
    const output = join(place, format === 'cjs' ? 'main.cjs' : 'main.mjs')
    const options = ['--bundle', '--platform=node', '--external:libsql', `--format=${format}`]
    if (banner !== undefined) options.push(`--banner:js=${banner}`)
    const log = run(
      'npx',
      ['esbuild', source, ...options, `--outfile=${output}`, '--log-level=warning'],
      {
        cwd: folder,
      },
    )
    assert.equal(log, '', 'esbuild has a warning')
    for (const name of NATIVE) {
      mkdirSync(join(place, 'node_modules'), { recursive: true })
      cpSync(join(folder, 'node_modules', name), join(place, 'node_modules', name), {
        recursive: true,
        filter: (path) => !path.includes(join('@libsql', 'client')),
      })
    }
    return run(process.execPath, [output], { cwd: place, ...more, env: { ...env, ...more.env } })
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

const NO_PARSER = /ConfigurationError: this client needs a generated catalog.*generator cache \{/

export const bundles = {
  'esbuild to one CommonJS file': (project) => {
    assert.equal(bundleAndRun(project, 'src/main.cjs', { format: 'cjs' }), ANSWERS)
  },
  'esbuild to one ES module': (project) => {
    const options = { format: 'esm', banner: REQUIRE }
    assert.equal(bundleAndRun(project, 'src/main.ts', options), ANSWERS)
  },
  'the package itself needs no banner in an ES module': (project) => {
    assert.equal(bundleAndRun(project, 'src/alone.mjs', { format: 'esm' }), 'true\n')
  },
  'without the generated catalog, a bundle says what is missing': (project) => {
    const options = { env: { NO_CATALOG: '1' }, fails: true }
    assert.match(bundleAndRun(project, 'src/main.cjs', { format: 'cjs', ...options }), NO_PARSER)
    const esm = { format: 'esm', banner: REQUIRE, ...options }
    assert.match(bundleAndRun(project, 'src/main.ts', esm), NO_PARSER)
  },
  'tsc to CommonJS, and Jest': ({ folder, env }) => {
    run('npx', ['tsc', '-p', 'nest'], { cwd: folder })
    const jest = ['jest', '--rootDir', 'nest', '--testMatch', '**/*.spec.js', '--silent']
    run('npx', jest, { cwd: folder, env })
  },
}
