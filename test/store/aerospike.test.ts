import { randomUUID } from 'node:crypto'
import { aerospike } from '../../src/index.js'
import { startTestServer } from '../testing/server.js'
import { describeStore } from './conformance.js'

describeStore(
  'aerospike()',
  async () => {
    const { hosts, namespace, stop } = await startTestServer()
    const store = aerospike({ hosts, namespace, set: `t-${randomUUID()}`, timeout: '2s' })
    return { store, stop }
  },
  { isShared: true },
)
