let turn: Promise<void> | undefined

/**
 * Resolves in the next turn of the event loop. All callers in one turn share one promise.
 *
 * A failure that is reported without I/O must wait for this. Otherwise an application that retries
 * at once would never let timers run: neither its own, nor those after which the store is tried
 * again.
 */
export function nextTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = undefined
      resolve()
    })
  })
  return turn
}
