import { createHash } from 'node:crypto'
import type { Protocol } from './protocol.js'
import type { Scenario } from './scenario.js'
import type { Line } from './trace.js'
import { type Choice, World } from './world.js'

export interface Bounds {
  /** How many executions are tried at most. */
  readonly executions: number
  /** Where that is not enough, how many more are drawn at random, and from which seed. */
  readonly random: number
  readonly seed: number
}

export interface Exploration {
  readonly executions: number
  /** Different states that were reached. */
  readonly states: number
  /** Whether every interleaving was covered. */
  readonly isExhaustive: boolean
  readonly counterexample: Counterexample | undefined
  /** The first execution in which an entry that stood was replaced by one that does not: no breach of the promise. */
  readonly overwriting: Counterexample | undefined
}

export interface Counterexample {
  readonly violation: string
  readonly trace: readonly Line[]
}

/** Where timers lead that the protocol sets. */
export interface Timers {
  pause: (milliseconds: number) => Promise<void>
}

/** Longer than any execution that ends. */
const LONGEST = 300

/**
 * Explores every interleaving of a scenario, statelessly: an execution is a list of choices, run
 * from the start each time, depth first.
 *
 * An execution is left where it comes to a state that another has come to before: what follows is
 * explored from there. A state is everything that decides what can follow: the records and rows, the
 * clock, the faults still to come, what the ledger knows, and of each process all that it has
 * learned since it was last at rest, as its code is deterministic and shares nothing else. Versions
 * count as equal if the same step made them: they are random and only ever compared.
 *
 * Beyond the bound, executions are random walks, without regard to states.
 */
export async function explore(
  scenario: Scenario,
  protocol: Protocol,
  timers: Timers,
  bounds: Bounds,
): Promise<Exploration> {
  const { setTimeout } = globalThis
  try {
    return await exploreAll(scenario, protocol, timers, bounds)
  } finally {
    globalThis.setTimeout = setTimeout
  }
}

async function exploreAll(
  scenario: Scenario,
  protocol: Protocol,
  timers: Timers,
  { executions: limit, random, seed }: Bounds,
): Promise<Exploration> {
  let overwriting: Counterexample | undefined
  const watch = ({ trace: { violation, lines: trace }, hasOverwritten }: World) => {
    if (hasOverwritten) overwriting ??= { violation: 'an entry that stood is replaced', trace }
    return violation === undefined ? undefined : { violation, trace }
  }
  const seen = new Set<string>()
  const path: { next: number; count: number }[] = []
  let executions = 0
  let isExhaustive = false
  while (executions < limit) {
    executions += 1
    let depth = 0
    const world = await execute(scenario, protocol, timers, (choices, { fingerprint }) => {
      const at = path[depth]
      depth += 1
      if (at !== undefined) return choices[at.next]
      const state = digest(fingerprint())
      if (seen.has(state)) return undefined
      seen.add(state)
      path.push({ next: 0, count: choices.length })
      return choices[0]
    })
    const counterexample = watch(world)
    if (counterexample) {
      return { executions, states: seen.size, isExhaustive, counterexample, overwriting }
    }
    while (path.length > 0) {
      const last = path[path.length - 1] as { next: number; count: number }
      last.next += 1
      if (last.next < last.count) break
      path.pop()
    }
    if (path.length === 0) {
      isExhaustive = true
      break
    }
    if (executions % BREATH === 0) await breathe()
  }
  const draw = generator(seed)
  for (let n = 0; !isExhaustive && n < random; n += 1) {
    executions += 1
    const world = await execute(
      scenario,
      protocol,
      timers,
      (choices) => choices[draw(choices.length)],
    )
    const counterexample = watch(world)
    if (counterexample) {
      return { executions, states: seen.size, isExhaustive, counterexample, overwriting }
    }
    if (n % BREATH === 0) await breathe()
  }
  return { executions, states: seen.size, isExhaustive, counterexample: undefined, overwriting }
}

async function execute(
  scenario: Scenario,
  protocol: Protocol,
  timers: Timers,
  choose: (
    choices: readonly Choice[],
    world: { readonly fingerprint: () => string },
  ) => Choice | undefined,
): Promise<World> {
  const world = new World(scenario, protocol)
  timers.pause = world.schedule.pause
  // Of the protocol, only touches that are owed set one.
  if (scenario.faults.includes('store')) globalThis.setTimeout = world.schedule.timer as never
  await world.start()
  for (let steps = 0; world.trace.violation === undefined; steps += 1) {
    if (steps > LONGEST) {
      world.trace.violate('it never ends')
      break
    }
    const choices = world.choices()
    if (choices.length === 0) {
      await world.end()
      break
    }
    const choice = choose(choices, { fingerprint: () => world.fingerprint() })
    if (choice === undefined) break
    await choice.take()
  }
  return world
}

function digest(text: string): string {
  return createHash('md5').update(text).digest('base64url')
}

/** A draw from 0 to below a limit (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Executions between two turns of the event loop, which the test runner needs too. */
const BREATH = 500

function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
