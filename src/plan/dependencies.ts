import { combinations, type Facts, LIMIT } from './facts.js'
import type { Value } from './normalise.js'
import type { Tag, TagId } from './tag.js'
import type { Tracked, TrackedKey } from './tracked-keys.js'

/** The rows that have these values of the key. */
export interface Pin {
  readonly key: TrackedKey
  readonly values: readonly (readonly Value[])[]
}

/** What an answer says of wide tags, see `Read` of the protocol. */
export interface Narrowed {
  readonly dropped: readonly TagId[]
  readonly replaced: readonly TagId[]
  readonly rows: readonly TagId[]
}

interface Wide {
  readonly model: string
  readonly tag: Tag
  readonly kind: 'model' | 'insert'
  /** Of every part of the read that needs the tag. */
  readonly resolves: Resolve[]
}

/** The tags that can stand for a wide one, given the answer; undefined where none can. */
type Resolve = (answer: unknown) => readonly Tag[] | undefined

/** Why a read depends on a tag, for `explain`. */
export interface Part {
  readonly model: string
  /** Where in the query. */
  readonly at: string
  readonly tags: readonly Tag[]
  readonly how: 'pinned' | 'narrowed' | 'whole'
  readonly why?: string | undefined
}

/** The most tags of rows in one entry: each is looked up with it. */
const NARROWED_TAGS = 128

/** Gathers what a read depends on. */
export class Dependencies {
  readonly parts: Part[] = []
  readonly #tracked: Tracked
  readonly #explains: boolean
  readonly #firm = new Map<TagId, { readonly tag: Tag; readonly model: string }>()
  readonly #wide = new Map<TagId, Wide>()
  /** Models that are depended on as a whole, which makes their other tags superfluous. */
  readonly #wholes = new Set<string>()

  constructor(tracked: Tracked, explains: boolean) {
    this.#tracked = tracked
    this.#explains = explains
  }

  /** Every row of the model may matter. */
  whole(model: string, at: readonly string[], why: () => string): void {
    this.#wholes.add(model)
    if (this.#explains) this.#explain(model, at, [this.#tracked.modelTag(model)], 'whole', why())
  }

  /**
   * Rows that have these values matter. An insert of a row whose values are not known beforehand
   * matters too, unless the answer shows that all of a unique key are taken.
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

  /** Rows of the key's model matter that only the answer tells. */
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

  /** What the answer depends on in any case. */
  firm(): readonly Tag[] {
    const wholes = Array.from(this.#wholes, (model) => this.#tracked.modelTag(model))
    return [...wholes, ...this.#others(this.#firm).map(({ tag }) => tag)]
  }

  /** What it also depends on, unless `narrow` says better. */
  wide(): readonly Tag[] {
    return this.#others(this.#wide).map(({ tag }) => tag)
  }

  /** What the answer says of the wide tags. */
  narrow(answer: unknown): Narrowed {
    const dropped: TagId[] = []
    const replaced: TagId[] = []
    const rows = new Set<TagId>()
    for (const { tag, kind, resolves } of this.#others(this.#wide)) {
      const found = resolves.map((resolve) => resolve(answer))
      if (found.includes(undefined)) continue
      const tags = found.flatMap((each) => each ?? []).filter(({ id }) => !this.#firm.has(id))
      if (rows.size + tags.length > NARROWED_TAGS) continue
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

/** The key tags that cover rows of one of these kinds; undefined where some kind has none. */
export function pinsOf(
  keys: readonly TrackedKey[],
  alternatives: readonly Facts[],
): readonly Pin[] | undefined {
  const pins = alternatives.map((facts) => bestPin(keys, facts))
  if (pins.includes(undefined)) return undefined
  const values = pins.reduce((sum, pin) => sum + (pin as Pin).values.length, 0)
  return values > LIMIT ? undefined : (pins as Pin[])
}

/** A unique key before another; of the others, one of more fields, as fewer rows have them all; fewer values before more. */
function bestPin(keys: readonly TrackedKey[], facts: Facts): Pin | undefined {
  let best: Pin | undefined
  for (const key of keys) {
    const values = combinations(facts, key.fields)
    if (values === undefined || values.length > LIMIT) continue
    if (best === undefined || isBetter({ key, values }, best)) best = { key, values }
  }
  return best
}

function isBetter({ key, values }: Pin, than: Pin): boolean {
  if (key.unique !== than.key.unique) return key.unique
  const more = key.unique ? 0 : key.fields.length - than.key.fields.length
  return more > 0 || (more === 0 && values.length < than.values.length)
}
