/**
 * Runs a task after a time. The timer does not keep the process alive: what it would have done, other processes
 * find in the intent of the write.
 *
 * @param milliseconds a longer time than timers can wait is cut to that.
 * @param task must not reject.
 */
export function later(milliseconds: number, task: () => Promise<void>): void {
  setTimeout(task, Math.min(milliseconds, MAX_TIMEOUT)).unref()
}

/** 24 days: a longer timer would fire at once. */
const MAX_TIMEOUT = 2 ** 31 - 1
