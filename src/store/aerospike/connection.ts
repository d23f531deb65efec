import { connect as connectSocket } from 'node:net'
import type { Client } from 'aerospike'
import type { AerospikeSettings, HostAndPort } from './options.js'

type Aerospike = typeof import('aerospike')

/** The pause between attempts to connect, doubled from the first to the last, in milliseconds. */
const FIRST_PAUSE = 50
const LAST_PAUSE = 800

/** Of the client's own queue in front of its connections; without it a burst fails with code -7. */
const QUEUE = { maxCommandsInProcess: 90, maxCommandsInQueue: 100_000 }

/**
 * The native client's life, kept clear of what crashes the process (docs/aerospike.md): each attempt
 * to connect has a client of its own, one attempt runs at a time, and none is closed under a command.
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
    this.#client = settings.client
  }

  /** Runs a command on the client, which is connected first where it is not. */
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

  /** Closes the client when the last command has ended, which its time-out sees to. */
  async close(): Promise<void> {
    await this.#attempt?.catch(() => undefined)
    const client = this.#client
    if (client === undefined || client === this.#settings.client) return
    // A command that begins from here on connects anew.
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
    // The native client blocks the event loop while it waits for a silent seed, and one dead seed of
    // several can fail it: so only those that accept a connection are handed to it.
    const accepts = await Promise.all(hosts.map((host) => accepting(host, connectTimeout)))
    const seeds = hosts.filter((_, index) => accepts[index])
    if (seeds.length === 0) throw new Error(`no Aerospike server answers at ${namesOf(hosts)}`)
    prepareOnce(aerospike)
    const client = new aerospike.Client(configOf(this.#settings, seeds))
    try {
      await client.connect()
      return client
    } catch (error) {
      // A client that is not closed keeps the process from exiting, also when it never connected.
      client.close(false)
      throw error
    }
  }
}

async function loadAerospike(): Promise<Aerospike> {
  const loaded = await import('aerospike').catch((cause: unknown) => {
    throw new Error("aerospike() needs the package 'aerospike': npm install aerospike", { cause })
  })
  // A CommonJS module: its exports are on `default`.
  return loaded.default as unknown as Aerospike
}

let isPrepared = false

/** What is set for the whole process, before its first client. */
function prepareOnce(aerospike: Aerospike): void {
  if (isPrepared) return
  isPrepared = true
  // The native client writes to stderr by itself; errors reach the application as events instead.
  aerospike.setDefaultLogging({ level: aerospike.log.OFF })
  aerospike.setupGlobalCommandQueue(new aerospike.CommandQueuePolicy(QUEUE))
}

function configOf(settings: AerospikeSettings, hosts: readonly HostAndPort[]): object {
  const { connectTimeout, maxConnsPerNode, user, password, tls, preferredRacks } = settings
  return {
    hosts,
    connTimeoutMs: connectTimeout,
    loginTimeoutMs: connectTimeout,
    maxConnsPerNode,
    // How soon a server that is back is noticed, in milliseconds.
    tenderInterval: 250,
    ...(user !== undefined && { user, password }),
    ...(tls !== undefined && { tls }),
    ...(preferredRacks !== undefined && { rackAware: true, rackIds: [...preferredRacks] }),
  }
}

/** Whether a server accepts connections there, asked without blocking. */
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

function namesOf(hosts: readonly HostAndPort[]): string {
  return hosts.map(({ addr, port }) => `${addr}:${port}`).join(', ')
}
