import type { TagId } from '../../src/plan/tag.js'
import type { Board, IntentId, MemberId, Roster } from '../../src/store/store.js'
import type { Names } from './names.js'
import type { RecordName } from './step.js'
import type { Ask } from './store.js'

export const ROSTER: RecordName = 'roster'

/** The index of the process that only looks on. */
export const WITNESS = 0

/** The number of beats while much time passes. */
const MEANWHILE = 100

/** The board of a world: one roster, which can be lost, and intents. */
export class SimulatedBoard {
  #lines = new Map<MemberId, string>()
  #catalogs = new Set<string>()
  readonly #intents = new Map<IntentId, string>()
  readonly #owners = new Map<MemberId, number>()

  get hasRoster(): boolean {
    return this.#lines.size > 0
  }

  lose(): void {
    this.#lines = new Map()
    this.#catalogs = new Set()
  }

  fingerprint(): string {
    return JSON.stringify([[...this.#lines].sort(), [...this.#catalogs], [...this.#intents].sort()])
  }

  /** The process has beaten in the meantime, and seen nothing. */
  beatMeanwhile(process: number): void {
    for (const [member, line] of this.#lines) {
      if (this.#owners.get(member) !== process) continue
      this.#lines.set(
        member,
        line.replace(/ (\d+)/, (_, beats) => ` ${Number(beats) + MEANWHILE}`),
      )
    }
  }

  own(member: MemberId, process: number): void {
    this.#owners.set(member, process)
  }

  beat(member: MemberId, line: string, how: 'join' | 'stay'): Roster | undefined {
    if (how === 'stay' && !this.#lines.has(member)) return undefined
    this.#lines.set(member, line)
    return { lines: new Map(this.#lines), catalogs: new Set(this.#catalogs) }
  }

  cleaned(catalog: string): void {
    if (this.hasRoster) this.#catalogs.add(catalog)
  }

  strike(line: string): boolean {
    const [member] = [...this.#lines].find(([, known]) => known === line) ?? []
    return member !== undefined && this.#lines.delete(member)
  }

  intend(intent: IntentId, text: string): void {
    this.#intents.set(intent, text)
  }

  intents(ids: readonly IntentId[]): readonly (string | undefined)[] {
    return ids.map((id) => this.#intents.get(id))
  }

  forget(ids: readonly IntentId[]): void {
    for (const id of ids) this.#intents.delete(id)
  }
}

/** Tags have short names here, and the protocol knows only ids of one length. */
const TAG_LENGTH = 22

function padded(text: string): string {
  return text
    .split(' ')
    .map((tag) => (tag === '' ? tag : tag.padEnd(TAG_LENGTH, '-')))
    .join(' ')
}

/** The names of the tags that an intent named. */
export function unpadded(tags: readonly TagId[]): readonly TagId[] {
  return tags.map((tag) => tag.replace(/-+$/, '') as TagId)
}

/** The board as a process sees it: each call is a step. */
export function boardSeenBy(board: SimulatedBoard, ask: Ask, names: Names, process: number): Board {
  const step = <T>(
    what: string,
    perform: () => T,
    show: (result: T) => string,
    records: readonly RecordName[] = [],
  ): Promise<T> => ask({ label: names.board(what), records, perform: async () => perform(), show })
  const done = () => 'done'
  return {
    beat: (_, member, line, how) => {
      names.member(member, process)
      board.own(member, process)
      return step(
        `${how === 'join' ? 'join' : 'beat'}: ${line}`,
        () => board.beat(member, line, how),
        (roster) =>
          roster === undefined
            ? 'not on the roster'
            : names.board([...roster.lines.values(), `${roster.catalogs.size}`].join(', ')),
        [ROSTER],
      )
    },
    cleaned: (_, catalog) => step('note that all is touched', () => board.cleaned(catalog), done),
    strike: (_, line) =>
      step(
        `strike off ${line}`,
        () => board.strike(line),
        (isOff) => (isOff ? 'struck off' : 'it has come back'),
      ),
    intend: (intent, text) =>
      step(`intend ${intent}: ${text}`, () => board.intend(intent, text), done),
    intents: (ids) =>
      step(
        `read the intents ${ids.join(', ')}`,
        () => board.intents(ids).map((text) => text && padded(text)),
        (texts) => texts.map((text) => text ?? 'none').join(', '),
      ),
    forget: (ids) => step(`forget the intents ${ids.join(', ')}`, () => board.forget(ids), done),
  }
}
