import { type Catalog, modelOf } from '../catalog/catalog.js'

/**
 * Grows the set of models whose rows a write may change, by what the database (or Prisma, with
 * `relationMode = "prisma"`) does to the rows that refer to a changed or removed one.
 */
export class Closure {
  readonly models = new Set<string>()
  readonly #catalog: Catalog
  readonly #removed = new Set<string>()
  readonly #changed = new Set<string>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  /** Rows of the model may be removed. */
  remove(name: string): void {
    this.models.add(name)
    if (this.#removed.has(name)) return
    this.#removed.add(name)
    for (const { onDelete, holder, fields } of modelOf(this.#catalog, name).referencedBy) {
      if (onDelete === 'Cascade') this.remove(holder)
      else if (actsOnHolder(onDelete)) this.change(holder, fields)
    }
  }

  /** Rows of the model may be created, or get other values in these fields. */
  change(name: string, fields: Iterable<string>): void {
    this.models.add(name)
    for (const field of fields) {
      if (this.#changed.has(`${name}.${field}`)) continue
      this.#changed.add(`${name}.${field}`)
      for (const key of modelOf(this.#catalog, name).referencedBy) {
        if (key.references.includes(field) && actsOnHolder(key.onUpdate)) {
          this.change(key.holder, key.fields)
        }
      }
    }
  }

  /** Nothing is known of the write but that it concerns this model. */
  any(name: string): void {
    this.remove(name)
    this.change(name, modelOf(this.#catalog, name).scalars)
  }
}

function actsOnHolder(action: string): boolean {
  return action !== 'Restrict' && action !== 'NoAction'
}
