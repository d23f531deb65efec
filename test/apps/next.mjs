// Next.js: built by Turbopack and by webpack, and as a standalone server with Aerospike.
import assert from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environment, run } from './run.mjs'

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Starts a server, and runs the body when it accepts requests. */
async function serving(args, { cwd, env }, body) {
  const port = await freePort()
  const server = spawn(process.execPath, args(port), {
    cwd,
    env: environment({ ...env, PORT: String(port), HOSTNAME: '127.0.0.1' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ready = new Promise((resolve, reject) => {
    const take = (part) => {
      output += part
      if (/Ready in/.test(output)) resolve()
    }
    server.stdout.on('data', take)
    server.stderr.on('data', take)
    server.on('exit', () => reject(new Error(`the server ended:\n${output}`)))
  })
  try {
    await ready
    const ask = async (path, init) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, init)
      if (!response.ok) throw new Error(`${path}: ${response.status}\n${output}`)
      return response.text()
    }
    await body(ask)
  } finally {
    server.removeAllListeners('exit')
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }
}

/** A page and a route handler share the cache, and neither is stale after a write of the other's bundle. */
async function pageAndRoute(ask) {
  const page = async () => /\[(\w+ \d+)\]/.exec(await ask('/'))[1]
  const route = async () => JSON.parse(await ask('/api/notes')).answer
  const first = await page()
  const count = Number(first.split(' ')[1])
  assert.match(first, /^miss/)
  assert.equal(await route(), `hit ${count}`)
  await ask('/api/notes', { method: 'POST', body: 'from the route' })
  assert.equal(await page(), `miss ${count + 1}`)
  assert.equal(await page(), `hit ${count + 1}`)
  assert.equal(await route(), `hit ${count + 1}`)
}

function builtBy(name, ...flags) {
  return async ({ folder, env }) => {
    const own = { ...env, DIST_DIR: `.next-${name}` }
    run('npx', ['next', 'build', ...flags], { cwd: folder, env: own })
    const next = join(folder, 'node_modules/next/dist/bin/next')
    const args = (port) => [next, 'start', '-p', String(port)]
    await serving(args, { cwd: folder, env: own }, pageAndRoute)
  }
}

/** Builds a standalone server, and runs it with an Aerospike in a folder where nothing else is. */
async function standalone({ folder, env }) {
  const built = join(folder, '.next-standalone')
  const own = { ...env, OUTPUT: 'standalone', DIST_DIR: '.next-standalone', WITH_AEROSPIKE: '1' }
  run('npx', ['next', 'build'], { cwd: folder, env: own })
  const from = createRequire(join(folder, 'package.json'))
  const { startAerospikeEmulator } = from('prisma-extension-cache-aside/testing')
  const emulator = await startAerospikeEmulator()
  const moved = mkdtempSync(join(tmpdir(), 'cache-aside-standalone-'))
  const server = { cwd: moved, env: { ...env, HOSTS: emulator.hosts } }
  try {
    cpSync(join(built, 'standalone'), moved, { recursive: true, verbatimSymlinks: true })
    await serving(() => ['server.js'], server, pageAndRoute)
    // Without `outputFileTracingIncludes`, Next does not copy these.
    rmSync(join(moved, 'node_modules/aerospike/lib/binding'), { recursive: true })
    await serving(
      () => ['server.js'],
      server,
      async (ask) => {
        const { answer, lastError } = JSON.parse(await ask('/api/notes'))
        assert.match(answer, /^bypass/)
        assert.match(
          lastError,
          /The package 'aerospike' is installed, but its native part does not load/,
        )
      },
    )
  } finally {
    rmSync(moved, { recursive: true, force: true })
    await emulator.close()
  }
}

export const next = {
  'a page and a route share the cache, by Turbopack': builtBy('turbopack'),
  'a page and a route share the cache, by webpack': builtBy('webpack', '--webpack'),
  'a standalone server with Aerospike runs, and says so if its .node file is missing': standalone,
}
