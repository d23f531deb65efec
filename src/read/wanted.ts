import { ContextValue } from '../event-loop/context-value.js'

const wanted = new ContextValue<true>()

/** Runs a function whose reads the application makes so that their answers are stored. */
export function want<T>(run: () => PromiseLike<T>): Promise<T> {
  // Prisma's promises start when they are awaited, so that must happen in this context.
  return wanted.run(true, async () => await run())
}

/** Whether the caller runs in such a function. */
export function isWanted(): boolean {
  return wanted.get() ?? false
}
