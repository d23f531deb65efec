import { rowsCodec } from '../codec/rows.js'
import { superjsonCodec } from '../codec/superjson.js'
import type { Core } from '../context.js'
import { type PartialPolicy, type Policy, policyOf, UNSAID } from '../options/policy.js'
import { readSettingsOf } from '../options/query-settings.js'
import { containsUndefined } from '../plan/key.js'
import type { ReadPlan } from '../plan/planner.js'
import { objectOf, type Query } from '../plan/query.js'
import type { Tag } from '../plan/tag.js'
import { taggedKey, userTag } from '../plan/user-tags.js'
import { decimalClassOf } from '../prisma-client/client.js'
import type { ModelOperation } from '../prisma-client/operation.js'
import { LISTENER } from '../prisma-client/with-cache-info.js'
import type { BypassReason } from '../telemetry/events.js'
import { Reader } from './reader.js'
import { Report, type ReportOptions } from './report.js'
import { scopeOf } from './scope.js'

/** Plans reads and hands them to the protocol, or past it to the database. */
export class Reads {
  readonly reader: Promise<Reader>
  readonly #core: Core
  readonly #strictUndefined: boolean

  constructor(core: Core) {
    this.#core = core
    this.reader = createReader(core)
    this.#strictUndefined = core.client._previewFeatures?.includes('strictUndefinedChecks') ?? false
  }

  async run({ model, operation, args, query, __internalParams }: ModelOperation): Promise<unknown> {
    const { settings, planner, telemetry, clock } = this.#core
    const { cache, [LISTENER]: given, ...own } = objectOf(args)
    const asked = readSettingsOf(cache)
    const load = () => query(own)
    const listener = given as ReportOptions['listener']
    const report = new Report({ telemetry, clock, model, operation, listener })
    const bypass = (reason: BypassReason) => {
      report.bypass(reason)
      return load()
    }
    if (__internalParams?.transaction !== undefined) return bypass('transaction')
    if (!(asked.enabled ?? this.#isCached(operation))) return bypass('disabled')
    const who = asked.scope === undefined ? scopeOf(settings.scope, telemetry) : asked
    if (who === undefined) return bypass('scope')
    const read = { model, operation, args: own, dataPath: __internalParams?.dataPath ?? [] }
    const plan = this.#plan(read, who.scope)
    if (!plan.cacheable) return bypass(plan.reason)

    const userTags = asked.tags.map((name) => userTag(settings.keyspace, name))
    const key = taggedKey(plan.key, asked.tags)
    const entry = {
      key,
      get tags() {
        return [...plan.tags, ...userTags, ...plan.wide].map(({ name }) => name)
      },
    }
    const reader = await this.reader
    return reader.read({
      model,
      operation,
      key,
      tags: [...idsOf(plan.tags), ...idsOf(userTags)],
      wide: idsOf(plan.wide),
      narrow: (answer) => planner.narrow(read, answer),
      rowVersions: (answer) => planner.versionsIn(read, answer),
      policy: this.#policyOf(model, plan.ttl, asked),
      refresh: asked.refresh,
      load,
      report: (outcome) => report.outcome(entry, outcome),
    })
  }

  #isCached(operation: string): boolean {
    const { optIn, operations } = this.#core.settings
    return !optIn && operations.has(operation)
  }

  #plan(query: Query, scope: string | undefined): ReadPlan {
    if (this.#strictUndefined && containsUndefined(query.args)) {
      return { cacheable: false, reason: 'uncacheable' }
    }
    try {
      return this.#core.planner.read(query, scope)
    } catch (error) {
      this.#core.telemetry.error('plan', error)
      return { cacheable: false, reason: 'uncacheable' }
    }
  }

  /** @param ttl of all models that the read sees. */
  #policyOf(model: string, ttl: number, asked: PartialPolicy): Policy {
    const { settings } = this.#core
    return policyOf(asked, { ...UNSAID, ttl }, settings.models.get(model) ?? UNSAID, settings)
  }
}

async function createReader(core: Core): Promise<Reader> {
  const [model] = core.catalog.models.keys()
  const Decimal = await decimalClassOf(core.client, model)
  return new Reader({
    ...core.settings,
    ...core,
    codec: rowsCodec(Decimal, superjsonCodec(Decimal)),
  })
}

function idsOf(tags: readonly Tag[]): Tag['id'][] {
  return tags.map(({ id }) => id)
}
