import type { Running } from './step.js'

/** Something that happened in an execution. */
export interface Line {
  /** Milliseconds since the start. */
  readonly time: number
  /** Absent where no process did it. */
  readonly process: number | undefined
  readonly operation: string
  readonly what: string
}

/** What has happened in an execution, and the first of it that must not. */
export class Trace {
  readonly lines: Line[] = []
  violation: string | undefined
  readonly #time: () => number

  /** @param time is of the execution, in milliseconds since its start. */
  constructor(time: () => number) {
    this.#time = time
  }

  /** Something that an operation did. */
  note({ process, name }: Running, what: string): void {
    this.say(what, process.index, name)
  }

  say(what: string, process?: number, operation = ''): void {
    this.lines.push({ time: this.#time(), process, operation, what })
  }

  violate(violation: string): void {
    this.violation ??= violation
    this.say(`VIOLATION: ${violation}`)
  }
}

/** One line a step: time, process, operation, what, and what came of it. */
export function printTrace(lines: readonly Line[]): string {
  const width = Math.max(0, ...lines.map(({ time }) => String(time).length))
  return lines
    .map(({ time, process, operation, what }) => {
      const who = process === undefined ? '--' : `P${process}`
      return `${String(time).padStart(width)} ms  ${who}  ${operation.padEnd(2)}  ${what}`
    })
    .join('\n')
}
