export {
  type AerospikeEmulator,
  type AerospikeEmulatorOptions,
  startAerospikeEmulator,
} from './emulator.js'
export type { Faults, FaultTarget, NthFaultTarget } from './faults.js'
export type { NamespaceOptions } from './namespace.js'
export type { UserKey } from './record.js'
export type {
  CommandEvent,
  CommandKind,
  CommandListener,
  RecordEvent,
  Traffic,
} from './traffic.js'
