import type { Facts } from './facts.js'

/** An update of rows that one part of a write makes. */
interface RecordedUpdate {
  readonly before: Facts
  readonly changed: ReadonlySet<string>
  readonly isRoot: boolean
}

/** With more updates of a model than this, all of them count as updates of the same rows. */
const MAX_COMPARED = 64

/**
 * The updates that the parts of one write make: of the rows that it names, by nested writes, and by
 * referential actions. They say which fields of a row other parts of the write may change.
 */
export class Updates {
  readonly #byModel = new Map<string, RecordedUpdate[]>()
  readonly #changed = new Map<string, Set<string>>()

  add(model: string, update: RecordedUpdate): void {
    const known = this.#byModel.get(model)
    if (known === undefined) this.#byModel.set(model, [update])
    else known.push(update)
    const changed = this.#changed.get(model) ?? new Set()
    for (const field of update.changed) changed.add(field)
    this.#changed.set(model, changed)
  }

  /** Whether only the rows that the write names are updated. */
  get areOfRoot(): boolean {
    return [...this.#byModel.values()].flat().every(({ isRoot }) => isRoot)
  }

  /**
   * The fields that these updates may change in rows for which the facts hold.
   *
   * @param isRoot whether the write names the rows: then its own update of them is left out.
   */
  changing(model: string, facts: Facts, isRoot: boolean): ReadonlySet<string> {
    const all = this.#byModel.get(model) ?? []
    const others = isRoot ? all.filter((update) => !update.isRoot) : all
    const same =
      others.length > MAX_COMPARED
        ? others
        : others.filter(({ before }) => !this.#areOthers(model, before, facts))
    return new Set(same.flatMap(({ changed }) => [...changed]))
  }

  /** Whether no row can be among both, because it would have two values in a field that nothing changes. */
  #areOthers(model: string, ones: Facts, others: Facts): boolean {
    const changed = this.#changed.get(model)
    return [...ones].some(([field, values]) => {
      const found = others.get(field)
      return (
        found !== undefined &&
        changed?.has(field) !== true &&
        !found.some((value) => values.includes(value))
      )
    })
  }
}
