import { aerospike } from './aerospike/aerospike.js'
import { memory } from './memory.js'
import type { Store } from './store.js'

/** The store of a client that was given none. */
export function defaultStore(env: NodeJS.ProcessEnv = process.env): Store {
  if (env.AEROSPIKE_HOSTS) return aerospike()
  if (env.NODE_ENV === 'production') {
    process.emitWarning(
      'cacheAside() keeps its entries in the memory of this process, so writes of other processes are not seen: set AEROSPIKE_HOSTS, or choose with cacheAside({ store })',
      { type: 'CacheAsideWarning', code: 'CACHE_MEMORY_STORE' },
    )
  }
  return memory()
}
