import { type Catalog, modelOf } from '../catalog/catalog.js'
import { checkKeys, checkName, wrong } from '../checks.js'
import { ConfigurationError } from '../errors.js'
import type { Planner } from '../plan/planner.js'
import type { Tag } from '../plan/tag.js'

/** Models, and rows of models, as an application names them to `$cache`. */
export class Targets {
  readonly #catalog: Catalog
  readonly #planner: Planner

  constructor(catalog: Catalog, planner: Planner) {
    this.#catalog = catalog
    this.#planner = planner
  }

  /**
   * What a value depends on that was made of these: `['User', { Post: { authorId: 7 } }]`.
   *
   * @throws ConfigurationError if a name is not in the schema, or rows are not told apart by a tracked key.
   */
  dependencies(path: string, given: unknown): readonly Tag[] {
    if (given === undefined) return []
    if (!Array.isArray(given)) throw wrong(path, 'a list', given)
    return given.flatMap((target) => {
      if (typeof target === 'string') {
        this.checkModel(path, target)
        return this.#planner.model(target)
      }
      return this.#rows(path, target).flatMap(([model, where]) => {
        const found = this.#planner.dependingOn(model, where)
        if ('tags' in found) return found.tags
        throw new ConfigurationError(
          `${path}: expected values of a tracked key of ${model}: ${found.why}`,
        )
      })
    })
  }

  /** What a change to these rows touches: `{ Post: { authorId: 7 } }`. */
  touches(path: string, given: unknown): readonly Tag[] {
    if (given === undefined) return []
    return this.#rows(path, given).flatMap(([model, where]) => this.#planner.touching(model, where))
  }

  checkModel(path: string, given: unknown): asserts given is string {
    checkName(path, given, [...this.#catalog.models.keys()], 'model')
  }

  checkWhere(path: string, model: string, where: unknown): void {
    const { fields, relations, compounds } = modelOf(this.#catalog, model)
    const known = [...fields.keys(), ...relations.keys(), ...compounds.keys(), 'AND', 'OR', 'NOT']
    checkKeys(path, where, known, 'field')
  }

  #rows(path: string, given: unknown): readonly (readonly [model: string, where: unknown])[] {
    checkKeys(path, given, [...this.#catalog.models.keys()], 'model')
    const rows = Object.entries(given)
    for (const [model, where] of rows) this.checkWhere(`${path}.${model}`, model, where)
    return rows
  }
}
