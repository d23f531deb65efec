let turn: Promise<void> | undefined

/**
 * The next turn of the event loop, the same for all who wait for it.
 *
 * Where a failure is told at once, an application that asks again at once would never let a timer
 * run: neither its own, nor the one that tries the store again.
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
