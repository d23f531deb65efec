import { LIFETIME } from './actors.js'
import { WITNESS } from './board.js'
import type { Fault } from './scenario.js'
import type { Stage } from './stage.js'
import type { Process, RecordName, Running, Step } from './step.js'

/** Something that may happen without any process. */
export interface Accident {
  readonly id: string
  readonly happen: () => void | Promise<void>
}

/**
 * What may go wrong at any time. Until its deadline has passed, a process that was killed cannot be
 * told from one to which the scheduler does not come; so a process is killed only then, or as time
 * passes. A statement in flight is explored both ways: it was the last step, or it never happens. A
 * reader that is killed binds nobody to anything.
 */
export function accidents(stage: Stage): readonly Accident[] {
  const { faults, clock, ledger, processes } = stage
  const found: Accident[] = []
  if (faults.has('catch-up') && ledger.hasLaggards(clock.now)) {
    found.push({ id: 'every replica catches up', happen: () => catchUp(stage) })
  }
  for (const name of ledger.late(clock.now)) {
    found.push({ id: `${name} commits late`, happen: () => commitLate(name, stage) })
  }
  const writing = processes.filter(
    ({ isAlive, operations }) => isAlive && operations.some(isWriting),
  )
  const mayDelay = faults.has('delay') && (writing.length > 0 || processes.some(hasUnseen))
  if (mayDelay) found.push({ id: 'every deadline passes', happen: () => delay(stage) })
  if (!faults.has('crash')) return found
  for (const process of writing) {
    const id = `P${process.index} is killed`
    if (mayDelay) {
      found.push({
        id: `${id}, and every deadline passes`,
        happen: () => {
          crash(process, stage)
          return delay(stage)
        },
      })
    } else if (clock.now > LIFETIME) {
      found.push({ id, happen: () => crash(process, stage) })
    }
  }
  return found
}

/** What may be lost before the step: that is noticed at the next step that meets it, so that is when it is lost. */
export function losses({ records }: Step, stage: Stage): readonly Accident[] {
  return records
    .filter((record) => stage.faults.has(faultOf(record)) && stage.store.has(record))
    .map((record) => ({ id: `${record} is lost`, happen: () => lose(record, stage) }))
}

function isWriting({ state, spec }: Running): boolean {
  return state === 'running' && spec.kind !== 'read'
}

/** Whether marks of the process stand that nobody will take away before they are overdue. */
function hasUnseen({ operations }: Process): boolean {
  return operations.some(({ state, spec }) => state === 'ended' && spec.kind === 'unseen')
}

function crash(process: Process, { faults, ledger, schedule, trace }: Stage): void {
  faults.delete('crash')
  process.isAlive = false
  ledger.crash(process.index)
  schedule.forget(process)
  trace.say('is killed', process.index)
}

async function delay(stage: Stage): Promise<void> {
  stage.faults.delete('delay')
  await wait(2 * LIFETIME, stage)
  stage.trace.say('every deadline passes')
}

/**
 * Much time passes. A process that writes stands still all the while, as one does that was killed; the others have
 * seen it, and go on beating.
 */
export async function wait(milliseconds: number, stage: Stage): Promise<void> {
  const { clock, processes, onlookers, store } = stage
  const beating = processes.filter(
    ({ isAlive, operations }) => isAlive && !operations.some(isWriting),
  )
  for (const process of beating) await process.beat()
  for (const look of onlookers) await look()
  clock.now += milliseconds
  for (const index of [WITNESS, ...beating.map((process) => process.index)]) {
    store.beatMeanwhile(index)
  }
}

/** What a write that was given up may do when everything else has ended. */
export function lastAccidents(stage: Stage): readonly Accident[] {
  return stage.ledger.late(stage.clock.now).flatMap((name) => [
    { id: `${name} commits late`, happen: () => commitLate(name, stage) },
    { id: `${name} never commits`, happen: () => stage.ledger.decide(name) },
  ])
}

function commitLate(name: string, { ledger, clock, trace }: Stage): void {
  ledger.decide(name)
  const wrong = ledger.commit(name, clock.now)
  trace.say(`${name} commits late`)
  if (wrong !== undefined) trace.violate(wrong)
}

function catchUp({ faults, clock, scenario, trace }: Stage): void {
  faults.delete('catch-up')
  clock.now += 2 * scenario.replicaLag
  trace.say('every replica catches up')
}

async function lose(record: RecordName, { faults, ledger, names, store, trace }: Stage) {
  faults.delete(faultOf(record))
  const { marks, isHeld } = await store.lose(record)
  for (const { writeId } of marks) ledger.unmark(names.write(writeId))
  if (isHeld) ledger.loseHold(record.replace(/^tag /, ''))
  trace.say(`the store loses ${record}`)
}

function faultOf(record: RecordName): Fault {
  if (record === 'roster') return 'roster'
  return record.startsWith('tag ') ? 'loss' : 'eviction'
}
