import type { Entry, Lookup, MemberId, TagState, Version, WriteId } from '../../src/store/store.js'
import type { Running } from './step.js'

/** What records are called that are not there. */
export const NOTHING = 'nothing'

/** The bytes before the value of an entry, see `seal`. */
const SEAL = 7

/** What versions and writes are called, and so records: they are random, and only ever compared. */
export class Names {
  readonly #running: () => Running
  readonly #versions = new Map<Version, string>()
  readonly #writes = new Map<WriteId, string>()
  readonly #members = new Map<MemberId, string>()
  #maker = 'before'
  #made = 0

  constructor(running: () => Running) {
    this.#running = running
  }

  /** From here on, new versions are made by this step. */
  madeBy(step: string): void {
    this.#maker = step
    this.#made = 0
  }

  version(version: Version): string {
    return nameOf(this.#versions, version, () => {
      this.#made += 1
      return `${this.#maker}/${this.#made}`
    })
  }

  write(id: WriteId): string {
    return nameOf(this.#writes, id, () => this.#running().name)
  }

  tag({ version, heldUntil, marks }: TagState): string {
    const name = version === undefined ? NOTHING : this.version(version)
    const standing = [
      ...(heldUntil === 0 ? [] : [`held until ${heldUntil}`]),
      ...marks.map(({ writeId, deadline }) => `${this.write(writeId)} until ${deadline}`),
    ]
    return standing.length === 0 ? name : `${name} [${standing.join(', ')}]`
  }

  /** A text of the board, in which members have the names of their processes. */
  board(text: string): string {
    let named = text
    for (const [member, name] of this.#members) named = named.replaceAll(member, name)
    return named
  }

  /** The member belongs to this process from here on; it may have had another before. */
  member(id: MemberId, process: number): void {
    if (this.#members.has(id)) return
    this.#members.set(id, `P${process}${"'".repeat(this.#members.size)}`)
  }

  entry({ entry, generation }: Lookup): string {
    if (entry === undefined) return NOTHING
    // Generations are numbered by record, so that one alone names nothing; they are few and small.
    return `${this.value(entry)} #${generation}`
  }

  value({ value, dependencies }: Entry): string {
    const versions = Array.from(
      dependencies,
      ([tag, version]) => `${tag}: ${this.version(version)}`,
    )
    return `${Buffer.from(value).toString('latin1', SEAL)} of ${versions.join(', ')}`
  }
}

function nameOf<K>(names: Map<K, string>, key: K, create: () => string): string {
  const name = names.get(key) ?? create()
  names.set(key, name)
  return name
}

const VERSION = /\w+(?:\.\d+)?\/\d+/g

/** The same for texts that differ in which step made a version, but not in which versions are the same. */
export function withoutMakers(text: string): string {
  const names = new Map<string, string>()
  return text.replace(VERSION, (name) => nameOf(names, name, () => `v${names.size}`))
}
