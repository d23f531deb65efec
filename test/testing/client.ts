import Aerospike, { type Client, type KeyOptions } from 'aerospike'

// Set before the first client: the native client writes to stderr otherwise.
Aerospike.setDefaultLogging({ level: Aerospike.log.OFF })

/** A connected client; one per attempt, since a client whose connect failed crashes on the next. */
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

/** The result code that a promise is rejected with; 0 if it is not. */
export function codeOf(promise: Promise<unknown>): Promise<number> {
  return promise.then(
    () => 0,
    (error: { code: number }) => error.code,
  )
}

let sets = 0

/** The name of a set that no other test has. */
export function freshSet(): string {
  return `t${process.pid}_${++sets}`
}

/** A key that the client's own types take where `exactOptionalPropertyTypes` is on. */
export function testKey(
  namespace: string,
  set: string,
  name: string | number | Buffer,
): KeyOptions {
  return new Aerospike.Key(namespace, set, name) as unknown as KeyOptions
}
