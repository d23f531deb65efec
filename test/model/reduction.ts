import { keyOf } from './plan.js'
import { nameOf } from './scenario.js'
import type { Stage } from './stage.js'
import type { Running, Step } from './step.js'

// Which orders need not be tried, because another that is tried leads to the same.

/**
 * Whether nothing that may still happen elsewhere comes to what the step comes to, nor tells
 * whether it has been: then it is performed first, as in any other order the same would follow.
 * Only an unfinished read of the same rows comes to an entry and its leases, and only an
 * unfinished write to a row. Crashes and losses are nothing to the four kinds of steps, and time is
 * something only to a query that a replica may answer otherwise.
 */
export function isAlone({ operation, ways }: Step, stage: Stage): boolean {
  const { clock, ledger, processes, scenario } = stage
  const { spec } = operation
  if (spec.kind !== 'read' || scenario.faults.includes('store')) return false
  const what = ways[0]?.label ?? ''
  const isOfEntry = /^(lease|release|fill)/.test(what)
  if (!isOfEntry && !what.startsWith('query')) return false
  if (!isOfEntry && ledger.lags(spec.rows, clock.now)) return false
  const others = processes
    .filter(({ isAlive }) => isAlive)
    .flatMap(({ operations }) => operations)
    .filter((other) => other !== operation && other.state !== 'ended')
  return others.every((other) => {
    if (other.spec.kind !== 'read') {
      return isOfEntry || other.spec.rows.every((row) => !spec.rows.includes(row))
    }
    if (keyOf(other.spec) !== keyOf(spec)) return true
    return !isOfEntry && other.process !== operation.process
  })
}

/**
 * Whether the operation may begin now, which it may at any time. But of operations that are
 * interchangeable (the same, in one process or each alone in its own) the first begins first: the
 * other order is the same story with the names exchanged.
 */
export function mayBegin(operation: Running, { processes }: Stage): boolean {
  if (operation.state !== 'waiting' || !operation.process.isAlive) return false
  const operations = processes.flatMap((process) => process.operations)
  return operations
    .slice(0, operations.indexOf(operation))
    .every((other) => other.state !== 'waiting' || !areInterchangeable(other, operation))
}

function areInterchangeable(one: Running, other: Running): boolean {
  if (nameOf(one.spec) !== nameOf(other.spec)) return false
  if (one.process === other.process) return true
  return one.process.operations.length === 1 && other.process.operations.length === 1
}

/**
 * The first step of an operation that is performed as it begins, if it has but one: to have begun
 * earlier would bind a read to less, and is seen by nobody else. Where the clock may jump, a write
 * that was about to announce may find its deadline passed, and where a record may be lost, it may be
 * lost between: there the two are apart.
 */
export function firstStepOf(operation: Running, { faults, schedule }: Stage): Step | undefined {
  const mayJump = operation.spec.kind !== 'read' && (faults.has('delay') || faults.has('catch-up'))
  const mayLose = (['loss', 'eviction', 'roster'] as const).some((fault) => faults.has(fault))
  if (mayJump || mayLose) return undefined
  const [step, ...others] = schedule.pending.filter((one) => one.operation === operation)
  return others.length === 0 ? step : undefined
}
