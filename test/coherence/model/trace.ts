/** Something that happened in an execution. */
export interface Line {
  /** Milliseconds since the start. */
  readonly time: number
  /** Absent where no process did it. */
  readonly process: number | undefined
  readonly operation: string
  readonly what: string
}

/** One line a step: time, process, operation, what, and what came of it. */
export function printTrace(trace: readonly Line[]): string {
  const width = Math.max(0, ...trace.map(({ time }) => String(time).length))
  return trace
    .map(({ time, process, operation, what }) => {
      const who = process === undefined ? '--' : `P${process}`
      return `${String(time).padStart(width)} ms  ${who}  ${operation.padEnd(2)}  ${what}`
    })
    .join('\n')
}
