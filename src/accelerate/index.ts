export type {
  AccelerateArgument,
  AccelerateControl,
  AccelerateInfo,
  AccelerateRead,
  CacheStrategy,
} from '../client-types/accelerate.js'
export {
  type AccelerateCompatibleExtension,
  accelerateCompatible,
} from './accelerate-compatible.js'
