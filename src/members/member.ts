import type { TagId } from '../plan/tag.js'
import { newMemberId } from '../store/random-ids.js'
import type { Board, MemberId, Roster, RosterId } from '../store/store.js'
import type { Recovery } from '../telemetry/events.js'
import { FIRST_SLOTS, Intents, intentId, tagsOfIntent } from './intents.js'
import { formatLine, type Line, parseLine } from './line.js'
import { Metronome } from './metronome.js'

/** How often a member beats, in milliseconds, unless its deadline is short. */
const BEAT_INTERVAL = 1_000
/** How old the last look at the roster may be where the store answers a read, in milliseconds. */
const MAX_LOOK_AGE = 3_000
/** How long a member goes on beating that nobody uses, in milliseconds. */
const IDLE_AFTER = 60_000

export interface MemberOptions {
  readonly board: Board
  readonly roster: RosterId
  /** Milliseconds since any fixed moment; it never jumps. */
  readonly clock: () => number
  /** Invalidates what depends on these tags. Rejects if the store fails. */
  readonly touch: (tags: readonly TagId[] | 'everything') => Promise<void>
  /** Marks the tags of the writes under way, as far as it is necessary. Rejects if the store fails. */
  readonly mark: () => Promise<void>
  readonly report: (recovery: Recovery) => void
  /** Takes the errors of beats that nobody waits for. */
  readonly failed: (error: unknown) => void
}

export interface Demands {
  /** Names the tags that its clients know. */
  readonly catalog: string
  /** Milliseconds. */
  readonly deadline: number
  readonly isStrict: boolean
}

interface Other {
  readonly line: string
  /** When this line was first seen. */
  readonly since: number
  /** Whether it may have been gone for long when it was first seen. */
  isSuspect: boolean
}

/**
 * This process among those that share a keyspace of a store. It tells the others every second that it lives, and
 * looks who else does: of a member that does not, any write under way may have been cut short, so what its
 * intents name is touched.
 *
 * No clock is compared with another. A member is gone when its line has been the same for as long as its deadline,
 * by the watch of the one who looks; and a member that has not beaten for half of that beats before it lets a
 * write pass.
 */
export class Member {
  readonly intents: Intents
  readonly #options: MemberOptions
  readonly #catalogs = new Set<string>()
  readonly #others = new Map<MemberId, Other>()
  readonly #metronome = new Metronome()
  #id = newMemberId()
  #isIn = false
  /** The line on the roster. */
  #line = ''
  #beats = 0
  /** The number of slots that it needs, and that the roster says it may use. */
  #slots = 0
  #knownSlots = 0
  #deadline = 0
  #isStrict = false
  #seesStrict = false
  #beatBegan = Number.NEGATIVE_INFINITY
  #lookBegan = Number.NEGATIVE_INFINITY
  /** When every write of the others is marked. */
  #strictFrom = Number.POSITIVE_INFINITY
  #lastUse = Number.NEGATIVE_INFINITY
  #beating: Promise<void> | undefined

  constructor(options: MemberOptions) {
    this.#options = options
    this.intents = new Intents({
      board: options.board,
      member: () => this.#id,
      slots: () => this.#knownSlots,
      enlarge: (slots) => this.#enlarge(slots),
    })
  }

  /** Adds a client, whose demands hold from the next beat. That comes before its first read or write. */
  add({ catalog, deadline, isStrict }: Demands): void {
    const isKnown = this.#catalogs.has(catalog) && deadline <= this.#deadline
    if (isKnown && (this.#isStrict || !isStrict)) return
    this.#catalogs.add(catalog)
    this.#deadline = Math.max(this.#deadline, deadline)
    this.#isStrict ||= isStrict
    this.#beatBegan = Number.NEGATIVE_INFINITY
    this.#lookBegan = Number.NEGATIVE_INFINITY
  }

  /** Whether a member is strict, so that writes must be marked on their tags. */
  get seesStrict(): boolean {
    return this.#seesStrict
  }

  /** Whether the store may answer reads: what crashed long enough ago is repaired. */
  get isCurrent(): boolean {
    this.#lastUse = this.#options.clock()
    return this.#lastUse - this.#lookBegan < Math.min(MAX_LOOK_AGE, this.#deadline / 2)
  }

  /** Whether the store may answer strict reads: all writes under way are marked. */
  get isStrictCurrent(): boolean {
    return this.#options.clock() >= this.#strictFrom
  }

  /** Whether a write may reach the database: nobody can have taken this member for gone. */
  get isAlive(): boolean {
    this.#lastUse = this.#options.clock()
    return this.#lastUse - this.#beatBegan < this.#deadline / 2
  }

  /** Beats, looks at the roster, and repairs what it finds. Rejects if the store fails. */
  beat(): Promise<void> {
    this.#beating ??= this.#beat().finally(() => {
      this.#beating = undefined
      this.#schedule()
    })
    return this.#beating
  }

