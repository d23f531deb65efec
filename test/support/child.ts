import { spawn } from 'node:child_process'

export interface Ended {
  /** The exit code, or null where a signal ended the process: SIGABRT and SIGSEGV are crashes, SIGKILL is our time limit. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

/** Runs a script in a process of its own, and kills it at the time limit (milliseconds). */
export function runChild(
  script: string,
  args: readonly string[],
  { limit, env = {} }: { readonly limit: number; readonly env?: Record<string, string> },
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limit,
      killSignal: 'SIGKILL',
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
      })
    }
    child.on('close', (code, signal) => resolve({ code, signal, output }))
  })
}
