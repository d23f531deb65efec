import type { Client } from 'aerospike'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { connectClient, freshSet } from './client.js'
import { startTestServer, type TestServer } from './server.js'

/** Of the test file that called `useServer`; each file has a server, each test a set of its own. */
export let server: TestServer
export let client: Client
export let set: string

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
