// Measures several subjects side by side, in rounds of alternating order, so that a disturbance of
// the machine affects all of them.

/** Executes one call of a subject. The number of the call decides which row is read. */
export type Call = (n: number) => PromiseLike<unknown>

export interface Latency {
  /** In microseconds: the median of all rounds' medians. */
  readonly p50: number
  /** In microseconds: the median of all rounds' 99th percentiles. */
  readonly p99: number
}

export interface Throughput {
  /** Calls per second, in the median round. */
  readonly rate: number
  /** CPU time of this process per call, of all its threads, in microseconds. */
  readonly cpu: number
}

export interface Rounds {
  readonly rounds: number
  /** The time for each subject in each round, in milliseconds. */
  readonly duration: number
  /** The minimum number of calls in a round. Default 20. */
  readonly least?: number
}

/** Measures latencies, with one call at a time. */
export function latencies(subjects: ReadonlyMap<string, Call>, rounds: Rounds) {
  return inTurns(subjects, rounds, async (call, until, n) => {
    const times: number[] = []
    while (performance.now() < until || times.length < (rounds.least ?? 20)) {
      const started = performance.now()
      await call(n + times.length)
      times.push((performance.now() - started) * 1000)
    }
    times.sort((one, other) => one - other)
    const latency = { p50: at(times, 0.5), p99: at(times, 0.99) }
    return { result: latency, calls: times.length }
  }).then((results) =>
    mapValues(
      results,
      (all): Latency => ({
        p50: median(all, ({ p50 }) => p50),
        p99: median(all, ({ p99 }) => p99),
      }),
    ),
  )
}

/** Measures throughput, with `inFlight` concurrent calls. */
export function throughputs(
  subjects: ReadonlyMap<string, Call>,
  inFlight: number,
  rounds: Rounds,
): Promise<ReadonlyMap<string, Throughput>> {
  return inTurns(subjects, rounds, async (call, until, n) => {
    let calls = 0
    const started = performance.now()
    const cpu = process.cpuUsage()
    const worker = async () => {
      while (performance.now() < until) {
        calls += 1
        await call(n + calls)
      }
    }
    await Promise.all(Array.from({ length: inFlight }, worker))
    const { user, system } = process.cpuUsage(cpu)
    const seconds = (performance.now() - started) / 1000
    return { result: { rate: calls / seconds, cpu: (user + system) / calls }, calls }
  }).then((results) =>
    mapValues(results, (all) => ({
      rate: median(all, ({ rate }) => rate),
      cpu: median(all, ({ cpu }) => cpu),
    })),
  )
}

async function inTurns<T>(
  subjects: ReadonlyMap<string, Call>,
  { rounds, duration }: Rounds,
  measure: (call: Call, until: number, n: number) => Promise<{ result: T; calls: number }>,
): Promise<ReadonlyMap<string, readonly T[]>> {
  const results = new Map(Array.from(subjects.keys(), (name) => [name, [] as T[]]))
  let n = 0
  // The first round is not counted, because in it caches are filled and code is compiled.
  for (let round = -1; round < rounds; round += 1) {
    const turn = [...subjects]
    for (const [name, call] of round % 2 === 0 ? turn : turn.reverse()) {
      const { result, calls } = await measure(call, performance.now() + duration, n)
      n += calls
      if (round >= 0) results.get(name)?.push(result)
    }
  }
  return results
}

export function median<T>(all: readonly T[], of: (one: T) => number): number {
  return at(
    all.map(of).sort((one, other) => one - other),
    0.5,
  )
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function mapValues<K, V, W>(map: ReadonlyMap<K, V>, to: (value: V) => W): ReadonlyMap<K, W> {
  return new Map(Array.from(map, ([key, value]) => [key, to(value)]))
}
