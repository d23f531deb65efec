import { modelsOfClient } from '../catalog/catalog.js'
import type { DecimalClass } from '../codec/codec.js'
import { rowsCodec } from '../codec/rows.js'
import { superjsonCodec } from '../codec/superjson.js'
import type { Context } from '../context.js'
import { EMPTY_POLICY, mergePolicies, type Policy } from '../options/policy.js'
import { type ReadSettings, readSettingsOf } from '../options/query-settings.js'
import type { PlannedRead } from '../plan/planner.js'
import { containsUndefined, objectOf, type Query } from '../plan/query.js'
import { shapeOf } from '../plan/shape.js'
import type { Tag } from '../plan/tag.js'
import { taggedKey, userTag } from '../plan/user-tags.js'
import type { ClientTraits } from '../prisma-client/client.js'
import { decimalClassOf } from '../prisma-client/decimal-class.js'
import type { ModelOperation } from '../prisma-client/operation.js'
import { LISTENER, TRAITS, type TraitsOf } from '../prisma-client/with-cache-info.js'
import type { BypassReason } from '../telemetry/events.js'
import { Reader } from './reader.js'
import { Report, type ReportOptions } from './report.js'
import { scopeOf } from './scope.js'

/** Plans reads and passes them to the reader, or past it to the database. */
export class ReadInterceptor {
  readonly reader: Promise<Reader>
  /** The class of the client's decimals. */
  readonly decimalClass: Promise<DecimalClass>
  readonly #context: Context
  readonly #refusesUndefined: boolean

  constructor(context: Context) {
    this.#context = context
    const [model] = modelsOfClient(context.catalog)
    this.decimalClass = decimalClassOf(context.client, model?.name)
    this.reader = this.decimalClass.then((Decimal) => createReader(context, Decimal))
    this.#refusesUndefined =
      context.client._previewFeatures?.includes('strictUndefinedChecks') ?? false
  }

  async run(given: ModelOperation): Promise<unknown> {
    const { model, operation, query } = given
    const { settings, telemetry, clock } = this.#context
    const { cache, [LISTENER]: listener, [TRAITS]: traits, ...args } = objectOf(given.args)
    const own = readSettingsOf(cache)
    const load = this.#loadOf(() => query(args))
    const report = new Report({
      telemetry,
      clock,
      model,
      operation,
      listener: listener as ReportOptions['listener'],
    })
    const bypass = (reason: BypassReason) => {
      report.bypass(reason)
      return load()
    }
    if (given.__internalParams?.transaction !== undefined) return bypass('transaction')
    if (!this.#isCached(operation, own)) return bypass('disabled')
    const scope = own.scope === undefined ? scopeOf(settings.scope, telemetry) : own
    if (scope === undefined) return bypass('scope')
    const read = { model, operation, args, dataPath: given.__internalParams?.dataPath ?? [] }
    const planned = this.#plan(read, scope.scope, (traits as TraitsOf | undefined)?.())
    if (!planned.plan.cacheable) return bypass(planned.plan.reason)
    return this.#read(read, planned.plan, planned.narrow, own, load, report)
  }

  async #read(
    read: Query,
    plan: PlannedRead['plan'] & { readonly cacheable: true },
    narrow: PlannedRead['narrow'],
    own: ReadSettings,
    load: () => Promise<unknown>,
    report: Report,
  ): Promise<unknown> {
    const { model, operation } = read
    const { settings, planner } = this.#context
    const userTags = own.tags.map((name) => userTag(settings.keyspace, name))
    const key = taggedKey(plan.key, own.tags)
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
      narrow,
      rowVersions: (answer) => planner.versionsIn(read, answer),
      storesNull: plan.storesNull,
      policy: this.#policyOf(model, plan.ttl, own),
      refresh: own.refresh,
      shape: once(() => shapeOf(read)),
      load,
      report: (outcome) => report.outcome(entry, outcome),
    })
  }

  /** Asks the database; until the sentinel watches, it also learns that there is a connection. */
  #loadOf(load: () => Promise<unknown>): () => Promise<unknown> {
    const { sentinel } = this.#context
    if (sentinel === undefined || sentinel.isWatching || sentinel.isBlind) return load
    return async () => {
      const answer = await load()
      sentinel.answered()
      return answer
    }
  }

  #isCached(operation: string, { enabled }: ReadSettings): boolean {
    const { mode, operations } = this.#context.settings
    if (mode === 'off') return false
    return enabled ?? (mode === 'all' && operations.has(operation))
  }

  #plan(query: Query, scope: string | undefined, traits: ClientTraits | undefined): PlannedRead {
    if (this.#refusesUndefined && containsUndefined(query.args)) return UNCACHEABLE
    try {
      return this.#context.planner.read(query, scope, traits)
    } catch (error) {
      this.#context.telemetry.error('plan', error)
      return UNCACHEABLE
    }
  }

  /** @param ttl the shortest time to live of the models that the read sees. */
  #policyOf(model: string, ttl: number, own: ReadSettings): Policy {
    const { settings } = this.#context
    const ofModel = settings.models.get(model) ?? EMPTY_POLICY
    return mergePolicies(own, { ...EMPTY_POLICY, ttl }, ofModel, settings)
  }
}

const UNCACHEABLE: PlannedRead = {
  plan: { cacheable: false, reason: 'uncacheable' },
  narrow: () => ({ dropped: [], replaced: [], rows: [] }),
}

function createReader(context: Context, Decimal: DecimalClass): Reader {
  const { settings, store, owed, members, background, telemetry, clock, stopwatch, token } = context
  const { strict, leaseWait, jitter, near } = settings
  return new Reader({
    store,
    owed,
    members,
    background,
    codec: rowsCodec(Decimal, superjsonCodec(Decimal)),
    telemetry,
    clock,
    stopwatch,
    strict,
    leaseWait,
    jitter,
    near,
    token,
  })
}

function idsOf(tags: readonly Tag[]): Tag['id'][] {
  return tags.map(({ id }) => id)
}

/** Computes a text when it is first needed: only misses need the shape of a read. */
function once(compute: () => string): () => string {
  let text: string | undefined
  return () => {
    text ??= compute()
    return text
  }
}
