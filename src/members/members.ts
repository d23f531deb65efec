import { hash } from 'node:crypto'
import type { TagId } from '../plan/tag.js'
import type { RosterId, Store } from '../store/store.js'
import type { Recovery } from '../telemetry/events.js'
import { Announcement } from './announcement.js'
import { Member } from './member.js'

/** One client, as the members of its store and keyspace need to know it. */
export interface Client {
  /** The tags that invalidate every entry. */
  readonly everything: () => readonly TagId[]
  /** How long a write whose outcome is not known may still commit, in milliseconds. */
  readonly deadline: number
  readonly isStrict: boolean
  /** Invalidates what depends on these tags. Rejects if the store fails. */
  readonly touch: (tags: readonly TagId[]) => Promise<void>
  readonly report: (recovery: Recovery) => void
  readonly failed: (error: unknown) => void
}

export interface MembersOptions {
  readonly store: Pick<Store, 'board' | 'mark'>
  readonly keyspace: string
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Milliseconds since any fixed moment; it never jumps. */
  readonly stopwatch: () => number
}

/**
 * The clients of this process that share a store and a keyspace, as the other processes see them: as one member. A
 * store that only this process uses has no members, as what dies with the process needs no repair.
 */
export class Members {
  readonly #options: MembersOptions
  readonly #member: Member | undefined
  readonly #active = new Set<Announcement>()
  /** The tags of each catalog. */
  readonly #everything = new Map<string, Client['everything']>()
  /** The client that joined first: it speaks for all. */
  #client: Client | undefined
  #isStrict = false

  constructor(options: MembersOptions) {
    const { store, keyspace, stopwatch } = options
    this.#options = options
    this.#member =
      store.board &&
      new Member({
        board: store.board,
        roster: rosterId(keyspace),
        clock: stopwatch,
        touch: (tags) => this.#touch(tags),
        mark: () => this.#mark(),
        report: (recovery) => this.#client?.report(recovery),
        failed: (error) => this.#client?.failed(error),
      })
  }

  join(client: Client): void {
    const { everything, deadline, isStrict } = client
    this.#client ??= client
    this.#isStrict ||= isStrict
    if (this.#member === undefined) return
    const catalog = catalogId(everything())
    this.#everything.set(catalog, everything)
    this.#member.add({ catalog, deadline, isStrict })
  }

  /**
   * Whether the store may answer reads now; else `look` first.
   *
   * @param isStrict whether all writes under way must be marked, too.
   */
  isCurrent(isStrict: boolean): boolean {
    const member = this.#member
    return member === undefined || (member.isCurrent && (!isStrict || member.isStrictCurrent))
  }

  /** Makes the store able to answer reads, except strict ones, which must wait. Rejects if the store fails. */
  async look(): Promise<void> {
    if (this.#member?.isCurrent === false) await this.#member.beat()
  }

  /** Begins the announcement of a write. */
  announce(): Announcement {
    const announcement = new Announcement({
      store: this.#options.store,
      member: this.#member,
      clock: this.#options.clock,
      isMarking: () => this.#member?.seesStrict ?? this.#isStrict,
      ended: (ended) => this.#active.delete(ended),
    })
    this.#active.add(announcement)
    return announcement
  }

  /** Leaves the others, if no write is under way. It rejects if the store fails. */
  async leave(): Promise<void> {
    await this.#member?.leave()
  }

  async #touch(tags: readonly TagId[] | 'everything'): Promise<void> {
    const all = tags === 'everything' ? [...this.#everything.values()].flatMap((of) => of()) : tags
    await this.#client?.touch([...new Set(all)])
  }

  async #mark(): Promise<void> {
    await Promise.all(Array.from(this.#active, (announcement) => announcement.mark()))
  }
}

/** The members of a store and a keyspace, which the token represents. */
export function membersOf(token: object, options: MembersOptions): Members {
  const members = byToken.get(token) ?? new Members(options)
  byToken.set(token, members)
  return members
}

const byToken = new WeakMap<object, Members>()

function rosterId(keyspace: string): RosterId {
  return `roster-${hash('sha256', keyspace, 'base64url').slice(0, 22)}` as RosterId
}

function catalogId(tags: readonly TagId[]): string {
  return hash('sha256', [...tags].sort().join(' '), 'base64url').slice(0, 22)
}
