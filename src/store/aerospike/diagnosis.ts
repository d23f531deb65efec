import type { Client } from 'aerospike'
import type { AerospikeSettings } from './options.js'

/** What keeps the store from working until somebody changes something. */
export type AerospikeCause =
  | 'CACHE_AEROSPIKE_PACKAGE'
  | 'CACHE_AEROSPIKE_ADDON'
  | 'CACHE_AEROSPIKE_UNREACHABLE'
  | 'CACHE_AEROSPIKE_REFUSED'
  | 'CACHE_AEROSPIKE_NAMESPACE'

/**
 * The store cannot work with this configuration or on this machine: the message names the host, the cause
 * and the next step. The database answers all queries meanwhile. `cause` is the client's error.
 */
export class AerospikeUnusableError extends Error {
  override readonly name = 'AerospikeUnusableError'
  readonly code: AerospikeCause

  constructor(code: AerospikeCause, message: string, cause?: unknown) {
    super(`${message} Until then the database answers all queries.`, { cause })
    this.code = code
  }
}

/** Explains why the package `aerospike` could not be loaded. */
export function unloadable(cause: unknown): AerospikeUnusableError {
  const { code, message } = errorOf(cause)
  const isMissing = /^(ERR_)?MODULE_NOT_FOUND$/.test(code) && /'aerospike'/.test(message)
  if (isMissing) {
    return new AerospikeUnusableError(
      'CACHE_AEROSPIKE_PACKAGE',
      "aerospike() needs the package 'aerospike', which is not installed: npm install aerospike.",
      cause,
    )
  }
  const [firstLine] = message.split('\n')
  const { versions, platform, arch } = process
  const binary = `node-v${versions.modules}-${platform}-${arch}`
  return new AerospikeUnusableError(
    'CACHE_AEROSPIKE_ADDON',
    `The package 'aerospike' is installed, but its native part does not load (${firstLine}): a bundler must leave the package out of the bundle, and its folder lib/binding must hold a binary for this Node.js, such as ${binary}; see "Installing the client" in docs/aerospike.md.`,
    cause,
  )
}

/** Explains that no server accepts connections. */
export function unreachable({ hosts }: AerospikeSettings): AerospikeUnusableError {
  return new AerospikeUnusableError(
    'CACHE_AEROSPIKE_UNREACHABLE',
    `No Aerospike server answers at ${namesOf(hosts)}: check the option hosts or AEROSPIKE_HOSTS, the network and the server.`,
  )
}

/** Explains why a server that accepts connections did not accept this client. */
export function refused(settings: AerospikeSettings, cause: unknown): AerospikeUnusableError {
  const { user, tls, hosts } = settings
  const { code, message } = errorOf(cause)
  const steps = [
    user !== undefined &&
      `check the user '${user}', its password, and that the server has access control (the Community Edition has none)`,
    tls !== undefined &&
      'check the option tls, the certificates, and that the server expects TLS on this port',
    user === undefined &&
      tls === undefined &&
      'if the cluster has access control, set user and password (AEROSPIKE_USER, AEROSPIKE_PASSWORD); if it expects TLS, set the option tls; check that the port is that of an Aerospike server',
  ].filter((step) => step !== false)
  return new AerospikeUnusableError(
    'CACHE_AEROSPIKE_REFUSED',
    `${namesOf(hosts)} accepts connections, but no session (code ${code}: ${message}): ${steps.join('; ')}.`,
    cause,
  )
}

/** @param known the namespaces that the server has. */
export function withoutNamespace(
  { hosts, namespace }: AerospikeSettings,
  known: readonly string[],
): AerospikeUnusableError {
  return new AerospikeUnusableError(
    'CACHE_AEROSPIKE_NAMESPACE',
    `Aerospike at ${namesOf(hosts)} has no namespace '${namespace}', only ${known.join(', ')}: set the option namespace or AEROSPIKE_NAMESPACE, or add it to the server's configuration.`,
  )
}

/** The client's code for a namespace that the server lacks, and its code for any batch that failed. */
const NO_NAMESPACE = 20
const BATCH_FAILED = -16

/** Finds out why commands fail, and warns of each cause once: on stderr, as Node.js does. */
export class Diagnosis {
  readonly #settings: AerospikeSettings
  readonly #warned = new Set<AerospikeCause>()
  #last: AerospikeUnusableError | undefined

  constructor(settings: AerospikeSettings) {
    this.#settings = settings
  }

  /** The last error that only a change can repair; undefined while there is none. */
  get last(): AerospikeUnusableError | undefined {
    return this.#last
  }

  async run<T>(command: () => Promise<T>): Promise<T> {
    try {
      const result = await command()
      this.note(undefined)
      return result
    } catch (error) {
      this.note(error)
      throw error
    }
  }

  /** @throws the error of a command, or a clearer one if the server lacks the namespace. */
  async explain(client: Client, error: unknown): Promise<never> {
    const { code } = (error ?? {}) as { readonly code?: unknown }
    if (code !== BATCH_FAILED && code !== NO_NAMESPACE) throw error
    const { namespace, timeout } = this.#settings
    const answer = await client.infoAny('namespaces', { timeout }).catch(() => undefined)
    const known = answer?.split('\t').at(-1)?.trim().split(';')
    if (known === undefined || known.includes(namespace)) throw error
    throw withoutNamespace(this.#settings, known)
  }

  /** Takes the error of a command; undefined where it succeeded. */
  note(error: unknown): void {
    this.#last = error instanceof AerospikeUnusableError ? error : undefined
    if (this.#last === undefined || this.#warned.has(this.#last.code)) return
    const { code, message } = this.#last
    this.#warned.add(code)
    process.emitWarning(message, { type: 'CacheAsideWarning', code })
  }
}

function errorOf(cause: unknown): { readonly code: string; readonly message: string } {
  const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown }
  return { code: String(code), message: String(message ?? cause) }
}

function namesOf(hosts: AerospikeSettings['hosts']): string {
  return hosts.map(({ addr, port }) => `${addr}:${port}`).join(', ')
}
