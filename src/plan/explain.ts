import type { BypassReason } from '../telemetry/events.js'
import type { Part } from './dependencies.js'
import type { ReadPlan } from './planner.js'
import { objectOf, type Query } from './query.js'
import type { Tag } from './tag.js'

/** How the cache treats one call. */
export interface Explanation {
  readonly kind: 'read' | 'write'
  /** Absent for raw SQL. */
  readonly model?: string | undefined
  readonly operation: string
  /** The reason why a read is not cached; absent for one that is. */
  readonly bypass?: BypassReason | undefined
  /**
   * Why the answers of such reads are not stored for a while: they are too large for the store, or many were
   * stored and none was ever read.
   */
  readonly paused?: 'oversized' | 'unused' | undefined
  /** The key of the read's entry in the store; absent for a read that is not cached. */
  readonly key?: string | undefined
  /** How long the read's answer may be served, in milliseconds; absent for a read that is not cached. */
  readonly ttlMs?: number | undefined
  /** The tags that a read depends on, or that a write invalidates. */
  readonly tags: readonly ExplainedTag[]
}

export interface ExplainedTag {
  /** `Post` (the whole model), `Post{authorId:7}` (rows with that value) or `Post{authorId}` (rows with any value). */
  readonly name: string
  /** Whether the tag is about rows with known values, and not about a model or all values of a key. */
  readonly precise: boolean
  /** The place in the query that needs the tag; empty for the query itself. */
  readonly at: string
  /** The reason why the tag is not precise, and what would make it precise. */
  readonly why?: string | undefined
}

/** @param parts the reasons for the read's dependencies. */
export function explainRead(
  { model, operation }: Query,
  plan: ReadPlan,
  parts: readonly Part[],
): Explanation {
  const about = { kind: 'read', model, operation } as const
  if (!plan.cacheable) return { ...about, bypass: plan.reason, tags: [] }
  return { ...about, key: plan.key, ttlMs: plan.ttl, tags: parts.flatMap(explainPart) }
}

function explainPart({ how, model, tags, at, why }: Part): readonly ExplainedTag[] {
  switch (how) {
    case 'pinned':
      return tags.map(({ name }) => ({ name, precise: true, at }))
    case 'narrowed':
      return tags.map(({ name }) => ({
        name: name.replace(/\}$/, ':…}'),
        precise: true,
        at,
        why: 'the values are those of the returned rows',
      }))
    case 'whole':
      return [{ name: model, precise: false, at, why: `\`${model}\` as a whole, because ${why}` }]
  }
}

/** @param tags the tags that the write announces; its result may show that it touched fewer. */
export function explainWrite(
  query: Pick<Query, 'operation' | 'args'> & { readonly model?: string | undefined },
  tags: readonly Tag[],
): Explanation {
  const { model, operation } = query
  return {
    kind: 'write',
    model,
    operation,
    tags: tags.map(({ name }) => ({ name, at: '', ...explainTouch(query, name) })),
  }
}

function explainTouch({ operation, args }: Pick<Query, 'operation' | 'args'>, name: string) {
  const [, model = '', fields = ''] = name.match(/^([^{]*)\{(.*)\}$/) ?? []
  if (model === '') return { precise: false, why: 'every write to the model invalidates it' }
  if (fields === '+') {
    return {
      precise: false,
      why: `rows of \`${model}\` are created whose unique values are not known yet`,
    }
  }
  if (fields.includes(':')) return { precise: true }
  const { data, update } = objectOf(args)
  const given = { ...objectOf(data), ...objectOf(update) }
  const isSet = fields.split(',').some((field) => given[field] !== undefined)
  return {
    precise: false,
    why:
      isSet && !operation.startsWith('create')
        ? `\`${fields}\` changes, and its value before is not in \`where\`: add it there to invalidate less`
        : `\`${fields}\` of the rows is not in \`where\` or \`data\`; if the result shows it, only rows with that value are invalidated`,
  }
}
