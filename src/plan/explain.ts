import type { BypassReason } from '../telemetry/events.js'
import type { Part } from './dependencies.js'
import type { ReadPlan } from './planner.js'
import { objectOf, type Query } from './query.js'
import type { Tag } from './tag.js'

/** What the cache makes of one call, without the call. */
export interface Explanation {
  readonly kind: 'read' | 'write'
  /** Absent for raw SQL. */
  readonly model?: string | undefined
  readonly operation: string
  /** Of a read that is not cached: why. */
  readonly bypass?: BypassReason | undefined
  /** Of a read that is cached: what the store knows its entry by. */
  readonly key?: string | undefined
  /** Of a read that is cached: how long its answer may be served, in milliseconds. */
  readonly ttl?: number | undefined
  /** What a read depends on, or a write touches. */
  readonly tags: readonly ExplainedTag[]
}

export interface ExplainedTag {
  /** `Post` (the whole model), `Post{authorId:7}` (rows with a value) or `Post{authorId}` (rows with any). */
  readonly name: string
  /** Whether it stands for rows with known values, instead of for a model or for all values of a key. */
  readonly precise: boolean
  /** Where in the query the need for it arises; empty for the query itself. */
  readonly at: string
  /** Why it is not precise, and what would make it so. */
  readonly why?: string | undefined
}

/** @param parts why the read depends on what it depends on. */
export function explainRead(
  { model, operation }: Query,
  plan: ReadPlan,
  parts: readonly Part[],
): Explanation {
  const about = { kind: 'read', model, operation } as const
  if (!plan.cacheable) return { ...about, bypass: plan.reason, tags: [] }
  return { ...about, key: plan.key, ttl: plan.ttl, tags: parts.flatMap(explainPart) }
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
        why: 'the values are those of the rows that come back',
      }))
    case 'whole':
      return [{ name: model, precise: false, at, why: `\`${model}\` as a whole, because ${why}` }]
  }
}

/** @param tags what the write announces: its result may show that less was touched. */
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
  if (model === '') return { precise: false, why: 'touched by every write to the model' }
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
        ? `\`${fields}\` changes, and its value before is not in \`where\`: add it there to touch less`
        : `\`${fields}\` of the rows is not in \`where\` or \`data\`; if the result shows it, only rows with that value are touched`,
  }
}
