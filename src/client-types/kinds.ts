import type { AccelerateArgument, AccelerateRead } from './accelerate.js'
import type { CacheArgument } from './arguments.js'
import type { CachedRead } from './cached-read.js'

/** The words in which reads ask for the cache: those of this package, or those of Prisma Accelerate as well. */
export type Kind = 'cache' | 'accelerate'

/** The argument of every read besides Prisma's own. */
export interface ReadArgument {
  cache: CacheArgument
  accelerate: AccelerateArgument
}

/** The promise of a read that answers `T`. */
export interface ReadOf<T> {
  cache: CachedRead<T>
  accelerate: AccelerateRead<T>
}
