import { aerospike } from './aerospike/aerospike.js'
import { memory } from './memory.js'
import type { Store } from './store.js'

/** The store of a client whose options name no store. */
export function defaultStore(env: NodeJS.ProcessEnv = process.env): Store {
  if (env.AEROSPIKE_HOSTS) return aerospike()
  if (env.NODE_ENV === 'production') {
    process.emitWarning(
      'cacheAside() keeps its entries in the memory of this process, so it does not see the writes of other processes: set AEROSPIKE_HOSTS, or choose a store with cacheAside({ store })',
      { type: 'CacheAsideWarning', code: 'CACHE_MEMORY_STORE' },
    )
  }
  return memory()
}
