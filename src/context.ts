import type { Catalog } from './catalog/catalog.js'
import { Background } from './event-loop/background.js'
import { type Members, membersOf } from './members/members.js'
import type { CacheAsideOptions } from './options/options.js'
import { type Settings, settingsOf } from './options/settings.js'
import { Planner } from './plan/planner.js'
import type { Tag } from './plan/tag.js'
import { loadsTag } from './plan/user-tags.js'
import { type Client, traitsOf } from './prisma-client/client.js'
import { databaseOf } from './prisma-client/database.js'
import { type Sentinel, sentinelOf } from './prisma-client/sentinel.js'
import { defaultStore } from './store/default-store.js'
import { placeOf } from './store/place.js'
import type { Store } from './store/store.js'
import { Telemetry } from './telemetry/telemetry.js'
import { OwedTouches } from './touch/owed-touches.js'
import { settle } from './touch/settle.js'

/** The parts that the reads, the writes and the control of one extended client share. */
export interface Context {
  readonly client: Client
  readonly catalog: Catalog
  readonly settings: Settings
  readonly planner: Planner
  readonly store: Store
  readonly telemetry: Telemetry
  readonly background: Background
  /** This process among those that share the store and the keyspace. */
  readonly members: Members
  readonly owed: OwedTouches
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Milliseconds since any fixed moment; it never jumps. */
  readonly stopwatch: () => number
  /** Until when tags that are touched now are held, see `Touched`. */
  readonly holdUntil: () => number | undefined
  /** The tags that invalidate every entry. */
  readonly everything: () => readonly Tag[]
  /** Sees the statements of all clients of the engine; undefined where the client has no driver adapter. */
  readonly sentinel: Sentinel | undefined
  /** The same for clients that share a store and a keyspace, and so hear of each other's writes. */
  readonly token: object
}

/** @throws ConfigurationError if an option is wrong. */
export function createContext(
  client: Client,
  catalog: Catalog,
  options: CacheAsideOptions,
): Context {
  const adapter = client._engineConfig?.adapter
  const settings = settingsOf(options, catalog, databaseOf(adapter))
  const { keyspace, models, ttl, replicaLag, writingFunctions } = settings
  const planner = new Planner({
    catalog,
    keyspace,
    models,
    ttl,
    writingFunctions,
    ...traitsOf(client, catalog),
  })
  const store = options.store ?? defaultStore()
  const telemetry = new Telemetry()
  const clock = () => Date.now()
  const stopwatch = () => performance.now()
  // Until then, a replica may answer with rows from before the write.
  const holdUntil = () => (replicaLag === undefined ? undefined : clock() + replicaLag)
  const everything = () => [...planner.everything(), loadsTag(keyspace)]
  const allTags = () => everything().map(({ id }) => id)
  const owed = new OwedTouches({ store, telemetry, holdUntil, everything: allTags })
  const token = tokenOf(store, keyspace)
  const members = membersOf(token, { store, keyspace, clock, stopwatch })
  members.join({
    everything: allTags,
    deadline: settings.writeDeadline,
    isStrict: settings.strict,
    touch: (tags) => settle(store, { tags, holdUntil: holdUntil() }),
    report: (recovery) => telemetry.recover(recovery),
    failed: (error) => telemetry.error('members', error),
  })
  return {
    client,
    catalog,
    settings,
    planner,
    store,
    telemetry,
    background: new Background(),
    members,
    owed,
    clock,
    stopwatch,
    holdUntil,
    everything,
    sentinel: sentinelOf(adapter),
    token,
  }
}

function tokenOf(store: Store, keyspace: string): object {
  const place = placeOf(store)
  const known = tokens.get(place) ?? new Map<string, object>()
  tokens.set(place, known)
  const token = known.get(keyspace) ?? {}
  known.set(keyspace, token)
  return token
}

const tokens = new WeakMap<object, Map<string, object>>()
