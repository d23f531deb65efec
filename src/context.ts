import type { Catalog } from './catalog/catalog.js'
import { Background } from './event-loop/background.js'
import type { CacheAsideOptions } from './options/options.js'
import { type Settings, settingsOf } from './options/settings.js'
import { Planner } from './plan/planner.js'
import type { Tag } from './plan/tag.js'
import { loadsTag } from './plan/user-tags.js'
import { type Client, traitsOf } from './prisma-client/client.js'
import { defaultStore } from './store/default-store.js'
import type { Store } from './store/store.js'
import { Telemetry } from './telemetry/telemetry.js'
import { OwedTouches } from './touch/owed-touches.js'

/** What the reads and the writes of one extended client have in common. */
export interface Core {
  readonly client: Client
  readonly catalog: Catalog
  readonly settings: Settings
  readonly planner: Planner
  readonly store: Store
  readonly telemetry: Telemetry
  readonly background: Background
  readonly owed: OwedTouches
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Until when what is touched now is held, see `SettledTags`. */
  readonly holdUntil: () => number | undefined
  /** Touching these invalidates every entry. */
  readonly everything: () => readonly Tag[]
}

/** @throws ConfigurationError if an option is wrong. */
export function coreOf(client: Client, catalog: Catalog, options: CacheAsideOptions): Core {
  const settings = settingsOf(options, catalog)
  const { keyspace, replicaLag } = settings
  const planner = new Planner({ catalog, ...settings, ...traitsOf(client, catalog) })
  const store = options.store ?? defaultStore()
  const telemetry = new Telemetry()
  const clock = () => Date.now()
  // Replicas that lag behind may answer reads for so long.
  const holdUntil = () => (replicaLag === undefined ? undefined : clock() + replicaLag)
  const everything = () => [...planner.everything(), loadsTag(keyspace)]
  const owed = new OwedTouches({
    store,
    telemetry,
    holdUntil,
    everything: () => everything().map(({ id }) => id),
  })
  return {
    client,
    catalog,
    settings,
    planner,
    store,
    telemetry,
    background: new Background(),
    owed,
    clock,
    holdUntil,
    everything,
  }
}
