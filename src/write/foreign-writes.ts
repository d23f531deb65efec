import { LRUCache } from 'lru-cache'
import type { Context } from '../context.js'
import type { Tag } from '../plan/tag.js'
import type { Outcome } from '../prisma-client/effects.js'
import type { ForeignWrite, StatementEffect, Watcher } from '../prisma-client/sentinel.js'
import { Write, type WriteOptions } from './write.js'

/** The number of statements whose effects are remembered: Prisma sends the same texts again and again. */
const MAX_REMEMBERED_STATEMENTS = 2_000

/**
 * Follows writes that no operation of the cache has announced: those of the base client, of extensions that
 * were applied earlier, and of query builders on top of either. They touch every row of the models whose
 * tables they name.
 */
export class ForeignWrites implements Watcher {
  readonly token: object
  readonly selectsMayWrite: boolean
  readonly #context: Context
  readonly #options: WriteOptions
  /** Made when it is needed, as it takes longer to make than the rest of a client. */
  #effects: LRUCache<string, StatementEffect> | undefined

  constructor(context: Context, options: WriteOptions) {
    const { writingFunctions } = context.settings
    this.token = context.token
    this.selectsMayWrite = writingFunctions === true || writingFunctions.length > 0
    this.#context = context
    this.#options = options
  }

  effectOf(sql: string): StatementEffect {
    this.#effects ??= new LRUCache({ max: MAX_REMEMBERED_STATEMENTS })
    const known = this.#effects.get(sql)
    if (known !== undefined) return known
    const { models, mayCommit } = this.#context.planner.effectOf(sql)
    const names = models === 'all' ? models : new Set(models.map(({ name }) => name))
    const effect = { models: names, mayCommit }
    this.#effects.set(sql, effect)
    return effect
  }

  follow(): ForeignWrite {
    const write = new Write(this.#options)
    return {
      announce: (models) => {
        write.announce(this.#tagsOf(models))
      },
      ready: () => write.ready(),
      end: (outcome: Outcome) => write.end(outcome),
    }
  }

  #tagsOf(models: StatementEffect['models']): readonly Tag[] {
    const { planner } = this.#context
    return models === 'all' ? planner.everything() : planner.anyRowsOf(models)
  }
}
