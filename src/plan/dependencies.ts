import { combinations, type Facts, MAX_PINNED_VALUES } from './facts.js'
import type { Value } from './normalise.js'
import type { Tag, TagId } from './tag.js'
import type { TrackedKey, TrackedKeys } from './tracked-keys.js'

/** The rows that have these values of the key. */
export interface Pin {
  readonly key: TrackedKey
  readonly values: readonly (readonly Value[])[]
}

/** Says which wide tags of a read its answer can drop or replace. */
export interface Narrowed {
  /** The wide tags that the answer does not depend on. */
  readonly dropped: readonly TagId[]
  /** The wide tags that the tags of the returned rows can replace. */
  readonly replaced: readonly TagId[]
  /** The tags of the returned rows. */
  readonly rows: readonly TagId[]
}

interface Wide {
  readonly model: string
  readonly tag: Tag
  readonly kind: 'model' | 'insert'
  /** One for each part of the read that needs the tag. */
  readonly resolves: Resolve[]
}

/** Gives the tags that can replace a wide tag, once the answer is known; undefined where none can. */
type Resolve = (answer: unknown) => readonly Tag[] | undefined

/** The reason why a read depends on a tag, for `explain`. */
export interface Part {
  readonly model: string
  /** The place in the query that needs the tag. */
  readonly at: string
  readonly tags: readonly Tag[]
  readonly how: 'pinned' | 'narrowed' | 'whole'
  readonly why?: string | undefined
}

/** The most tags of returned rows in one entry: each of them is looked up with the entry. */
const MAX_TAGS_OF_ROWS = 128

/** Gathers what a read depends on. */
export class Dependencies {
  readonly parts: Part[] = []
  readonly #tracked: TrackedKeys
  readonly #explains: boolean
  readonly #firm = new Map<TagId, { readonly tag: Tag; readonly model: string }>()
  readonly #wide = new Map<TagId, Wide>()
  /** Models on which the read depends as a whole, so that their other tags say nothing more. */
  readonly #wholes = new Set<string>()

  constructor(tracked: TrackedKeys, explains: boolean) {
    this.#tracked = tracked
    this.#explains = explains
  }

  /** Depends on every row of the model. */
  whole(model: string, at: readonly string[], why: () => string): void {
    this.#wholes.add(model)
    if (this.#explains) this.#explain(model, at, [this.#tracked.modelTag(model)], 'whole', why())
  }

  /**
   * Depends on the rows that have these values. An insert of a row whose unique values are not known
   * before it runs matters too, unless the answer shows a row for each value that the read asks for.
   */
  pinned(
    pins: readonly Pin[],
    at: readonly string[],
    areTaken: (answer: unknown) => boolean,
  ): void {
    for (const { key, values } of pins) {
      const tags = values.map((each) => this.#tracked.keyTag(key, each))
      for (const tag of [key.family, ...tags]) this.#firm.set(tag.id, { tag, model: key.model })
      if (key.unique) this.#unlessTaken(key.model, areTaken)
      if (this.#explains) this.#explain(key.model, at, tags, 'pinned')
    }
  }

  /** Depends on rows whose values of the key only the answer shows. */
  narrowed(
    key: TrackedKey,
    at: readonly string[],
    valuesIn: (answer: unknown) => readonly (readonly Value[])[] | undefined,
    areTaken: (answer: unknown) => boolean,
  ): void {
    this.#firm.set(key.family.id, { tag: key.family, model: key.model })
    this.#need(key.model, this.#tracked.modelTag(key.model), 'model', (answer) =>
      valuesIn(answer)?.map((values) => this.#tracked.keyTag(key, values)),
    )
    if (key.unique) this.#unlessTaken(key.model, areTaken)
    if (this.#explains) this.#explain(key.model, at, [key.family], 'narrowed')
  }

  /** The tags that the answer depends on, whatever it is. */
  firm(): readonly Tag[] {
    const wholes = Array.from(this.#wholes, (model) => this.#tracked.modelTag(model))
    return [...wholes, ...this.#others(this.#firm).map(({ tag }) => tag)]
  }

  /** The tags that it also depends on, unless `narrow` finds more precise ones. */
  wide(): readonly Tag[] {
    return this.#others(this.#wide).map(({ tag }) => tag)
  }

  /** Says which wide tags the answer can drop or replace. */
  narrow(answer: unknown): Narrowed {
    const dropped: TagId[] = []
    const replaced: TagId[] = []
    const rows = new Set<TagId>()
    for (const { tag, kind, resolves } of this.#others(this.#wide)) {
      const found = resolves.map((resolve) => resolve(answer))
      if (found.includes(undefined)) continue
      const tags = found.flatMap((each) => each ?? []).filter(({ id }) => !this.#firm.has(id))
      if (rows.size + tags.length > MAX_TAGS_OF_ROWS) continue
      if (kind === 'insert') dropped.push(tag.id)
      else replaced.push(tag.id)
      for (const { id } of tags) rows.add(id)
    }
    return { dropped, replaced, rows: [...rows] }
  }

  #unlessTaken(model: string, areTaken: (answer: unknown) => boolean): void {
    const resolve = (answer: unknown) => (areTaken(answer) ? [] : undefined)
    this.#need(model, this.#tracked.insertTag(model), 'insert', resolve)
  }

  #need(model: string, tag: Tag, kind: Wide['kind'], resolve: Resolve): void {
    const known = this.#wide.get(tag.id)
    if (known === undefined) this.#wide.set(tag.id, { model, tag, kind, resolves: [resolve] })
    else known.resolves.push(resolve)
  }

  #others<T extends { readonly model: string }>(tags: ReadonlyMap<TagId, T>): readonly T[] {
    const all = [...tags.values()]
    return this.#wholes.size === 0 ? all : all.filter(({ model }) => !this.#wholes.has(model))
  }

  #explain(
    model: string,
    at: readonly string[],
    tags: readonly Tag[],
    how: Part['how'],
    why?: string,
  ): void {
    this.parts.push({ model, at: at.join('.'), tags, how, why })
  }
}

/** The tags of keys that cover all rows for which one of the facts holds; undefined where there are none. */
export function pinsOf(
  keys: readonly TrackedKey[],
  alternatives: readonly Facts[],
): readonly Pin[] | undefined {
  const pins = alternatives.map((facts) => bestPin(keys, facts))
  if (pins.includes(undefined)) return undefined
  const values = pins.reduce((sum, pin) => sum + (pin as Pin).values.length, 0)
  return values > MAX_PINNED_VALUES ? undefined : (pins as Pin[])
}

/**
 * The pin that the fewest rows match: a unique key goes before another, a key of more fields before one
 * of fewer, and fewer values before more.
 */
function bestPin(keys: readonly TrackedKey[], facts: Facts): Pin | undefined {
  let best: Pin | undefined
  for (const key of keys) {
    const values = combinations(facts, key.fields)
    if (values === undefined || values.length > MAX_PINNED_VALUES) continue
    if (best === undefined || isBetter({ key, values }, best)) best = { key, values }
  }
  return best
}

function isBetter({ key, values }: Pin, than: Pin): boolean {
  if (key.unique !== than.key.unique) return key.unique
  const more = key.unique ? 0 : key.fields.length - than.key.fields.length
  return more > 0 || (more === 0 && values.length < than.values.length)
}
