import type { Client } from 'aerospike'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { connectClient, freshSet } from './client.js'
import { startTestServer, type TestServer } from './server.js'

/** The server of the test file that has called `useServer`. */
export let server: TestServer
export let client: Client
/** The set of the current test. */
export let set: string

/** Starts a server for the test file, and gives each test a set of its own. */
export function useServer(): void {
  beforeAll(async () => {
    server = await startTestServer()
    client = await connectClient(server.hosts)
  })

  afterAll(async () => {
    client.close()
    await server.stop()
  })

  beforeEach(() => {
    set = freshSet()
  })
}
