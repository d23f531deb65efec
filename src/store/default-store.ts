import { aerospike } from './aerospike/aerospike.js'
import { memory } from './memory.js'
import type { Store } from './store.js'

/** Changes with the contract of stores, so that copies of different versions do not share one. */
const PROCESS_STORE = Symbol.for('prisma-extension-cache-aside.memory.2')

/**
 * The store of a client whose options name no store. In memory it is one for the whole process, also where
 * several copies of this package are loaded, as bundlers and test runners do: two stores would not hear of each
 * other's writes.
 */
export function defaultStore(env: NodeJS.ProcessEnv = process.env): Store {
  if (env.AEROSPIKE_HOSTS) return aerospike()
  if (env.NODE_ENV === 'production') {
    process.emitWarning(
      'cacheAside() keeps its entries in the memory of this process, so it does not see the writes of other processes: set AEROSPIKE_HOSTS, or choose a store with cacheAside({ store })',
      { type: 'CacheAsideWarning', code: 'CACHE_MEMORY_STORE' },
    )
  }
  const shared = globalThis as { [PROCESS_STORE]?: Store }
  // Closing a client must not empty the store of the others.
  shared[PROCESS_STORE] ??= { ...memory(), close: async () => undefined }
  return shared[PROCESS_STORE]
}
