// Builds dist/: `npm run build`. JavaScript is bundled twice, and the declarations come from tsc.
//
// - dist/cjs has CommonJS, which Node loads for `require` and for `import` alike, so that a process has one copy of
//   the package, with one state and one class of each error. For `import` there is a file that passes it on.
// - dist/esm has ES modules for bundlers, which find them by the condition "module", also for `require`.
// - dist/types has the declarations, which count as CommonJS, so that both kinds of modules may import them.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

const root = import.meta.dirname
const dist = join(root, process.argv[2] ?? 'dist')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The entries in `exports` of package.json. */
const input = {
  index: 'src/index.ts',
  accelerate: 'src/accelerate/index.ts',
  testing: 'src/testing/index.ts',
}

/** These packages are ES modules only, which CommonJS cannot load everywhere; so they are part of the bundles. */
const inlined = ['superjson', 'copy-anything']

const external = [
  /^node:/,
  ...[...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)].map(
    (name) => new RegExp(`^${name}($|/)`),
  ),
]

async function bundle(input, output) {
  const bundle = await rolldown({
    cwd: root,
    input,
    external,
    platform: 'node',
    treeshake: { moduleSideEffects: false },
    onLog(level, log) {
      if (level !== 'info') throw new Error(`the bundle has a warning: ${log.message}`)
    },
  })
  await bundle.write({ sourcemap: true, minify: false, ...output })
  await bundle.close()
}

/** The ES module that Node loads for `import`: every name, from the CommonJS. */
function wrapperOf(name) {
  const names = Object.keys(createRequire(import.meta.url)(join(dist, 'cjs', `${name}.js`)))
  return `export { ${names.sort().join(', ')} } from '../cjs/${name}.js'\n`
}

rmSync(dist, { recursive: true, force: true })
await bundle(input, { dir: join(dist, 'cjs'), format: 'cjs', exports: 'named' })
await bundle(input, { dir: join(dist, 'esm'), format: 'esm' })
await bundle(
  { generator: 'src/generator/main.ts' },
  { dir: join(dist, 'cjs'), format: 'cjs', banner: '#!/usr/bin/env node' },
)
chmodSync(join(dist, 'cjs/generator.js'), 0o755)
for (const [folder, type] of Object.entries({
  cjs: 'commonjs',
  esm: 'module',
  node: 'module',
  types: 'commonjs',
})) {
  mkdirSync(join(dist, folder), { recursive: true })
  writeFileSync(join(dist, folder, 'package.json'), `{ "type": "${type}" }\n`)
}
for (const [name, file] of Object.entries(input)) {
  const types = file.replace(/^src/, '../types').replace(/ts$/, 'js')
  writeFileSync(join(dist, 'node', `${name}.js`), wrapperOf(name))
  writeFileSync(join(dist, 'node', `${name}.d.ts`), `export * from '${types}'\n`)
}
for (const name of inlined) {
  cpSync(join(root, 'node_modules', name, 'LICENSE'), join(dist, 'licenses', name))
}

const tsc = join(root, 'node_modules/typescript/bin/tsc')
const { status, stdout } = spawnSync(
  process.execPath,
  [tsc, '-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', join(dist, 'types')],
  { cwd: root, encoding: 'utf8' },
)
if (status !== 0) throw new Error(`the declarations do not build:\n${stdout}`)