  /** Leaves the roster, unless a write is under way: then the others must find it gone. It joins again when it is used. */
  async leave(): Promise<void> {
    this.#metronome.stop()
    await this.#beating?.catch(() => undefined)
    if (!this.#isIn || !this.intents.isEmpty) return
    const { board, roster } = this.#options
    const slots = slotsOf({ member: this.#id, slots: this.#knownSlots })
    this.#isIn = false
    this.#id = newMemberId()
    this.#beatBegan = Number.NEGATIVE_INFINITY
    this.#lookBegan = Number.NEGATIVE_INFINITY
    await board.strike(roster, this.#line)
    if (slots.length > 0) await board.forget(slots)
  }

  async #enlarge(slots: number): Promise<void> {
    if (slots > this.#slots) this.#slots = Math.max(FIRST_SLOTS, 2 * this.#slots)
    // A beat that runs already has the old number.
    while (this.#knownSlots < slots) {
      await this.#beating?.catch(() => undefined)
      if (this.#knownSlots < slots) await this.beat()
    }
  }

  async #beat(): Promise<void> {
    const began = this.#options.clock()
    const slots = this.#slots
    const stayed = this.#isIn ? await this.#write('stay') : undefined
    const roster = stayed ?? (await this.#join())
    this.#knownSlots = slots
    await this.#watchStrict(roster)
    this.#beatBegan = began
    await this.#clean(roster)
    await this.#look(roster, began, stayed === undefined)
    this.#lookBegan = began
  }

  async #join(): Promise<Roster> {
    // Whoever took it off the roster may still be about to remove its intents.
    if (this.#isIn) this.#id = newMemberId()
    this.#isIn = false
    this.#strictFrom = Number.POSITIVE_INFINITY
    const roster = await this.#write('join')
    this.#isIn = true
    await this.intents.rewrite()
    return roster as Roster
  }

  #write(how: 'join' | 'stay'): Promise<Roster | undefined> {
    const { board, roster } = this.#options
    this.#beats += 1
    this.#line = formatLine({
      member: this.#id,
      beat: this.#beats,
      slots: this.#slots,
      deadline: this.#deadline,
      isStrict: this.#isStrict,
    })
    return board.beat(roster, this.#id, this.#line, how)
  }

  /** Marks the writes under way before this look counts, so that strict members need to wait only for looks. */
  async #watchStrict({ lines }: Roster): Promise<void> {
    const parsed = Array.from(lines, ([member, line]) => parseLine(member, line))
    this.#seesStrict = parsed.some(({ isStrict }) => isStrict)
    if (!this.#seesStrict) return
    await this.#options.mark()
    if (!this.#isStrict || this.#strictFrom !== Number.POSITIVE_INFINITY) return
    const longest = Math.max(...parsed.map(({ deadline }) => deadline))
    this.#strictFrom = this.#options.clock() + longest
  }

  /** Where the roster was lost, nobody knows who else was on it: everything is touched once. A new store begins so, too. */
  async #clean({ catalogs }: Roster): Promise<void> {
    const { board, roster, touch, report } = this.#options
    const missing = [...this.#catalogs].filter((catalog) => !catalogs.has(catalog))
    if (missing.length === 0) return
    await touch('everything')
    for (const catalog of missing) await board.cleaned(roster, catalog)
    report({ members: 0, isWhole: true })
  }

  /** @param isFirst whether the member has just joined: then others may have been gone for long. */
  async #look({ lines }: Roster, began: number, isFirst: boolean): Promise<void> {
    const now = this.#options.clock()
    const gone: Line[] = []
    const suspects: Line[] = []
    for (const [member, line] of lines) {
      if (member === this.#id) continue
      const known = this.#others.get(member)
      const parsed = parseLine(member, line)
      if (known?.line !== line) {
        const isSuspect = known === undefined ? isFirst : known.isSuspect
        this.#others.set(member, { line, since: now, isSuspect })
        if (isSuspect) suspects.push(parsed)
      } else if (began - known.since >= parsed.deadline) gone.push(parsed)
      else if (known.isSuspect) suspects.push(parsed)
    }
    for (const member of this.#others.keys()) if (!lines.has(member)) this.#others.delete(member)
    if (gone.length + suspects.length > 0) await this.#recover(gone, suspects, lines)
  }

  async #recover(
    gone: readonly Line[],
    suspects: readonly Line[],
    lines: Roster['lines'],
  ): Promise<void> {
    const { board, roster, touch, report } = this.#options
    const ids = [...gone, ...suspects].flatMap(slotsOf)
    // A member that has never written has no slots.
    const texts = ids.length === 0 ? [] : await board.intents(ids)
    const named = texts.flatMap((text) => (text === undefined ? [] : [tagsOfIntent(text)]))
    const isWhole = named.includes(undefined)
    const tags = new Set(named.flatMap((each) => each ?? []))
    if (isWhole) await touch('everything')
    if (tags.size > 0) await touch([...tags])
    for (const { member } of suspects) {
      const other = this.#others.get(member)
      if (other !== undefined) other.isSuspect = false
    }
    for (const line of gone) {
      // It may have come back meanwhile. Once it is off the roster, it comes back under another name.
      const isOff = await board.strike(roster, lines.get(line.member) as string)
      if (isOff && line.slots > 0) await board.forget(slotsOf(line))
      this.#others.delete(line.member)
    }
    if (gone.length > 0) report({ members: gone.length, isWhole })
  }

  #schedule(): void {
    if (!this.#isIn) return
    const { clock, failed } = this.#options
    this.#metronome.start(Math.min(BEAT_INTERVAL, this.#deadline / 4), () => {
      const isIdle = clock() - this.#lastUse > IDLE_AFTER && this.intents.isEmpty
      if (!isIdle) this.beat().catch(failed)
    })
  }
}

function slotsOf({ member, slots }: Pick<Line, 'member' | 'slots'>) {
  return Array.from({ length: slots }, (_, index) => intentId(member, index))
}
