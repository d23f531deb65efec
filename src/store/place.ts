import type { Store } from './store.js'

/**
 * Represents the place where a store keeps its records: two stores of this process with the same place notice
 * each other's touches.
 */
export function placeOf(store: Store): object {
  if (store.place === undefined) return store
  const place = places.get(store.place) ?? {}
  places.set(store.place, place)
  return place
}

/** A process connects to few clusters, so this does not grow. */
const places = new Map<string, object>()
