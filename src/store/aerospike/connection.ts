import { connect as connectSocket } from 'node:net'
import type { Client } from 'aerospike'
import { refused, unloadable, unreachable } from './diagnosis.js'
import type { AerospikeSettings, HostAndPort } from './options.js'

type Aerospike = typeof import('aerospike')

/**
 * The pause between attempts to connect, in milliseconds: it doubles from the first to the last.
 */
const FIRST_PAUSE = 50
const LAST_PAUSE = 800

/**
 * The client's own queue in front of its connections. Without a queue, a burst of commands fails
 * with code -7.
 */
const COMMAND_QUEUE = { maxCommandsInProcess: 90, maxCommandsInQueue: 100_000 }

/**
 * Creates and closes the native client, and avoids the cases in which that client crashes the
 * process: each attempt to connect uses a new client, only one attempt runs at a time, and a client
 * is closed only when no command is running on it. test/store/aerospike-child.mjs tries these
 * cases.
 */
export class Connection {
  readonly #settings: AerospikeSettings
  readonly #inFlight = new Set<Promise<unknown>>()
  #aerospike: Aerospike | undefined
  #client: Client | undefined
  #attempt: Promise<Client> | undefined
  #pause = FIRST_PAUSE
  #notBefore = 0
  #lastError: unknown

  constructor(settings: AerospikeSettings) {
    this.#settings = settings
    this.#client = settings.client as Client | undefined
  }

  /** Runs a command on the client, and connects the client first if necessary. */
  async run<T>(command: (client: Client, aerospike: Aerospike) => Promise<T>): Promise<T> {
    this.#aerospike ??= await loadAerospike()
    const aerospike = this.#aerospike
    const client = this.#client ?? (await this.#connect(aerospike))
    const running = command(client, aerospike)
    this.#inFlight.add(running)
    try {
      return await running
    } finally {
      this.#inFlight.delete(running)
    }
  }

  /**
   * Closes the client after the last command has ended. The wait is short, because commands time
   * out.
   */
  async close(): Promise<void> {
    await this.#attempt?.catch(() => undefined)
    const client = this.#client
    if (client === undefined || client === this.#settings.client) return
    // A command that begins after this line connects again, with a new client.
    this.#client = undefined
    await Promise.allSettled(this.#inFlight)
    client.close(false)
  }

  async #connect(aerospike: Aerospike): Promise<Client> {
    if (this.#attempt === undefined && Date.now() < this.#notBefore) throw this.#lastError
    this.#attempt ??= this.#tryConnect(aerospike).finally(() => {
      this.#attempt = undefined
    })
    return this.#attempt
  }

  async #tryConnect(aerospike: Aerospike): Promise<Client> {
    try {
      this.#client = await this.#connectOnce(aerospike)
      this.#pause = FIRST_PAUSE
      return this.#client
    } catch (error) {
      this.#lastError = error
      this.#notBefore = Date.now() + this.#pause
      this.#pause = Math.min(this.#pause * 2, LAST_PAUSE)
      throw error
    }
  }

  async #connectOnce(aerospike: Aerospike): Promise<Client> {
    const { hosts, connectTimeout } = this.#settings
    // The native client blocks the event loop while it waits for a server that does not answer, and
    // one unreachable server among several can make it fail. So it gets only hosts that accept
    // connections.
    const accepts = await Promise.all(hosts.map((host) => accepting(host, connectTimeout)))
    const seeds = hosts.filter((_, index) => accepts[index])
    if (seeds.length === 0) throw unreachable(this.#settings)
    prepareOnce(aerospike)
    const client = new aerospike.Client(configOf(this.#settings, seeds))
    try {
      await client.connect()
      return client
    } catch (error) {
      // A client that is not closed keeps the process from exiting, even if it never connected.
      client.close(false)
      throw refused(this.#settings, error)
    }
  }
}

async function loadAerospike(): Promise<Aerospike> {
  let loaded: { readonly default: unknown }
  // In a `try`, bundlers take it for optional: without the package, a bundle with `memory()` builds.
  try {
    loaded = await import('aerospike')
  } catch (cause) {
    throw unloadable(cause)
  }
  // The package is a CommonJS module, so its exports are properties of `default`.
  return loaded.default as Aerospike
}

let isPrepared = false

/**
 * Makes the settings that hold for the whole process. They must be made before its first client.
 */
function prepareOnce(aerospike: Aerospike): void {
  if (isPrepared) return
  isPrepared = true
  // By default the native client writes to stderr. The application gets errors as events instead.
  aerospike.setDefaultLogging({ level: aerospike.log.OFF })
  aerospike.setupGlobalCommandQueue(new aerospike.CommandQueuePolicy(COMMAND_QUEUE))
}

function configOf(settings: AerospikeSettings, hosts: readonly HostAndPort[]): object {
  const { connectTimeout, maxConnsPerNode, user, password, tls, preferredRacks } = settings
  return {
    hosts,
    connTimeoutMs: connectTimeout,
    loginTimeoutMs: connectTimeout,
    maxConnsPerNode,
    // This is how soon the client notices that a server is back, in milliseconds.
    tenderInterval: 250,
    ...(user !== undefined && { user, password }),
    ...(tls !== undefined && { tls }),
    ...(preferredRacks !== undefined && { rackAware: true, rackIds: [...preferredRacks] }),
  }
}

/** Finds out whether a server accepts connections there, without blocking the event loop. */
function accepting({ addr, port }: HostAndPort, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket({ host: addr, port, timeout })
    const answer = (accepts: boolean) => () => {
      socket.destroy()
      resolve(accepts)
    }
    socket.once('connect', answer(true))
    socket.once('timeout', answer(false))
    socket.once('error', answer(false))
  })
}
