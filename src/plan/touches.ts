import type { ForeignKey } from '../catalog/catalog.js'
import { carry, combinations, type Facts, NOTHING_KNOWN, without } from './facts.js'
import type { Tag, TagId } from './tag.js'
import type { TrackedKey, TrackedKeys } from './tracked-keys.js'
import { Updates } from './updates.js'

/** A change to rows of a model, with the facts about them. Facts may say less than the truth, never more. */
export type RowChange =
  | { readonly kind: 'insert'; readonly after: Facts }
  | { readonly kind: 'delete'; readonly before: Facts }
  | {
      readonly kind: 'update'
      readonly before: Facts
      readonly after: Facts
      /** The fields whose values may change; the others have the same before and after. */
      readonly changed: ReadonlySet<string>
      /** Whether it is part of how the write changes the rows that it names itself. Default: it is not. */
      readonly isRoot?: boolean
    }

type Update = Extract<RowChange, { kind: 'update' }>

/** With more touched values of one key than this, its family is touched instead. */
const MAX_TAGS_OF_KEY = 256

/**
 * Gathers the tags that changes to rows touch: the tags of these rows, and of the rows that refer to
 * them, which referential actions change too (by the database, or by Prisma with `relationMode = "prisma"`).
 */
export class Touches {
  readonly updates = new Updates()
  readonly #tracked: TrackedKeys
  readonly #models = new Set<string>()
  readonly #inserts = new Set<string>()
  readonly #views = new Set<string>()
  /** The tags of each key's known values; `'family'` where other values are touched too. */
  readonly #keys = new Map<TrackedKey, Map<TagId, Tag> | 'family'>()
  readonly #done = new Set<string>()

  constructor(tracked: TrackedKeys) {
    this.#tracked = tracked
  }

  /** Touches the model, but no key: other calls say which rows. */
  someRows(model: string): void {
    this.#models.add(model)
  }

