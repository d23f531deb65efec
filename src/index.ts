export type { GeneratedCatalog } from './catalog/generated-catalog.js'
export type { AnyClientArgs, AnyModelMethods } from './client-types/any-client.js'
export type { CacheArgument, WriteCacheArgument } from './client-types/arguments.js'
export type {
  CacheArgs,
  CachedExtends,
  CachedModels,
  WithCacheArgs,
} from './client-types/cached-client.js'
export type { CachedRead } from './client-types/cached-read.js'
export type { ReadRelations, WriteRelations } from './client-types/relations.js'
export type { CacheControl, CacheHealth } from './control/cache-control.js'
export { CacheAsideError, ConfigurationError, StoreUnavailableError } from './errors.js'
export { cacheAside } from './extension.js'
export type { CacheAsideExtension } from './extension-types.js'
export {
  type LockFailure,
  OptimisticLockError,
  OptimisticRetryError,
} from './optimistic-lock/errors.js'
export { type Attempt, type RetryOptions, retryOptimistic } from './optimistic-lock/retry.js'
export type { CacheAsideOptions, Duration, ModelOptions, NearOptions } from './options/options.js'
export type {
  LoadOptions,
  QueryOptions,
  Target,
  WarmOptions,
  WarmProgress,
  Where,
  WriteOptions,
} from './options/query-options.js'
export type { ExplainedTag, Explanation } from './plan/explain.js'
export { aerospike } from './store/aerospike/aerospike.js'
export type { AerospikeClient, AerospikeOptions } from './store/aerospike/options.js'
export { type MemoryOptions, memory } from './store/memory.js'
export type { StoreHealth } from './store/store.js'
export type { CacheInfo, KnownEntry, WithCacheInfo } from './telemetry/cache-info.js'
export type {
  BypassReason,
  CacheEvents,
  ErrorPhase,
  HitSource,
  MissReason,
  ReadEvent,
  StaleReason,
} from './telemetry/events.js'
export type { CacheStats, ReadCounts } from './telemetry/telemetry.js'
