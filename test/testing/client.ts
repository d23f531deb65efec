import Aerospike, { type Client, type KeyOptions } from 'aerospike'

// This must be set before the first client, or else the native client writes to stderr.
Aerospike.setDefaultLogging({ level: Aerospike.log.OFF })

/**
 * Connects a new client. Each attempt needs a new one, because a client whose connect has failed
 * crashes the process at the next attempt.
 */
export async function connectClient(hosts: string): Promise<Client> {
  const client = new Aerospike.Client({
    hosts,
    maxConnsPerNode: 200,
    tenderInterval: 250,
    log: { level: Aerospike.log.OFF },
  } as ConstructorParameters<typeof Aerospike.Client>[0])
  try {
    return await client.connect()
  } catch (error) {
    client.close()
    throw error
  }
}

/** Returns the result code with which a promise rejects; 0 if it does not reject. */
export function codeOf(promise: Promise<unknown>): Promise<number> {
  return promise.then(
    () => 0,
    (error: { code: number }) => error.code,
  )
}

let sets = 0

/** Returns the name of a set that no other test uses. */
export function freshSet(): string {
  return `t${process.pid}_${++sets}`
}

/** Returns a key with a type that the client accepts under `exactOptionalPropertyTypes`. */
export function testKey(
  namespace: string,
  set: string,
  name: string | number | Buffer,
): KeyOptions {
  return new Aerospike.Key(namespace, set, name) as unknown as KeyOptions
}
