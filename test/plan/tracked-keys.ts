import type { Catalog } from '../../src/catalog/catalog.js'
import { TrackedKeys } from '../../src/plan/tracked-keys.js'

/** Returns the tracked keys of a schema, with `trackBy` keys for some models. */
export function trackedOf(
  catalog: Catalog,
  trackBy: Readonly<Record<string, readonly (readonly string[])[]>> = {},
): TrackedKeys {
  return new TrackedKeys({
    catalog,
    keyspace: '',
    trackBy: (model) => trackBy[model] ?? [],
    inexact: () => [],
    computed: () => [],
    dependsOn: () => undefined,
    isComputed: () => false,
  })
}
