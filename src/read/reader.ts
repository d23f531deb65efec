import type { Codec } from '../codec/codec.js'
import type { Background } from '../event-loop/background.js'
import { nextTurn } from '../event-loop/next-turn.js'
import type { Members } from '../members/members.js'
import type { NearSettings } from '../options/settings.js'
import type { EntryKey } from '../plan/key.js'
import type { Entry, Store } from '../store/store.js'
import type { BypassReason } from '../telemetry/events.js'
import type { Telemetry } from '../telemetry/telemetry.js'
import type { OwedTouches } from '../touch/owed-touches.js'
import { type Collected, collectedBy } from './collected.js'
import { askStore, LookUp } from './look-up.js'
import { Misses } from './misses.js'
import { NearCopies } from './near-copies.js'
import { bypass } from './origin.js'
import type { Read, Seen } from './read.js'
import { type Decoded, SealedValues } from './sealed-values.js'
import { seenVersionsOf } from './seen-versions.js'
import { serve } from './serve.js'
import { type Pause, type Shapes, shapesOf } from './shapes.js'

export interface ReaderOptions {
  readonly store: Store
  readonly owed: OwedTouches
  readonly background: Background
  readonly codec: Codec
  readonly telemetry: Telemetry
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Milliseconds since any fixed moment; it never jumps. */
  readonly stopwatch: () => number
  /** Whether reads of rows that a running write may change go to the database. */
  readonly strict: boolean
  /** How long another process may take to answer, in milliseconds. */
  readonly leaseWait: number
  /** The share by which a time to live is shortened at random at most. */
  readonly jitter: number
  readonly near: NearSettings | undefined
  readonly members: Pick<Members, 'isCurrent' | 'look'>
  /** Represents the store and the keyspace, see `Context`. */
  readonly token: object
}

/** Answers reads from the store where it can prove that they are current, else from the database. */
export class Reader {
  readonly #options: ReaderOptions
  readonly #lookUp: LookUp
  readonly #values: SealedValues
  readonly #near: NearCopies | undefined
  readonly #misses: Misses
  readonly #shapes: Shapes
  readonly #refreshing = new Set<EntryKey>()

  constructor(options: ReaderOptions) {
    const { store, owed, telemetry, clock, stopwatch, strict, leaseWait, jitter, token } = options
    const seen = seenVersionsOf(token)
    const lookUp = new LookUp({ store, clock, strict, seen })
    const values = new SealedValues(options.codec, telemetry)
    const near = options.near && new NearCopies({ store, clock, strict, ...options.near })
    const shapes = shapesOf(token, options.stopwatch)
    this.#options = options
    this.#shapes = shapes
    this.#lookUp = lookUp
    this.#values = values
    this.#near = near
    this.#misses = new Misses({
      store,
      owed,
      telemetry,
      clock,
      stopwatch,
      leaseWait,
      jitter,
      lookUp,
      values,
      near,
      shapes,
      seen,
      background: options.background,
      token,
    })
  }

  async read<T>(read: Read<T>): Promise<T> {
    const { owed, members, strict, clock, token } = this.#options
    const collector = collectedBy(token)
    const isReady = owed.isEmpty && members.isCurrent(strict)
    const obstacle = isReady ? undefined : await this.#obstacle()
    if (obstacle !== undefined) {
      collector?.spoil()
      return bypass(read, obstacle)
    }
    const copy = await this.#serveCopy(read, collector)
    if (copy !== undefined) return copy.decoded as T

    const seen = await this.#see(read)
    if (seen === undefined) {
      collector?.spoil()
      return bypass(read, 'store')
    }
    if (read.refresh) return this.#misses.answer(read, seen, 'refresh')

    const verdict = this.#lookUp.judge(read, seen)
    if (verdict.kind === 'blocked') {
      collector?.spoil()
      return bypass(read, 'blocked')
    }
    if (verdict.kind === 'invalid') return this.#misses.answer(read, seen, verdict.reason)
    const { kind, entry } = verdict
    if (kind === 'expired' && entry.freshUntil + read.policy.staleWhileRevalidate < clock()) {
      return this.#misses.answer(read, seen, 'expired')
    }
    const served = serve(this.#values, read, entry, kind === 'valid' ? FROM_STORE : REFRESHING)
    if (served === undefined) return this.#misses.answer(read, seen, 'unreadable')
    collector?.add(entry.dependencies, entry.freshUntil)
    this.#shapes.hit(read.key)
    if (kind === 'expired') this.#refresh(read, seen)
    else if (seen.asked !== undefined) this.#near?.keep(read.key, entry, seen.asked)
    return served.decoded as T
  }

  /** Why the answers of such reads are not stored for a while, if they are not. */
  pauseOf(shape: string): Pause | undefined {
    return this.#shapes.pauseOf(shape)
  }

  /** Why no read may be answered from the store now, if none may. */
  async #obstacle(): Promise<BypassReason | undefined> {
    const { owed, members, strict, telemetry } = this.#options
    if (!owed.isEmpty) {
      await nextTurn()
      return 'store'
    }
    const isDone = await askStore(telemetry, async () => {
      await members.look()
      return true
    })
    if (isDone === undefined) return 'store'
    return members.isCurrent(strict) ? undefined : 'blocked'
  }

  /** @param collector a loader must not be answered without asking the store. */
  async #serveCopy(
    read: Read<unknown>,
    collector: Collected | undefined,
  ): Promise<Decoded | undefined> {
    const near = this.#near
    if (near === undefined || read.refresh) return undefined
    const { telemetry } = this.#options
    const entry: Entry | undefined = await askStore(telemetry, () =>
      near.get(read.key, read.tags, collector !== undefined),
    )
    if (entry === undefined) return undefined
    const served = serve(this.#values, read, entry, { status: 'hit', source: 'near' })
    if (served === undefined) return undefined
    collector?.add(entry.dependencies, entry.freshUntil)
    this.#shapes.hit(read.key)
    return served
  }

  async #see(read: Read<unknown>): Promise<Seen | undefined> {
    const asked = this.#near?.now()
    const found = await askStore(this.#options.telemetry, () => this.#lookUp.find(read))
    return found && { ...found, asked }
  }

  /** Asks the database again in the background, unless this process does so already. */
  #refresh(read: Read<unknown>, seen: Seen): void {
    if (this.#refreshing.has(read.key)) return
    this.#refreshing.add(read.key)
    const { background, telemetry } = this.#options
    // It answers no read, so it reports nothing. It needs no stale answer, because the entry is still valid.
    const policy = { ...read.policy, staleIfError: 0 }
    const refreshed = this.#misses
      .refill({ ...read, policy, report: () => undefined }, seen)
      .catch((error) => telemetry.error('refresh', error))
      .finally(() => this.#refreshing.delete(read.key))
    background.run(refreshed)
  }
}

const FROM_STORE = { status: 'hit', source: 'store' } as const
const REFRESHING = { status: 'stale', reason: 'refreshing' } as const
