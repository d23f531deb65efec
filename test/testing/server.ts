import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type AerospikeEmulator,
  type AerospikeEmulatorOptions,
  startAerospikeEmulator,
} from '../../src/testing/index.js'
import { askInfo } from './info-client.js'

interface CommonTestServer {
  readonly hosts: string
  readonly namespace: string
  /** The server's version, such as `8.1.0.3`. */
  readonly build: string
  stop(): Promise<void>
}

/** The outages that a test may cause on a server of its own. */
export interface Outage {
  /** Kills the process. A server in memory loses its records; the emulator keeps them. */
  kill(): Promise<void>
  /** Starts the server again at the same address. It is ready when this resolves. */
  comeBack(): Promise<void>
  freeze(): void
  thaw(): void
}

/** The server that the tests of this run use. */
export type TestServer = CommonTestServer &
  (
    | { readonly kind: 'external'; readonly emulator?: never; readonly outage?: never }
    | { readonly kind: 'asd'; readonly emulator?: never; readonly outage: Outage }
    | { readonly kind: 'emulator'; readonly emulator: AerospikeEmulator; readonly outage: Outage }
  )

/**
 * Returns a server for tests that every Aerospike server must pass: the server of `AEROSPIKE_HOSTS`
 * (with `AEROSPIKE_NAMESPACE`, by default `test`) if it is set; otherwise an `asd` from the PATH,
 * started on loopback ports; otherwise the emulator.
 */
export async function startTestServer(options?: AerospikeEmulatorOptions): Promise<TestServer> {
  const server = (await external()) ?? (await startAsd()) ?? (await emulator(options))
  announce(server)
  return server
}

/** Starts a server that nobody else uses, so that a test may kill it. */
export async function startOwnServer(): Promise<
  Exclude<TestServer, { readonly kind: 'external' }>
> {
  const server = (await startAsd()) ?? (await emulator())
  announce(server)
  return server
}

async function external(): Promise<TestServer | undefined> {
  const { AEROSPIKE_HOSTS: hosts, AEROSPIKE_NAMESPACE: namespace = 'test' } = process.env
  if (hosts === undefined || hosts === '') return undefined
  const build = await askInfo(hosts, 'build')
  return { kind: 'external', hosts, namespace, build, stop: async () => undefined }
}

async function emulator(
  options?: AerospikeEmulatorOptions,
): Promise<TestServer & { readonly kind: 'emulator' }> {
  const emulator = await startAerospikeEmulator(options)
  return {
    kind: 'emulator',
    hosts: emulator.hosts,
    namespace: 'test',
    build: await askInfo(emulator.hosts, 'build'),
    emulator,
    outage: emulator.faults,
    stop: () => emulator.close(),
  }
}

async function startAsd(): Promise<(TestServer & { readonly kind: 'asd' }) | undefined> {
  const asd = findOnPath('asd')
  if (asd === undefined) return undefined
  const directory = await mkdtemp(join(tmpdir(), 'asd-'))
  await mkdir(join(directory, 'smd'))
  await mkdir(join(directory, 'lua'))
  const ports = await freePorts(4)
  const configFile = join(directory, 'aerospike.conf')
  await writeFile(configFile, configuration(directory, ports))
  const hosts = `127.0.0.1:${ports[0]}`
  let child: ChildProcess | undefined
  const outage: Outage = {
    async kill() {
      await end(child, 'SIGKILL')
    },
    async comeBack() {
      child = spawn(asd, ['--foreground', '--config-file', configFile], { stdio: 'ignore' })
      await untilStable(child, hosts)
    },
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
  }
  const stop = async () => {
    await end(child, 'SIGTERM')
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await outage.comeBack()
    const build = await askInfo(hosts, 'build')
    return { kind: 'asd', hosts, namespace: 'test', build, outage, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function findOnPath(name: string): string | undefined {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(directory, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // The file is not in this directory, so the search continues.
    }
  }
  return undefined
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

function configuration(directory: string, [service, heartbeat, fabric, admin]: number[]): string {
  return `
service {
  cluster-name test
  node-id a${service}
  work-directory ${directory}
  pidfile ${directory}/asd.pid
  proto-fd-max 2048
}
mod-lua { 
  user-path ${directory}/lua
}
logging {
  file ${directory}/asd.log {
    context any info
  }
}
network {
  service {
    address 127.0.0.1
    port ${service}
  }
  heartbeat {
    mode mesh
    address 127.0.0.1
    port ${heartbeat}
    interval 150
    timeout 10
  }
  fabric {
    address 127.0.0.1
    port ${fabric}
  }
  admin {
    address 127.0.0.1
    port ${admin}
  }
}
namespace test {
  replication-factor 1
  nsup-period 10
  storage-engine memory {
    data-size 1G
  }
}
`
}

/** Waits until the cluster of one node has formed, which takes about two seconds. */
async function untilStable(child: ChildProcess, hosts: string): Promise<void> {
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`asd ended with code ${child.exitCode}`)
    const answer = await askInfo(hosts, 'cluster-stable:').catch(() => 'ERROR')
    if (!answer.startsWith('ERROR')) return
    await pause(100)
  }
  throw new Error('asd did not become stable in 30 s')
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

/** Notes which server it is, for the end of the run: test files are processes with one parent. */
function announce({ kind, build }: TestServer): void {
  if (process.env.VITEST === undefined) return
  const file = join(tmpdir(), `aerospike-test-server-${process.ppid}-${kind}`)
  writeFileSync(file, `${kind} ${build}`)
}
