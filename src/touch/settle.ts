import type { Tag, TagId } from '../plan/tag.js'
import type { Store, Touched } from '../store/store.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import { localTouches } from './local-touches.js'

/** Touches in the store, and notes for the near copies of this process what may have been touched. */
export async function settle(store: Store, touched: Touched): Promise<void> {
  try {
    await store.touch(touched)
  } finally {
    // Not before: until now the store may have answered with the versions from before the write.
    localTouches(store).note(touched.tags)
  }
}

export interface TouchOptions {
  readonly store: Store
  readonly telemetry: Telemetry
  /** Takes the tags that the store did not. */
  readonly owed: { add(tags: readonly TagId[]): void }
  /** Until when tags that are touched now are held, see `Touched`. */
  readonly holdUntil: () => number | undefined
}

/**
 * Invalidates everything that depends on the tags.
 *
 * @throws the store's error: then it is not known whether it did.
 */
export async function touch(options: TouchOptions, tags: readonly Tag[]): Promise<void> {
  const { store, telemetry, holdUntil } = options
  await settle(store, { tags: tags.map(({ id }) => id), holdUntil: holdUntil() })
  telemetry.invalidate({ tags: tags.map(({ name }) => name) })
}

/** As `touch`; but if the store fails, the touches are owed, and tried again until it takes them. */
export async function touchOrOwe(options: TouchOptions, tags: readonly Tag[]): Promise<void> {
  try {
    await touch(options, tags)
  } catch (error) {
    options.telemetry.error('invalidate', error)
    options.owed.add(tags.map(({ id }) => id))
  }
}
