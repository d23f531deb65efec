import { Connection } from './connection.js'
import type { Backend } from './dispatch.js'
import { FaultPlan, type Faults, type FaultyServer } from './faults.js'
import { Front } from './front.js'
import { connectAnswers, type InfoSubject } from './info.js'
import { Namespace, type NamespaceOptions } from './namespace.js'
import { digestOf, type UserKey } from './record.js'
import { type Traffic, TrafficRecorder } from './traffic.js'

/** The options of `startAerospikeEmulator`; each of them is optional. */
export interface AerospikeEmulatorOptions {
  /** The port on 127.0.0.1; with 0 the emulator takes a free one. @default 0 */
  readonly port?: number
  /** The namespaces, by name or with settings. @default ['test'] */
  readonly namespaces?: readonly (string | NamespaceOptions)[]
  /** The value for namespaces that do not set their own, see `NamespaceOptions`. @default 10 */
  readonly nsupPeriod?: number
  /** The value for namespaces that do not set their own, see `NamespaceOptions`. @default false */
  readonly allowTtlWithoutNsup?: boolean
  /**
   * The value for namespaces that do not set their own, see `NamespaceOptions`.
   *
   * @default 1048576
   */
  readonly maxRecordSize?: number
  /** The clock by which records expire, in milliseconds since 1970. @default Date.now */
  readonly clock?: () => number
}

/** A running emulator. */
export interface AerospikeEmulator {
  readonly port: number
  /** The address for the client's option `hosts`, such as `127.0.0.1:31234`. */
  readonly hosts: string
  /** Makes things go wrong, now or with a later command. */
  readonly faults: Faults
  /** Counts the commands that clients have sent. */
  readonly traffic: Traffic
  /** Counts the records of one set, or of the whole namespace. It is not counted in `traffic`. */
  count(namespace: string, set?: string): number
  /** Returns whether a record exists. It is not counted in `traffic`. */
  has(namespace: string, set: string, key: UserKey): boolean
  /** Closes all connections and frees the port. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts an emulated Aerospike server in this process, for tests. It implements the wire protocol,
 * so the real `aerospike` client can connect to it. It listens only on the loopback interface, and
 * keeps the process running until it is closed.
 *
 * @throws Error with the code `EADDRINUSE` if the port is taken.
 *
 * @example
 * const server = await startAerospikeEmulator() const client = await Aerospike.connect({ hosts:
 * server.hosts }) await client.put(new Aerospike.Key('test', 'users', 1), { name: 'Ada' })
 * server.faults.failNext(14, { command: 'put' }) client.close() await server.close()
 */
export async function startAerospikeEmulator(
  options: AerospikeEmulatorOptions = {},
): Promise<AerospikeEmulator> {
  const emulator = new Emulator(options)
  try {
    await emulator.listen()
  } catch (error) {
    // Without this, the worker would keep the process from exiting.
    await emulator.close()
    throw error
  }
  return emulator
}

class Emulator implements AerospikeEmulator, Backend, FaultyServer {
  readonly namespaces: ReadonlyMap<string, Namespace>
  readonly faults: FaultPlan
  readonly traffic = new TrafficRecorder()
  readonly #front: Front
  readonly #connections = new Map<number, Connection>()
  readonly #clock: () => number
  readonly #startedAt: number
  #port: number
  #state: 'stopped' | 'listening' | 'closed' = 'stopped'

  constructor(options: AerospikeEmulatorOptions) {
    this.namespaces = createNamespaces(options)
    this.faults = new FaultPlan(this)
    this.#clock = options.clock ?? Date.now
    this.#port = options.port ?? 0
    this.#startedAt = this.#clock()
    this.#front = new Front({
      received: (id, bytes) => this.#connection(id).receive(bytes),
      ended: (id) => this.#front.write(id, [], 'end'),
      closed: (id) => this.#connections.delete(id),
    })
  }

  get port(): number {
    return this.#port
  }

  get hosts(): string {
    return `127.0.0.1:${this.#port}`
  }

  now(): number {
    return this.#clock()
  }

  infoSubject(): InfoSubject {
    return {
      port: this.#port,
      namespaces: this.namespaces,
      now: this.now(),
      startedAt: this.#startedAt,
      connections: this.#connections.size,
    }
  }

  count(namespace: string, set?: string): number {
    let count = 0
    for (const [, record] of this.#namespace(namespace).live(this.now())) {
      if (set === undefined || record.set === set) count++
    }
    return count
  }

  has(namespace: string, set: string, key: UserKey): boolean {
    return this.#namespace(namespace).find(digestOf(set, key), this.now()) !== undefined
  }

  async listen(): Promise<void> {
    if (this.#state === 'closed') throw new Error('the emulator is closed: start another one')
    if (this.#state === 'listening') return
    this.#state = 'listening'
    try {
      this.#port = await this.#front.listen(this.#port)
    } catch (error) {
      this.#state = 'stopped'
      throw error
    }
    await this.#front.know(connectAnswers(this.infoSubject()))
  }

  async stop(): Promise<void> {
    if (this.#state !== 'listening') return
    this.#state = 'stopped'
    await this.#front.stop()
    this.#connections.clear()
  }

  setFrozen(isFrozen: boolean): void {
    this.#front.isFrozen = isFrozen
  }

  setDelay(milliseconds: number): void {
    this.#front.delay = milliseconds
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    await this.#front.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #connection(id: number): Connection {
    const known = this.#connections.get(id)
    if (known !== undefined) return known
    const connection = new Connection(id, this.#front, this)
    this.#connections.set(id, connection)
    return connection
  }

  #namespace(name: string): Namespace {
    const ns = this.namespaces.get(name)
    if (ns === undefined) throw new Error(`the emulator has no namespace ${name}`)
    return ns
  }
}

function createNamespaces(options: AerospikeEmulatorOptions): Map<string, Namespace> {
  const { port: _port, clock: _clock, namespaces = ['test'], ...shared } = options
  return new Map(
    namespaces.map((given) => {
      const own = typeof given === 'string' ? { name: given } : given
      return [own.name, new Namespace({ ...shared, ...own })]
    }),
  )
}
