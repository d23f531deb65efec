import { type Catalog, modelOf } from '../catalog/catalog.js'
import { checkKeys, checkName, wrong } from '../checks.js'
import { ConfigurationError } from '../errors.js'
import type { Planner } from '../plan/planner.js'
import type { Tag } from '../plan/tag.js'

/** Turns the models and rows that an application names into tags, see `Target`. */
export class Targets {
  readonly #catalog: Catalog
  readonly #planner: Planner

  constructor(catalog: Catalog, planner: Planner) {
    this.#catalog = catalog
    this.#planner = planner
  }

  /**
   * The tags that a value depends on which was computed from these targets.
   *
   * @param path the path of the targets in errors.
   * @throws ConfigurationError if a name is not in the schema, or if no tracked key says which rows are meant.
   */
  dependencies(path: string, given: unknown): readonly Tag[] {
    if (given === undefined) return []
    return this.#each(path, given, {
      model: (model) => this.#planner.allOf(model),
      rows: (model, where) => {
        const found = this.#planner.dependingOn(model, where)
        if ('tags' in found) return found.tags
        throw new ConfigurationError(
          `${path}: expected values of a tracked key of ${model}: ${found.why}`,
        )
      },
    })
  }

  /**
   * The tags that changes to these targets touch.
   *
   * @param path the path of the targets in errors.
   * @throws ConfigurationError if a name is not in the schema.
   */
  touches(path: string, given: unknown): readonly Tag[] {
    return this.#each(path, given, {
      model: (model) => this.#planner.anyRowsOf([model]),
      rows: (model, where) => this.#planner.touchesOfRows(model, where),
    })
  }

  #each(path: string, given: unknown, tagsOf: TagsOf): readonly Tag[] {
    const targets = Array.isArray(given) ? given : [given]
    return targets.flatMap((target: unknown) => {
      if (typeof target === 'string') {
        checkName(path, target, this.#names(), 'model')
        return tagsOf.model(target)
      }
      if (typeof target !== 'object' || target === null) {
        throw wrong(
          path,
          "a model or rows of a model, such as 'Post' or { Post: { id: 7 } }",
          target,
        )
      }
      checkKeys(path, target, this.#names(), 'model')
      return Object.entries(target).flatMap(([model, where]) => {
        if (where === undefined) return []
        this.#checkWhere(`${path}.${model}`, model, where)
        return tagsOf.rows(model, where)
      })
    })
  }

  #checkWhere(path: string, model: string, where: unknown): void {
    const { fields, relations, compounds } = modelOf(this.#catalog, model)
    const known = [...fields.keys(), ...relations.keys(), ...compounds.keys(), 'AND', 'OR', 'NOT']
    checkKeys(path, where, known, 'field')
  }

  #names(): readonly string[] {
    return [...this.#catalog.models.keys()]
  }
}

interface TagsOf {
  readonly model: (model: string) => readonly Tag[]
  readonly rows: (model: string, where: unknown) => readonly Tag[]
}