  rows(model: string, given: RowChange): void {
    const change = withComputed(given, this.#tracked.computed(model))
    this.#models.add(model)
    this.#touchBehind(model)
    if (change.kind === 'update') this.updates.add(model, { isRoot: false, ...change })
    for (const key of this.#tracked.keys(model)) this.#touchKey(key, change)
    // No row refers to one that did not exist.
    if (change.kind === 'insert') return
    const references = this.#tracked
      .model(model)
      .referencedBy.filter(
        (reference) => change.kind === 'delete' || isChanged(change, reference.references),
      )
    if (references.length === 0 || this.#isDone(model, change)) return
    for (const reference of references) {
      // A view follows the models that it reads, whatever a schema that declares it as a model says.
      if (this.#tracked.model(reference.holder).kind === 'view') this.#models.add(reference.holder)
      else if (change.kind === 'delete') this.#onDelete(reference, change.before)
      else this.#onUpdate(reference, change)
    }
  }

  /** Touches what any change to any row of the model touches. */
  anyRows(model: string): void {
    const changed = new Set(this.#tracked.model(model).fields.keys())
    this.rows(model, { kind: 'delete', before: NOTHING_KNOWN })
    this.rows(model, { kind: 'update', before: NOTHING_KNOWN, after: NOTHING_KNOWN, changed })
  }

  tags(): readonly Tag[] {
    const models = Array.from(this.#models, (model) => this.#tracked.modelTag(model))
    const inserts = Array.from(this.#inserts, (model) => this.#tracked.insertTag(model))
    const keys = [...this.#keys].flatMap(([{ family }, tags]) =>
      tags === 'family' ? [family] : [...tags.values()],
    )
    return [...models, ...inserts, ...keys]
  }

  /** A write to a view may change any row of the models that it reads. */
  #touchBehind(model: string): void {
    if (this.#tracked.model(model).kind !== 'view' || this.#views.has(model)) return
    this.#views.add(model)
    const behind = this.#tracked.behind(model) ?? this.#tracked.models.keys()
    for (const name of behind) this.anyRows(name)
  }

  #touchKey(key: TrackedKey, change: RowChange): void {
    switch (change.kind) {
      case 'insert':
        if (this.#touchValues(key, change.after)) return
        // An insert cannot change a read that found a row for each unique value that it asked for.
        if (key.unique) this.#inserts.add(key.model)
        else this.#keys.set(key, 'family')
        return
      case 'delete':
        if (!this.#touchValues(key, change.before)) this.#keys.set(key, 'family')
        return
      case 'update': {
        const { before, after } = change
        const isKnown =
          this.#touchValues(key, before) &&
          (!isChanged(change, key.fields) || this.#touchValues(key, after))
        if (!isKnown) this.#keys.set(key, 'family')
      }
    }
  }

  /** @returns false where the facts do not say all values. */
  #touchValues(key: TrackedKey, facts: Facts): boolean {
    const known = this.#keys.get(key) ?? new Map<TagId, Tag>()
    if (known === 'family') return true
    if (key.fields.some((field) => !facts.has(field))) return false
    const found = combinations(facts, key.fields, MAX_TAGS_OF_KEY)
    for (const values of found ?? []) {
      const tag = this.#tracked.keyTag(key, values)
      known.set(tag.id, tag)
    }
    const isTooMany = found === undefined || known.size > MAX_TAGS_OF_KEY
    this.#keys.set(key, isTooMany ? 'family' : known)
    return true
  }

  #onDelete(key: ForeignKey, removed: Facts): void {
    const { onDelete, holder, fields } = key
    const before = this.#carry(removed, key)
    if (onDelete === 'Cascade') this.rows(holder, { kind: 'delete', before })
    else if (onDelete === 'SetNull' || onDelete === 'SetDefault') {
      const after = afterwards(onDelete, fields)
      this.rows(holder, { kind: 'update', before, after, changed: new Set(fields) })
    }
  }

  #onUpdate(key: ForeignKey, change: Update): void {
    const { onUpdate, holder, fields } = key
    if (onUpdate === 'Restrict' || onUpdate === 'NoAction') return
    const before = this.#carry(change.before, key)
    const after =
      onUpdate === 'Cascade' ? this.#carry(change.after, key) : afterwards(onUpdate, fields)
    this.rows(holder, { kind: 'update', before, after, changed: new Set(fields) })
  }

  /** Gives the facts about the rows that refer to rows for which the facts hold. */
  #carry(facts: Facts, { target, references, holder, fields }: ForeignKey): Facts {
    const [from, to] = [
      { model: target, fields: references },
      { model: holder, fields },
    ]
    return carry(this.#tracked, facts, from, to) ?? NOTHING_KNOWN
  }

  /** Whether this change was followed already: chains of references may run in circles. */
  #isDone(model: string, change: Exclude<RowChange, { kind: 'insert' }>): boolean {
    const { before, after, changed } = { after: NOTHING_KNOWN, changed: [], ...change }
    const text = JSON.stringify([model, change.kind, [...before], [...after], [...changed]])
    if (this.#done.has(text)) return true
    this.#done.add(text)
    return false
  }
}

/** Completes the change with the fields that the database computes, and with the facts about fields that do not change. */
function withComputed(change: RowChange, computed: ReadonlySet<string>): RowChange {
  switch (change.kind) {
    case 'insert':
      return { ...change, after: without(change.after, computed) }
    case 'delete':
      return change
    case 'update': {
      const changed = new Set([...change.changed, ...computed])
      const after = without(change.after, computed)
      return { ...change, changed, ...valuesOf({ ...change, after, changed }) }
    }
  }
}

/** Completes the facts before with those after about the fields that do not change, and vice versa. */
function valuesOf({ before, after, changed }: Update): { before: Facts; after: Facts } {
  const isUnchanged = ([field]: readonly [string, unknown]) => !changed.has(field)
  return {
    before: new Map([...[...after].filter(isUnchanged), ...before]),
    after: new Map([...[...before].filter(isUnchanged), ...after]),
  }
}

function isChanged({ changed }: Update, fields: readonly string[]): boolean {
  return fields.some((field) => changed.has(field))
}

/**
 * The value that a referential action gives to a foreign key. With several fields it is not known:
 * Prisma and databases differ in which of them they set.
 */
function afterwards(action: 'SetNull' | 'SetDefault', fields: readonly string[]): Facts {
  const [field = ''] = fields
  return action === 'SetNull' && fields.length === 1 ? new Map([[field, [null]]]) : NOTHING_KNOWN
}
